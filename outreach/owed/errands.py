"""What an event asks of staff: the task that it gives out."""

from datetime import datetime

from outreach.settings.company import TaskRules
from outreach.store.owed import NewTask, Pending
from outreach.vocabulary import TO_ANSWER, TaskCause, TaskKind, TaskState

LONGEST_TITLE = 120
BEGINS = {  # the state in which a task begins
    TaskCause.PROMISE: TaskState.PROMISED,
    TaskCause.REPLY: TaskState.WAITING,
    TaskCause.COMPLAINT: TaskState.WAITING,
}
_UNSAID = {
    TaskCause.PROMISE: "what was promised",
    TaskCause.REPLY: "a reply",
    TaskCause.COMPLAINT: "a complaint",
}


def task_of(event: Pending, rules: TaskRules, owner: str) -> NewTask | None:
    """The task of a promise with a date, or of what is to be answered; None: there is none."""
    due_at = None if event.is_erased else _due_at(event, rules)
    if due_at is None:
        return None
    cause = TaskCause(event.kind)
    kind = TaskKind.PROMISE if cause is TaskCause.PROMISE else TaskKind.ANSWER
    title, words = _said(event, cause)
    return NewTask(
        event.event_id, event.customer_id, owner, cause, kind, title, words, BEGINS[cause],
        event.at, due_at,
    )  # fmt: skip


def _due_at(event: Pending, rules: TaskRules) -> datetime | None:
    """By when it is to be done; None for history: old already when it came."""
    oldest = event.recorded_at - rules.late
    if event.kind == TaskCause.PROMISE:
        return event.due_at if event.due_at is not None and event.due_at >= oldest else None
    if event.kind in TO_ANSWER and event.kind in rules.service_levels and event.at >= oldest:
        return event.at + rules.service_levels[event.kind]
    return None


def _said(event: Pending, cause: TaskCause) -> tuple[str, str]:
    """Title and words: what was promised or written, as far as the event tells it."""
    said = event.data.get("what") or event.data.get("text")
    words = str(said).strip() if said else ""
    title = " ".join(words.split())
    if not title:
        channel = event.data.get("channel")
        return _UNSAID[cause] + (f" by {channel}" if channel else ""), ""
    if len(title) > LONGEST_TITLE:
        return f"{title[: LONGEST_TITLE - 1]}…", words
    return title, words if words != title else ""
