"""One thread answers what connections ask for; an error of ours leaves none of them waiting."""

from collections.abc import Sequence
from queue import Queue

from outreach.channels.adapter import Message, Task
from outreach.dispatch.wants import Given, Want, Wants
from outreach.vocabulary import TaskKind

PATIENCE_SECONDS = 60.0
MESSAGE = Task(1, "k", TaskKind.CALL, "Call", "")


def test_each_gets_what_there_is_for_it_and_the_others_wait() -> None:
    def give(wants: Sequence[Want]) -> list[Given]:
        return [(want, [MESSAGE]) for want in wants if want.pull == 2]

    wants, first, second = Wants(give, "hand"), Queue[Sequence[Message]](), Queue[object]()
    wants.ask(Want(1, 1, first.put))
    wants.ask(Want(1, 2, second.put))

    assert second.get(timeout=PATIENCE_SECONDS) == [MESSAGE]
    assert first.empty()
    wants.close()
    assert first.get(timeout=PATIENCE_SECONDS) == []
    assert not wants.failed


def test_an_error_ends_all_and_is_said() -> None:
    def give(wants: Sequence[Want]) -> list[Given]:
        raise ConnectionError("the database is gone")

    wants, came = Wants(give, "hand"), Queue[Sequence[Message]]()
    wants.ask(Want(1, 1, came.put))

    assert came.get(timeout=PATIENCE_SECONDS) == []
    wants.close()
    assert wants.failed
    wants.ask(Want(1, 1, came.put))
    assert came.get(timeout=PATIENCE_SECONDS) == []
