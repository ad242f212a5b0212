"""A winner is chosen in a journey: once, by those on whom its variants were tried, for who comes in then."""

from collections import Counter
from pathlib import Path

import pytest
from journeying import HEAD, Way, a_way
from sqlalchemy import Engine, select

from outreach.store.engine import reading
from outreach.store.tables import customers, deliveries, enrolments, journey_winners

CAMPAIGN = """\
schedule: {on_event: order}
experiment:
  variants: {plain: 1, warm: 1}
  winner: {by: goal, after: 5 days, test: 70%}
goal: {when: "count('visit', since=entered_at) > 0", within: 5 days}
steps:
  - {id: note, channels: email, template: note}
  - wait: 7 days
  - {id: more, channels: email, template: note}
"""
PEOPLE = 60
ENTERED, VISITED = "2026-07-01T09:00", "2026-07-03T09:00"
EARLY, CHOSEN, LAST = "2026-07-06T08:59", "2026-07-06T09:00", "2026-07-08T09:00"


@pytest.fixture
def way(tmp_path: Path, engine: Engine) -> Way:
    """A journey that sixty customers came into."""
    made = a_way(tmp_path, engine, CAMPAIGN)
    come_in(made, ENTERED, [f"c{number}" for number in range(PEOPLE)])
    return made


def come_in(way: Way, now: str, keys: list[str]) -> None:
    """New customers, each of whom orders."""
    rows = [f"{key},{key}@example.com,Europe/Berlin,DE,yes" for key in keys]
    head = "key,email,timezone,country,consent.email.greetings"
    (way.project / "new.csv").write_text("\n".join([head, *rows]))
    taken = way.call(now, "customers", "import", "new.csv", "--consent-source", "form")
    assert taken.code == 0, taken.err
    way.events(now, *(f"{key},order,{now}," for key in keys))
    way.run(now)


def sent(way: Way, step: str) -> dict[str, str]:
    """By key the variant of the message of a step."""
    d = deliveries.c
    query = select(customers.c.key, d.variant).join(customers, customers.c.id == d.customer_id)
    with reading(way.engine) as conn:
        return dict(conn.execute(query.where(d.step == step, d.state == "sent")).all())


def tried(way: Way) -> set[str]:
    """Who is in a test."""
    e = enrolments.c
    query = select(customers.c.key).join(enrolments, e.customer_id == customers.c.id)
    with reading(way.engine) as conn:
        return set(conn.execute(query.where(e.tried_in.is_not(None))).scalars())


def visits(way: Way, keys: list[str]) -> None:
    """They reach the goal."""
    way.events(VISITED, *(f"{key},visit,{VISITED}," for key in keys))


def report(way: Way, now: str) -> dict[str, object]:
    answer = way.call(now, "report", "way", "--json")
    assert answer.code == 0, answer.err
    return answer.json


def test_who_comes_in_later_gets_what_did_better_and_all_others_keep_theirs(way: Way) -> None:
    """All of the test that got `warm` reach the goal, and all outside of it: these decide nothing."""
    first, of_test = sent(way, "note"), tried(way)
    arms = Counter(first[key] for key in of_test)
    outside = {key: variant for key, variant in first.items() if key not in of_test}
    visits(way, [key for key in of_test if first[key] == "warm"])
    way.run(EARLY)
    come_in(way, EARLY, ["early"])
    undecided = report(way, EARLY)["winner"]
    way.run(CHOSEN)
    come_in(way, CHOSEN, [f"n{number}" for number in range(5)])
    way.run(LAST)

    assert len(first) == PEOPLE
    assert set(outside.values()) == {"plain"}
    assert min(arms["plain"], arms["warm"], len(outside)) > 5
    assert undecided == {"variant": None, "at": "2026-07-06T07:00:00+00:00"}
    found = report(way, LAST)
    assert found["winner"] == {"variant": "warm", "at": "2026-07-06T07:00:00+00:00"}
    assert {sent(way, "note")[f"n{number}"] for number in range(5)} == {"warm"}
    assert sent(way, "more") == first
    told = {name: (each["customers"], each["after_winner"]) for name, each in found["arms"].items()}
    early = Counter([sent(way, "note")["early"]] if "early" in tried(way) else [])
    assert told == {
        "plain": (arms["plain"] + early["plain"], 0), "warm": (arms["warm"] + early["warm"], 5),
    }  # fmt: skip
    assert {name: each["reached"] for name, each in found["goal"]["arms"].items()} == {
        "plain": 0, "warm": arms["warm"],
    }  # fmt: skip


