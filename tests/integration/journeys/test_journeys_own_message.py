"""A journey's own messages are contact: who asks for that again leaves out who got one, and `check` says so."""

from pathlib import Path

import pytest
from journeying import HEAD, Way, a_way
from sqlalchemy import Engine

A, B = (f"{{id: {name}, channels: email, template: note}}" for name in ("a", "b"))
NINE, LATER = "2026-07-01T09:00", "2026-07-04T09:00"
AT_NINE = f"schedule: {{at: {NINE}, timezone: Europe/Berlin}}\n"
LONG_AGO = "last_contact_at is none or last_contact_at < now - days(60)"


def a_long_way(folder: Path, engine: Engine, audience: str, wait: str = "3 days") -> Way:
    """Ann is written to, and again three days later, if her audience holds then."""
    head = HEAD.replace("everyone", audience)
    return a_way(folder, engine, f"{AT_NINE}steps: [{A}, {{wait: {wait}}}, {B}]\n", head)


def warned(way: Way) -> list[str]:
    """The warnings of `check` about it."""
    found = way.call(NINE, "check", "--json").json
    return [
        f"{each['line']}:{each['column']}"
        for each in found
        if each["code"] == "warning-own-message"
    ]


@pytest.mark.parametrize(
    ("audience", "then", "place"),
    [
        (f"{{where: {LONG_AGO}}}", "b not_in_audience", "5:19"),
        (f"{{where: {LONG_AGO} or last_contact_at >= entered_at}}", "b", None),
        ("{exclude: last_contact_at > now - days(60)}", "b excluded", "5:21"),
        ("{exclude: last_contact_at > now - days(60) and last_contact_at < entered_at}", "b", None),
        ("{exclude: \"received('way', days(60))\"}", "b excluded", "5:22"),
    ],
)
def test_who_got_a_message_is_left_out_of_the_next_where_check_says_so(
    tmp_path: Path, engine: Engine, audience: str, then: str, place: str | None
) -> None:
    way = a_long_way(tmp_path, engine, audience)

    told = warned(way)
    way.run(NINE, LATER)

    assert told == ([] if place is None else [place])
    assert way.messages() == ["a", then]


def test_contact_before_they_came_in_still_leaves_out(tmp_path: Path, engine: Engine) -> None:
    way = a_long_way(tmp_path, engine, f"{{where: {LONG_AGO} or last_contact_at >= entered_at}}")
    way.events("2026-07-01T08:30", "ann,call,2026-06-20T09:00")

    way.run(NINE, LATER)

    assert (way.messages(), way.messages("bob")) == ([], ["a", "b"])
    [first, *_] = way.call(LATER, "explain", "way", "ann", "--json").json["rules"]
    assert (first["rule"], first["passed"]) == ("not_in_audience", False)


def test_a_campaign_that_idleness_begins_is_not_asked_again(tmp_path: Path, engine: Engine) -> None:
    idle = "schedule: {idle: {since: last_contact_at, for: 3 days}}\n"
    way = a_way(tmp_path, engine, f"{idle}steps: [{A}, {{wait: 1 day}}, {B}]\n")

    way.run(LATER, "2026-07-04T09:15", "2026-07-05T09:15")

    assert (warned(way), way.messages()) == ([], ["a", "b"])
