"""The live page's use cases on either database: whom it shows, what it counts, what it remembers."""

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue

import pytest
from commands import sample_project
from makers import NOW, grant, make_customer
from waiting import wait_for

from outreach.app.coming import coming
from outreach.app.context import Context, open_context
from outreach.app.looking import Who, Whom, look_at, mail_html
from outreach.app.typical import Typical, typical_customer
from outreach.app.workbench import Counted, Shown, Workbench
from outreach.campaign.project import read_project
from outreach.errors import ProblemsFound, SetupError, UsageError
from outreach.store.engine import reading, writing
from outreach.store.keys import named_from

KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"
GREETING = "weekly-greeting"
PNG = b"\x89PNG\r\n\x1a\n"  # as far as a picture is looked at


@pytest.fixture
def context(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Context]:
    """The sample on either database, nobody in it yet."""
    monkeypatch.setenv("OUTREACH_DATABASE_URL", database_url)
    monkeypatch.setenv("OUTREACH_SECRET_KEY", KEY)
    context = open_context(sample_project(tmp_path / "project"), NOW.isoformat())
    yield context
    context.close()


@pytest.fixture
def make_workbench(context: Context) -> Iterator[Callable[[], Workbench]]:
    made: list[Workbench] = []

    def make() -> Workbench:
        made.append(Workbench(context, Queue[str]().put))
        return made[-1]

    yield make
    for each in made:
        each.close()
    for thread in threading.enumerate():  # a check under way has a connection
        if thread.name == "background":
            thread.join()


def bring(context: Context, *people: tuple[str, str, str, bool]) -> None:
    """Customers by key, stage, locale, and whether they agreed to greetings by mail."""
    with writing(context.engine) as conn:
        for key, stage, locale, agreed in people:
            address = f"{key}@example.com"
            id_ = make_customer(conn, key, stage=stage, locale=locale, email=address)
            if agreed:
                grant(conn, id_)


def typical_shown(workbench: Workbench) -> Shown:
    wait_for(lambda: not workbench.show(GREETING, Whom()).is_sought)
    return workbench.show(GREETING, Whom())


def counted(workbench: Workbench) -> Counted:
    wait_for(lambda: workbench.plan(GREETING).is_current)
    return workbench.plan(GREETING)


def test_the_typical_customer_is_the_first_of_the_most_common_kind_reached(
    context: Context,
) -> None:
    bring(
        context,
        ("a", "maturity", "en", True),
        *((f"b{n}", "growth", "fr", False) for n in range(4)),
        *((f"c{n}", "growth", "de", True) for n in range(3)),
        *((f"d{n}", "decline", "en", True) for n in range(9)),  # picked by another audience
    )

    found = typical_customer(context, GREETING)

    assert found == Typical("c0", "growth", "de", reached=True, alike=3, among=4)


def test_where_nobody_is_reached_the_audience_has_its_typical_customer(context: Context) -> None:
    bring(context, ("a", "maturity", "en", False), ("b", "growth", "en", False))

    found = typical_customer(context, GREETING)

    assert found == Typical("a", "maturity", "en", reached=False, alike=1, among=2)


def test_where_the_audience_picks_nobody_there_is_none(context: Context) -> None:
    bring(context, ("a", "decline", "en", True))

    assert typical_customer(context, GREETING) is None


def test_the_typical_customer_stays_while_templates_are_edited(
    context: Context, make_workbench: Callable[[], Workbench]
) -> None:
    bring(context, ("a", "growth", "en", True))
    workbench = make_workbench()
    before = typical_shown(workbench)
    bring(context, *((f"b{n}", "growth", "de", True) for n in range(3)))

    (context.project / "templates" / GREETING / "subject.txt").write_text("Hello\n")
    workbench.look_for_changes()
    after = typical_shown(workbench)

    assert [each.look.key for each in (before, after)] == ["a", "a"]
    assert after.version == before.version + 1
    assert [each.preview.subject for each in after.look.seen] == ["Hello"]


def test_customers_are_found_by_the_beginning_of_their_keys(context: Context) -> None:
    bring(context, *((key, "growth", "en", True) for key in ("b2", "a", "B1", "b10", "c", "b_")))

    with reading(context.engine) as conn:
        found = [each.key for each in named_from(conn, "b", 2)]
        every = [each.key for each in named_from(conn, "", 10)]

    assert found == ["b10", "b2"]
    assert every == ["B1", "a", "b10", "b2", "b_", "c"]


def test_a_plan_is_counted_anew_only_for_what_it_depends_on(
    context: Context, make_workbench: Callable[[], Workbench]
) -> None:
    bring(context, ("a", "growth", "en", True))
    workbench = make_workbench()
    first = counted(workbench)

    (context.project / "templates/win-back/subject.txt").write_text("Something else\n")
    workbench.look_for_changes()
    others = workbench.plan(GREETING)
    (context.project / "templates" / GREETING / "subject.txt").write_text("Hi {{ city }}\n")
    workbench.look_for_changes()
    own = counted(workbench)

    assert first.plan is not None
    assert own.plan is not None
    assert (first.plan.send, first.plan.skip) == (1, {})
    assert (others.is_current, others.counted_at) == (True, first.counted_at)
    assert (own.plan.send, own.plan.skip) == (0, {"missing_data": 1})


def test_a_plan_is_counted_anew_when_it_is_asked_for(
    context: Context, make_workbench: Callable[[], Workbench]
) -> None:
    workbench = make_workbench()
    before = counted(workbench)
    bring(context, ("a", "growth", "en", True))

    workbench.plan(GREETING, again=True)
    after = counted(workbench)

    assert before.plan is not None
    assert after.plan is not None
    assert (before.plan.audience, after.plan.audience) == (0, 1)