def test_those_outside_of_the_test_decide_nothing(way: Way) -> None:
    """All of `plain` that are not in the test reach the goal; of the test nobody does."""
    of_test = tried(way)
    visits(way, [key for key in sent(way, "note") if key not in of_test])
    way.run(CHOSEN)
    come_in(way, CHOSEN, ["later"])

    with reading(way.engine) as conn:
        counts = conn.execute(select(journey_winners.c.arms)).scalar_one()
    assert sent(way, "note")["later"] == "plain"
    assert {name: each["reached"]["goal"] for name, each in counts.items()} == {
        "plain": 0,
        "warm": 0,
    }
    assert sum(each["of"] for each in counts.values()) == len(of_test)


def test_an_edit_goes_on_with_the_test_and_another_experiment_begins_anew(way: Way) -> None:
    first, of_test = sent(way, "note"), tried(way)
    visits(way, [key for key in of_test if first[key] == "warm"])
    way.campaign(CAMPAIGN.replace("wait: 7 days", "wait: 6 days") + "migrate: here\n")
    way.run(CHOSEN)
    come_in(way, CHOSEN, ["later"])
    way.campaign(CAMPAIGN.replace("test: 70%", "test: 0.01%"))
    come_in(way, "2026-07-06T12:00", ["anew"])
    way.run("2026-07-07T09:00", "2026-07-08T09:00")

    assert sent(way, "note")["later"] == "warm"
    assert sent(way, "note")["anew"] == "plain"
    arms = report(way, "2026-07-08T09:00")["arms"]
    assert {name: each["after_winner"] for name, each in arms.items()} == {"plain": 0, "warm": 0}
    assert {key: each for key, each in sent(way, "more").items() if key in first} == first


def test_the_choice_waits_until_a_message_of_the_test_went_out(
    tmp_path: Path, engine: Engine
) -> None:
    """The first is to go in the morning, and is left out then: the next one begins the test."""
    text = CAMPAIGN.replace("order}", 'order, window: "09:00-18:00"}').replace("5 days", "4 hours")
    way = a_way(tmp_path, engine, text.replace("test: 70%", "test: 99.99%"))
    come_in(way, "2026-07-01T20:00", ["first"])
    planned = report(way, "2026-07-01T20:00")["winner"]
    never = ("suppressions", "add", "email", "first@example.com", "--reason", "manual")
    suppressed = way.call("2026-07-01T21:00", *never)
    assert suppressed.code == 0, suppressed.err
    way.run("2026-07-02T09:00", "2026-07-02T13:00")
    put_off = report(way, "2026-07-02T13:00")["winner"]
    come_in(way, "2026-07-02T14:00", ["second"])
    way.run("2026-07-02T17:00")
    begun = report(way, "2026-07-02T17:00")["winner"]
    way.run("2026-07-02T17:59", "2026-07-02T18:00")

    assert planned == {"variant": None, "at": "2026-07-02T11:00:00+00:00"}
    assert put_off == {"variant": None, "at": "2026-07-02T15:00:00+00:00"}
    assert begun == {"variant": None, "at": "2026-07-02T16:00:00+00:00"}
    assert report(way, "2026-07-02T18:00")["winner"] == {**begun, "variant": "plain"}


@pytest.mark.parametrize("variants", ["{plain: 1, warm: 1}", "{plain: 1, warm: 9}"])
def test_who_goes_on_by_a_version_that_chooses_a_winner_keeps_what_they_had(
    tmp_path: Path, engine: Engine, variants: str
) -> None:
    """Until then every variant went to its share; they decide nothing, and are compared as before."""
    winner = CAMPAIGN[CAMPAIGN.index("  winner:") : CAMPAIGN.index("goal:")]
    way = a_way(tmp_path, engine, CAMPAIGN.replace(winner, ""))
    come_in(way, ENTERED, [f"c{number}" for number in range(PEOPLE)])
    first = sent(way, "note")
    visits(way, [key for key in first if first[key] == "warm"])
    way.campaign(CAMPAIGN.replace("{plain: 1, warm: 1}", variants) + "migrate: here\n")
    way.run(VISITED, CHOSEN, LAST)

    assert len(set(first.values())) == 2
    assert sent(way, "more") == first
    found = report(way, LAST)
    assert found["winner"] is None
    told = {name: (each["customers"], each["after_winner"]) for name, each in found["arms"].items()}
    assert told == {name: (many, 0) for name, many in Counter(first.values()).items()}


