"""What a template for tasks says: the kind, a title, the words."""

import re

from outreach.channels.adapter import Task
from outreach.rendering.refusal import RenderError
from outreach.vocabulary import WRITTEN_TASKS, TaskKind

LONGEST_TITLE = 200
LONGEST_WORDS = 20_000
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]+")
_KIND = re.compile(rf"({'|'.join(WRITTEN_TASKS)}) *: *", re.IGNORECASE)


def task_of(delivery_id: int, key: str, text: str) -> Task:
    """The task in a rendered `task.txt`: its first line is the title, what follows the words.

    The title may begin with `call:`, `visit:` or `letter:`; else it is a call. RenderError where
    there is no title, or more than a person reads.
    """
    title, _, words = _CONTROLS.sub(" ", text).strip().partition("\n")
    kind = TaskKind.CALL
    if found := _KIND.match(title):
        kind, title = TaskKind(found[1].lower()), title[found.end() :]
    title, words = " ".join(title.split()), words.strip()
    if not title:
        raise RenderError("the task has no title: its first line is empty")
    if len(title) > LONGEST_TITLE or len(words) > LONGEST_WORDS:
        limits = f"{LONGEST_TITLE:,} characters in its first line or {LONGEST_WORDS:,} after it"
        raise RenderError(f"the task has more than {limits}")
    return Task(delivery_id, key, kind, title, words)
