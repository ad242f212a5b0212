"""Whom one rule alone keeps out: as explain's answers say, rule by rule, on random worlds."""

from collections import Counter

from database_world import arms, fill, question_of, undone
from hypothesis import HealthCheck, given, settings
from meanings import build_world
from sqlalchemy import Connection
from test_decisions_explain import explained
from world import World
from worlds import random_world

from outreach.app.unlocks import unlocks_of
from outreach.decisions.explain import Answer
from outreach.decisions.order import REASONS
from outreach.decisions.unlocking import unlocked
from outreach.vocabulary import Decision, Reason

TIMES = (Reason.HOLIDAY, Reason.OUTSIDE_WINDOW, Reason.QUIET_HOURS)


def failing(answers: tuple[Answer, ...], channel: str) -> set[Reason]:
    """The rules in the way on a channel, but for those of time, which may only put off."""
    return {
        each.rule
        for each in answers
        if not each.passed and each.channel in (None, channel) and each.rule not in TIMES
    }


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=random_world(arms))
def test_a_rule_alone_is_in_the_way_where_explain_says_so(conn: Connection, world: World) -> None:
    with undone(conn):
        ruling, ids = fill(conn, world)
        found: Counter[tuple[str, Reason]] = Counter()
        for row in conn.execute(unlocked(question_of(conn, world, ruling))):
            for channel, code in zip(ruling.channels, row, strict=True):
                if code is not None:
                    found[channel, REASONS[code]] += 1

        most: Counter[tuple[str, Reason]] = Counter()
        least: Counter[tuple[str, Reason]] = Counter()
        for id_ in ids.values():
            said = explained(conn, world, ruling, id_)
            if said.verdict.decision is not Decision.SKIP:
                continue
            awake = all(each.passed for each in said.answers if each.rule in TIMES)
            for channel in ruling.channels:
                rules = failing(said.answers, channel)
                if len(rules) == 1 and Reason.NOT_IN_AUDIENCE not in rules:
                    most[channel, *rules] += 1
                    least[channel, *rules] += awake and len(ruling.channels) == 1

    of_rules = Counter({key: many for key, many in found.items() if key[1] not in TIMES})
    assert least <= of_rules <= most


def test_each_remedy_is_told_with_whom_it_would_let_in(conn: Connection) -> None:
    both = {"channels": ["email", "sms"], "cadence": [{"at_most": 1, "per": "7 days"}]}
    people = [
        {"key": "b", "email": "b@example.com", "phone": "+491701234561"},
        {"key": "c", "email": "c@example.com", "phone": "+491701234562"},
        {"key": "d", "email": "d@example.com"},
    ]
    world = build_world({
        "at": "2026-07-03T17:00+02:00",
        "campaign": both,
        "others": people,
        "consents": [
            {"yes": "email/greetings", "customer": "c"},
            {"yes": "email/greetings", "customer": "d"},
        ],
        "touches": [{"at": "-1 day", "customer": "c"}],
        "needs": {"email": ["first_name"]},
    })  # fmt: skip
    ruling, _ = fill(conn, world)

    found = unlocks_of(conn, question_of(conn, world, ruling))

    said = [(each.rule, each.channel, each.customers, each.remedy) for each in found]
    assert said == [
        ("missing_data", "email", 1, "if their first_name were known by email"),
        ("no_consent", "sms", 2, "if they agreed to greetings by sms"),
    ]