def test_who_goes_on_by_other_shares_keeps_what_they_had(tmp_path: Path, engine: Engine) -> None:
    winner = CAMPAIGN[CAMPAIGN.index("  winner:") : CAMPAIGN.index("goal:")]
    text = CAMPAIGN.replace(winner, "")
    way = a_way(tmp_path, engine, text)
    come_in(way, ENTERED, [f"c{number}" for number in range(PEOPLE)])
    way.campaign(text.replace("warm: 1", "warm: 99") + "migrate: here\n")
    way.run(LAST)

    assert len(set(sent(way, "note").values())) == 2
    assert sent(way, "more") == sent(way, "note")


def test_whose_variant_is_gone_gets_what_who_comes_in_now_gets_and_keeps_it(way: Way) -> None:
    """`warm` is `hot` now: who had it is dealt a variant once, whatever is chosen behind it."""
    first = sent(way, "note")
    (way.project / "templates/note/warm").rename(way.project / "templates/note/hot")
    hot = CAMPAIGN.replace("warm", "hot").replace("5 days, test: 70%", "1 day, test: 20%")
    last = "  - {id: last, channels: email, template: note}\n"
    way.campaign(hot + "  - wait: 7 days\n" + last + "migrate: here\n")
    way.run(VISITED, LAST, "2026-07-10T09:00", "2026-07-15T09:00")

    more = sent(way, "more")
    assert {key: each for key, each in more.items() if first[key] == "plain"} == {
        key: each for key, each in first.items() if each == "plain"
    }
    assert {more[key] for key in first if first[key] == "warm"} == {"plain", "hot"}
    assert sent(way, "last") == more


def test_plan_and_explain_say_who_would_get_what(way: Way) -> None:
    """As if all came in now: before the choice by share, and all of them the winner after it."""
    first, of_test = sent(way, "note"), tried(way)
    key = next(each for each in sorted(of_test) if first[each] == "plain")
    before = way.call(VISITED, "explain", "way", key, "--json").json
    visits(way, [each for each in of_test if first[each] == "warm"])
    way.run(CHOSEN)
    after = way.call("2026-07-06T12:00", "explain", "way", key, "--json").json

    assert (before["variant"], after["variant"]) == ("plain", "warm")
    said = way.call("2026-07-06T12:00", "explain", "way", key).out
    assert "in a journey nobody waits" in said


def test_what_a_plan_can_show_is_of_those_on_whom_variants_are_tried(way: Way) -> None:
    """All of them come in again; once the winner is chosen nothing is compared any more."""
    over = "2026-07-14T09:00"
    way.events(EARLY, f"ann,order,{EARLY},", f"bob,order,{EARLY},")
    way.run(EARLY, CHOSEN, LAST, over)
    first, of_test = sent(way, "note"), tried(way)
    arms = Counter(first[key] for key in of_test)
    after = way.call(over, "plan", "way", "--json").json
    way.campaign(CAMPAIGN.replace("after: 5 days", "after: 6 days"))
    before = way.call(over, "plan", "way", "--json").json

    assert before["sample"]["smallest"] == min(arms.values())
    assert sum(before["variants"].values()) == PEOPLE + 2
    assert after["sample"] is None
    assert set(after["variants"]) == {"plain"}


def test_held_out_customers_and_the_clicks_of_others_are_no_part_of_it(
    tmp_path: Path, engine: Engine
) -> None:
    """By replies: what those answer who came in once it was chosen changes nothing."""
    text = CAMPAIGN.replace("by: goal", "by: replied").replace("70%}", "70%}\n  holdout: 20%")
    way = a_way(tmp_path, engine, text, HEAD)
    come_in(way, ENTERED, [f"c{number}" for number in range(PEOPLE)])
    of_test = tried(way) & sent(way, "note").keys()
    way.run(CHOSEN)

    found = report(way, CHOSEN)
    assert len(sent(way, "note")) < PEOPLE
    assert found["winner"] == {"variant": "plain", "at": "2026-07-06T07:00:00+00:00"}
    assert sum(each["customers"] for each in found["arms"].values()) == len(of_test)
