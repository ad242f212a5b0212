"""`event.…` in the messages of campaigns that an event starts, on both databases."""

from pathlib import Path

from journeying import Way, a_way
from sqlalchemy import Engine

ORDER = "schedule: {on_event: {kind: order, after: 1 day}}\n"
STEPS = "steps: [{id: note, channels: email, template: note}]\n"
BODY = """\
{{ event.amount|money }} at {{ event.shop }}

{{ brand.postal_address }} {{ unsubscribe_url }}
"""
SHOPS = "key,kind,at,amount,shop\n"


def bought(way: Way, now: str, *lines: str) -> None:
    """Orders with their shops."""
    (way.project / "e.csv").write_text(SHOPS + "\n".join(lines))
    assert way.call(now, "events", "import", "e.csv").code == 0


def begin(folder: Path, engine: Engine) -> Way:
    """A campaign whose message speaks of the order that started it."""
    way = a_way(folder, engine, ORDER + STEPS)
    (way.project / "templates/note/body.txt").write_text(BODY)
    way.run("2026-07-01T08:01")
    return way


def mails(way: Way) -> list[str]:
    """The first line of each mail that went out."""
    outbox = sorted((way.project / ".outreach/outbox/email").glob("*/*.eml"))
    return [path.read_text().partition("\n\n")[2].splitlines()[0] for path in outbox]


def test_a_message_speaks_of_the_event_that_started_it_not_of_a_later_one(
    tmp_path: Path, engine: Engine
) -> None:
    way = begin(tmp_path, engine)

    bought(way, "2026-07-01T09:00", "ann,order,2026-07-01T09:00,120,Mainz")
    bought(way, "2026-07-01T10:00", "ann,order,2026-07-01T10:00,80,Bonn")
    way.run("2026-07-01T10:00", "2026-07-02T09:00")

    assert way.messages() == ["note"]
    assert mails(way) == ["€120.00 at Mainz"]


def test_an_outlook_speaks_of_the_event_that_started_it_too(tmp_path: Path, engine: Engine) -> None:
    way = begin(tmp_path, engine)

    bought(way, "2026-07-01T09:00", "ann,order,2026-07-01T09:00,120,Mainz")
    bought(way, "2026-07-01T10:00", "ann,order,2026-07-01T10:00,80,Bonn")
    way.run("2026-07-01T10:00")
    found = way.call("2026-07-01T10:30", "outlook", "ann", "--days", "2", "--json").json

    assert [each["text"].splitlines()[0] for each in found["messages"]] == ["€120.00 at Mainz"]


def test_beside_a_correction_stands_what_was_sent_about_the_event_that_started_it(
    tmp_path: Path, engine: Engine
) -> None:
    way = begin(tmp_path, engine)
    (way.project / "templates/sorry").mkdir()
    (way.project / "templates/sorry/subject.txt").write_text("Sorry")
    words = BODY.replace("{{ event.amount|money }} at {{ event.shop }}", "Sorry")
    (way.project / "templates/sorry/body.txt").write_text(words)
    bought(way, "2026-07-01T09:00", "ann,order,2026-07-01T09:00,120,Mainz")
    bought(way, "2026-07-01T10:00", "ann,order,2026-07-01T10:00,80,Bonn")
    way.run("2026-07-01T10:00", "2026-07-02T09:00")

    told = way.call("2026-07-02T10:30", "correct", 1, "--template", "sorry").out

    assert "ann got:\n    A note\n    €120.00 at Mainz\n" in told


def test_who_has_nothing_of_what_it_prints_is_left_out(tmp_path: Path, engine: Engine) -> None:
    way = begin(tmp_path, engine)

    bought(way, "2026-07-01T09:00", "ann,order,2026-07-01T09:00,120,")
    way.run("2026-07-01T09:00", "2026-07-02T09:00")

    assert way.messages() == ["note missing_data"]


def test_preview_shows_the_latest_and_says_what_is_not_there_yet(
    tmp_path: Path, engine: Engine
) -> None:
    way = begin(tmp_path, engine)
    bought(way, "2026-07-01T09:00", "ann,order,2026-07-01T09:00,120,Mainz")

    ann = way.call("2026-07-01T09:01", "preview", "way", "--customer", "ann", "--json").json
    bob = way.call("2026-07-01T09:01", "preview", "way", "--customer", "bob", "--json").json

    assert ann[0]["body"].startswith("€120.00 at Mainz")
    assert bob[0]["problem"] == "lacks `event.amount`, `event.shop`, which the template prints"


def test_check_names_a_field_that_no_such_event_has(tmp_path: Path, engine: Engine) -> None:
    way = begin(tmp_path, engine)
    bought(way, "2026-07-01T09:00", "ann,order,2026-07-01T09:00,120,Mainz")
    (way.project / "templates/note/body.txt").write_text(BODY.replace("event.shop", "event.shpo"))

    told = way.call("2026-07-01T09:01", "check", "--json").json

    said = [f"{each['file']}:{each['line']}: {each['message']}; {each['hint']}" for each in told]
    assert (
        "templates/note/body.txt:1: no event `order` has a field `shpo`: nobody gets it;"
        " did you mean `shop`?" in said
    )


def test_a_campaigns_test_gives_it_an_event(tmp_path: Path, engine: Engine) -> None:
    way = begin(tmp_path, engine)
    (way.project / "tests").mkdir(exist_ok=True)
    (way.project / "tests/way.yaml").write_text(
        "campaign: way\nat: 2026-07-02T09:00\n"
        "given:\n"
        "  customer: {email: ann@example.com, timezone: Europe/Berlin}\n"
        "  consents: [email/greetings]\n"
        "  events: [{kind: order, at: -1 days, amount: 120, shop: Mainz}]\n"
        "cases: [{name: speaks of it, expect: {decision: send, text: €120.00 at Mainz}}]\n"
    )

    answer = way.call("2026-07-01T09:01", "test", "tests/way.yaml")

    assert answer.code == 0, answer.out + answer.err
