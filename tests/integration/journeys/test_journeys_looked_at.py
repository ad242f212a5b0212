"""Later steps of a journey in `preview`, in the live page's look and in the plan's cost."""

from pathlib import Path

import pytest
from journeying import COMPANY, Way, a_way
from sqlalchemy import Engine

from outreach.app.context import open_context
from outreach.app.looking import Who, Whom, look_at

TEXT = """\
schedule: {on_event: order}
steps:
  - {id: note, channels: email, template: note}
  - wait: 1 day
  - {id: more, channels: [sms, email], template: more, when: clicked('note')}
experiment: {variants: {plain: 1, warm: 1}}
"""
PRICED = COMPANY.replace(
    "us@example.com}}", 'us@example.com}, sms: {from: "+12025550123", price: {default: 0.05}}}'
)


@pytest.fixture
def way(tmp_path: Path, engine: Engine) -> Way:
    """Two steps with two variants; both customers have a mail address, ann a phone that she agreed to."""
    way = a_way(
        tmp_path,
        engine,
        "schedule: {on_event: order}\nsteps: [{id: note, channels: email, template: note}]\n",
    )
    (way.project / "outreach.yaml").write_text(PRICED)
    for name in ("note", "more"):
        folder = way.project / "templates" / name
        for variant in ("plain", "warm"):
            (folder / variant).mkdir(parents=True, exist_ok=True)
            (folder / variant / "subject.txt").write_text(f"{name}, {variant}")
        (folder / "subject.txt").write_text(name)
        (folder / "body.txt").write_text("{{ brand.postal_address }} {{ unsubscribe_url }}")
    (way.project / "templates/more/sms.txt").write_text("More for you")
    way.campaign(TEXT)
    rows = "key,phone,consent.sms.greetings\nann,+12025550101,yes\n"
    (way.project / "p.csv").write_text(rows)
    taken = way.call(NOW, "customers", "import", "p.csv", "--consent-source", "form")
    assert taken.code == 0, taken.err
    return way


NOW = "2026-07-01T09:00"


def told(way: Way, *words: object) -> list[tuple[str, str, str]]:
    """Step, channel and subject or text of each message of a preview."""
    found = way.call(NOW, "preview", "way", *words, "--json").json
    return [(each["step"], each["channel"], each["subject"] or each["body"]) for each in found]


def test_preview_is_of_each_customer_who_is_named(way: Way) -> None:
    both = ("--customer", "ann", "--customer", "bob", "--customer", "ann")

    found = told(way, *both)
    said = way.call(NOW, "preview", "way", "--step", "note", *both).out

    assert found == told(way, "--customer", "ann") + told(way, "--customer", "bob")
    lines = [line for line in said.splitlines() if "would get this" in line]
    assert [line.split()[0] for line in lines] == ["ann", "bob"]


def test_preview_shows_every_step_for_the_same_customer_in_their_variant(way: Way) -> None:
    found = told(way, "--customer", "ann")

    [variant] = {said.partition(", ")[2] for _, channel, said in found if channel == "email"}
    assert variant in ("plain", "warm")
    assert found == [
        ("note", "email", f"note, {variant}"),
        ("more", "sms", "More for you"),
        ("more", "email", f"more, {variant}"),
    ]


def test_preview_shows_one_step_that_is_asked_for(way: Way) -> None:
    assert {step for step, _, _ in told(way, "--step", "more")} == {"more"}
    answer = way.call(NOW, "preview", "way", "--step", "mroe")
    assert (answer.code, answer.err) == (
        2, "outreach: `way` has no step `mroe`; did you mean `more`?\n",
    )  # fmt: skip


def test_the_plan_says_what_a_later_message_costs_at_most(way: Way) -> None:
    found = way.call(NOW, "plan", "way", "--json").json

    assert found["cost"]["total"] == 0
    assert found["later"] == [
        {"step": "more", "messages": 2, "total": 0.05, "channels": {"sms": 0.05}}
    ]


def test_the_live_page_looks_at_the_step_that_is_chosen(way: Way) -> None:
    context = open_context(way.project)

    first = look_at(context, "way", Whom(Who.FULL))
    later = look_at(context, "way", Whom(Who.FULL, step="more"))
    gone = look_at(context, "way", Whom(Who.FULL, step="taken out"))

    assert (first.steps, first.step, gone.step) == (("note", "more"), "note", "note")
    assert (later.step, later.channels) == ("more", ("sms", "email"))
    assert {each.preview.subject for each in later.seen} >= {"more, plain", "more, warm"}