def test_problems_are_told_with_their_lines_and_whose_they_are(
    context: Context, make_workbench: Callable[[], Workbench]
) -> None:
    (context.project / "templates" / GREETING / "sms.txt").write_text("Hi\n  {{ frist_name }}\n")
    workbench = make_workbench()

    wait_for(lambda: workbench.margin().is_checked)
    margin = workbench.margin()

    placed = margin.problems[0]
    assert placed.place == f"templates/{GREETING}/sms.txt:2:6"
    assert (placed.line, placed.campaigns) == ("  {{ frist_name }}", (GREETING,))
    faulty = {each.name: each.faults for each in margin.campaigns}
    assert faulty == {"birthday": 0, "service-notice": 0, GREETING: 1, "win-back": 0}


def test_a_message_is_made_for_who_is_made_up_in_each_language(context: Context) -> None:
    full, bare = (
        look_at(context, GREETING, Whom(who, locale="de")) for who in (Who.FULL, Who.BARE)
    )

    assert [each.preview.channel for each in full.seen] == ["sms", "email"]
    assert all("Wochenende" in each.preview.body for each in (*full.seen, *bare.seen))
    assert full.locales == ("", "de", "fr", "zh-Hans", "zh-Hant")


@pytest.mark.parametrize("images", ["", "images: hosted\n"])
def test_pictures_and_attachments_are_shown_before_anything_was_sent(
    context: Context, images: str
) -> None:
    folder = context.project / "templates" / GREETING
    (folder / "dot.png").write_bytes(PNG)
    (folder / "price-list.pdf").write_bytes(b"%PDF-1.7")
    body = folder / "body.html"
    picture = '<p><img src="dot.png" alt="A dot"></p>'
    body.write_text(
        body.read_text().replace("{% block content %}", "{% block content %}" + picture)
    )
    campaign = context.project / "campaigns" / f"{GREETING}.yaml"
    campaign.write_text(f"attachments: [price-list.pdf]\n{images}{campaign.read_text()}")
    rules = context.project / "outreach.yaml"
    rules.write_text(f"public_url: https://our.example\n{rules.read_text()}")
    edited = context.with_files(read_project(context.project))

    seen = look_at(edited, GREETING, Whom(Who.FULL)).seen[1]
    html = mail_html(edited, GREETING, Whom(Who.FULL), "", dark=False)

    assert seen.attached == {"price-list.pdf": 8}
    assert not seen.has_remote_pictures
    assert f"data:image/png;base64,{b64encode(PNG).decode()}" in html


def test_who_is_not_there_and_what_is_at_fault_are_told(context: Context) -> None:
    with pytest.raises(UsageError, match="there is no customer `x`"):
        look_at(context, GREETING, Whom(Who.CUSTOMER, "x"))
    with pytest.raises(UsageError, match="there is no campaign `x`"):
        look_at(context, "x", Whom())


def test_while_the_company_file_is_away_all_stays_and_then_goes_on(
    context: Context, make_workbench: Callable[[], Workbench]
) -> None:
    workbench, rules = make_workbench(), context.project / "outreach.yaml"
    text = rules.read_text()

    rules.unlink()
    told = [workbench.look_for_changes() for _ in range(3)]
    away, shown = workbench.margin().error, workbench.show(GREETING, Whom())
    rules.write_text(text.replace("brand:", "brand: ["))
    workbench.look_for_changes()
    with pytest.raises(ProblemsFound):
        workbench.show(GREETING, Whom())
    rules.write_text(text)
    workbench.look_for_changes()

    assert told == [True, False, False]
    assert "there is no outreach.yaml" in away
    assert len(shown.look.seen) == 2
    assert workbench.margin().error == ""
    assert len(workbench.show(GREETING, Whom()).look.seen) == 2


def test_what_an_editor_keeps_beside_a_file_is_no_edit(
    context: Context, make_workbench: Callable[[], Workbench]
) -> None:
    workbench, subject = make_workbench(), context.project / "templates/win-back/subject.txt"

    subject.with_name(".subject.txt.swp").write_bytes(b"\x00")
    subject.with_name("subject.txt~").write_text("older")
    told = [workbench.look_for_changes()]
    subject.write_text("newer")
    told += [workbench.look_for_changes(), workbench.look_for_changes()]

    assert told == [False, True, False]


def test_the_next_occurrences_are_told(context: Context) -> None:
    found = {name: coming(context, name, 2) for name in (GREETING, "service-notice", "birthday")}

    assert found[GREETING].said == (
        "Friday 2026-07-03 17:00 by each customer's own clock",
        "Friday 2026-07-10 17:00 by each customer's own clock",
    )
    assert (found["service-notice"].starts, found["service-notice"].at) == ("manual", ())
    assert [f"{each:%m-%d %H:%M}" for each in found["birthday"].at] == [
        "07-03 09:00",
        "07-04 09:00",
    ]


def test_without_the_database_the_page_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTREACH_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("OUTREACH_SECRET_KEY", KEY)
    context = open_context(sample_project(tmp_path / "project"), NOW.isoformat())
    workbench = Workbench(context, lambda _: None)

    wait_for(lambda: workbench.margin().is_checked)
    shown = workbench.show(GREETING, Whom())
    wait_for(lambda: not _is_counting(workbench))
    with pytest.raises(SetupError, match="the database can not be used"):
        workbench.plan(GREETING)

    workbench.close()
    context.close()
    assert "the database can not be used" in workbench.margin().unasked
    assert (shown.who, len(shown.look.seen)) == (Who.FULL, 2)


def _is_counting(workbench: Workbench) -> bool:
    try:
        return not workbench.plan(GREETING).is_current
    except SetupError:
        return False
