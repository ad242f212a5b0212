"""Whom a campaign does not reach, or not in their language: told of the base at hand."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from makers import NOW, grant, make_customer
from sqlalchemy import Connection

from outreach.app.check import check_files
from outreach.app.context import Context, open_context
from outreach.app.explaining import explain_customer
from outreach.app.planning import plan_campaign
from outreach.store.engine import writing
from outreach.store.stages import StageMove, record_moves

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
COMPANY = """\
brand: {name: Tea, locale: en, postal_address: 1 Main Street, timezone: UTC}
topics: {greetings: {}}
owners: {mei: {name: Mei}}
quiet_hours: none
channels: {task: {adapter: task}}
"""
HEAD = "owner: mei\ntopic: greetings\nstatus: active\naudience: everyone\n"
MAIL = "steps: [{id: a, channels: sms, template: hello}]\n"
TASK = "steps: [{id: a, channels: task, template: call}]\n"
FILES = {
    "outreach.yaml": COMPANY,
    "templates/hello/sms.txt": "Hi",
    "templates/call/task.txt": "call: Say hello\n\nBe kind",
}


@pytest.fixture
def made(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Context]]:
    """Opens a project of these files, with what is put into its database."""
    monkeypatch.setenv("OUTREACH_DATABASE_URL", database_url)
    monkeypatch.setenv("OUTREACH_SECRET_KEY", KEY)
    opened: list[Context] = []

    def make(fill: Callable[[Connection], None], campaign: str, **files: str) -> Context:
        more = {name.replace("__", "."): text for name, text in files.items()}
        more = {f"templates/hello/{name}": text for name, text in more.items()}
        for path, text in {**FILES, **more, "campaigns/a.yaml": HEAD + campaign}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        context = open_context(tmp_path, NOW.isoformat())
        opened.append(context)
        with writing(context.engine) as conn:
            fill(conn)
        return context

    yield make
    for each in opened:
        each.close()


def said(context: Context) -> list[str]:
    return [str(each) for each in check_files(context).problems if each.file.startswith("camp")]


def newcomers(conn: Connection) -> None:
    """Ann's and Bob's first stage is the first of life; Cid has moved, but not there."""
    ids = [make_customer(conn, key, phone=f"+1202555010{n}") for n, key in enumerate("abc")]
    for one in ids:
        grant(conn, one, "sms")
    record_moves(conn, [StageMove(one, None, "potential") for one in ids], NOW)
    record_moves(conn, [StageMove(ids[2], "potential", "growth")], NOW)


def test_a_stage_that_customers_have_as_their_first_only_starts_nothing(
    made: Callable[..., Context],
) -> None:
    context = made(newcomers, f"schedule: {{on_stage: {{enter: potential}}}}\n{MAIL}")

    assert said(context) == [
        "campaigns/a.yaml:5:22: nobody ever came to `potential` from another stage: 3 had "
        "it as their first one, which starts nothing; a welcome is started by what they did: "
        "`on_event: {kind: signup}`, see docs/campaigns.md"
    ]
    sentence = "their first stage begins nothing: it waits for who comes there from another one"
    assert sentence in explain_customer(context, "a", "a").said
    assert sentence not in explain_customer(context, "a", "c").said


@pytest.mark.parametrize("stage", ["growth", "decline"])
def test_a_stage_that_customers_come_to_or_may_is_in_order(
    made: Callable[..., Context], stage: str
) -> None:
    context = made(newcomers, f"schedule: {{on_stage: {{enter: {stage}}}}}\n{MAIL}")

    assert said(context) == []


def test_a_task_tells_how_many_have_not_agreed(made: Callable[..., Context]) -> None:
    def fill(conn: Connection) -> None:
        for key in "abc":
            one = make_customer(conn, key, phone="+12025550100", owner="mei")
            if key == "a":
                grant(conn, one, "task")
            if key == "b":
                grant(conn, one, "task", expires_at=NOW)

    context = made(fill, f"schedule: {{manual: true}}\n{TASK}")

    assert [each for each in said(context) if "agreed" in each] == [
        "campaigns/a.yaml:6:9: 2 of the 3 in the audience have not agreed to be rung up; "
        "they get none (`no_consent`): import a column `consent.task.greetings`"
    ]


def readers(conn: Connection) -> None:
    """Two of ten read traditional Chinese, one English as in Britain, the others German."""
    for number, locale in enumerate(["zh-TW", "zh-TW", "en-GB", *["de"] * 7]):
        one = make_customer(conn, f"k{number}", locale=locale, phone=f"+1202555010{number}")
        grant(conn, one, "sms")


def test_a_language_that_a_translated_message_lacks_is_told_by_check_and_plan(
    made: Callable[..., Context],
) -> None:
    files = {"sms__de__txt": "Hallo", "sms__zh__txt": "你好"}
    context = made(readers, f"schedule: {{manual: true}}\n{MAIL}", **files)

    plan = plan_campaign(context, "a")

    assert said(context) == [
        "campaigns/a.yaml:6:9: 2 of the 10 in the audience read zh-Hant, and get the text "
        "in en by sms; add it in zh-Hant, as a file or a catalog: docs/templates.md"
    ]
    assert plan.locales == {"": 3, "de": 7}
    assert plan.unnamed == {"zh-TW": 2, "en-GB": 1}


def test_a_message_in_one_language_is_nobodys_fault(made: Callable[..., Context]) -> None:
    context = made(readers, f"schedule: {{manual: true}}\n{MAIL}")

    assert said(context) == []
    assert plan_campaign(context, "a").unnamed == {}


def test_the_date_that_a_schedule_goes_by_is_lacking_to_nobody_it_comes_to(
    made: Callable[..., Context],
) -> None:
    schedule = "schedule: {on_date: {field: birthday, repeat: yearly}}\n"

    def fill(conn: Connection) -> None:
        grant(conn, make_customer(conn, "a", phone="+12025550100", birthday="1980-02-01"), "sms")
        make_customer(conn, "b", phone="+12025550101")

    context = made(fill, schedule + MAIL, sms__txt="Hi {{ birthday }}, {{ nickname }}")

    assert [each.split("; ")[0] for each in said(context)] == [
        "campaigns/a.yaml:4:1: 2 of the 2 in the audience lack `nickname`"
    ]
