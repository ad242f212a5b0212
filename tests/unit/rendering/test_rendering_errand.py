"""What a rendered task.txt says: kind, title, words."""

import pytest

from outreach.rendering.errand import task_of
from outreach.rendering.refusal import RenderError
from outreach.vocabulary import TaskKind


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ring Ada", (TaskKind.CALL, "Ring Ada", "")),
        ("\n Visit : Ada \n\n Bring tea.\n", (TaskKind.VISIT, "Ada", "Bring tea.")),
        ("LETTER: to Ada\nby hand", (TaskKind.LETTER, "to Ada", "by hand")),
        ("letters: A to Z", (TaskKind.CALL, "letters: A to Z", "")),
        ("Ring\x00\x1b Ada\x85", (TaskKind.CALL, "Ring Ada", "")),
    ],
)
def test_the_first_line_is_the_title_and_may_name_the_kind(
    text: str, said: tuple[TaskKind, str, str]
) -> None:
    found = task_of(1, "k1", text)

    assert (found.kind, found.title, found.words) == said


@pytest.mark.parametrize(
    "text", ["", " \n ", "call:", "call: \n words", "x" * 201, "x\n" + "y" * 20_001]
)
def test_a_task_without_a_title_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(RenderError):
        task_of(1, "k1", text)
