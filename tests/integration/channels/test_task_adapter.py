"""The adapter of tasks: each is accepted with itself, and a stop leaves the rest to be given later."""

from pathlib import Path

from channel_source import ListSource, mail, passed, serve

from outreach.channels.adapter import Task
from outreach.channels.task.adapter import TaskAdapter
from outreach.settings.company import Brand, Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer, TaskKind

COMPANY = Company(brand=Brand(name="Shop"), owners={"mei": {"name": "Mei"}})


def adapter(folder: Path, company: Company = COMPANY) -> TaskAdapter:
    return TaskAdapter("task", company, Environment(project=folder))


def task(number: int, begin_by: float = float("inf")) -> Task:
    return Task(number, f"k{number}", TaskKind.CALL, "Ring", "", begin_by)


def test_each_task_is_accepted_with_itself(tmp_path: Path) -> None:
    source = serve(adapter(tmp_path), *(task(number) for number in range(1, 251)))

    assert source.each_once()
    assert len(source.pulled) == 250
    assert {outcome.answer for outcome in source.reported} == {Answer.ACCEPTED}
    assert all(outcome.task == task(outcome.id) for outcome in source.reported)


def test_after_a_stop_or_too_late_a_task_is_not_given_out(tmp_path: Path) -> None:
    stopped = ListSource([task(1), task(2)], stop=lambda source: bool(source.reported))
    adapter(tmp_path).serve(stopped)
    late = serve(adapter(tmp_path), task(3, passed()))

    assert stopped.each_once()
    assert [one.begun for one in (*stopped.reported, *late.reported)] == [True, False, False]
    assert [one.task for one in late.reported] == [None]


def test_a_message_that_is_no_task_is_rejected(tmp_path: Path) -> None:
    source = serve(adapter(tmp_path), mail(1))

    assert source.by_id[1].answer is Answer.REJECTED


def test_the_doctor_asks_whether_there_is_anybody_to_do_them(tmp_path: Path) -> None:
    nobody = adapter(tmp_path, Company(brand=Brand(name="Shop")))

    assert [each.ok for each in adapter(tmp_path).check()] == [True]
    assert [each.ok for each in nobody.check()] == [False]
