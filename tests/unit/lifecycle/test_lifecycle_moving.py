"""Where a customer goes from a stage: rules, allowed moves, minimum stay, high-water mark."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.campaign.model import Expression, Place
from outreach.lifecycle.model import Lifecycle, Stage
from outreach.lifecycle.moving import Answers, Keeper, Outcome, Standing, go, may_go

NOW = datetime(2026, 7, 3, 9, tzinfo=UTC)
RULE = Expression("orders > 0", Place("a.yaml", 1, 1))
IDS = ("a", "b", "c", "d")


def model(least: Mapping[str, int] | None = None, **given: Any) -> Lifecycle:
    """Stages a to d, each with a rule; `least` days by stage."""
    days = least or {}
    stages = tuple(
        Stage(id_, id_, "", RULE, timedelta(days=days.get(id_, 0)), RULE if id_ in days else None)
        for id_ in IDS
    )
    return Lifecycle("own", "Own", stages, **given)


def bits(rules: Lifecycle, *ids: str) -> int:
    return sum(1 << place for place, stage in enumerate(rules.rules) if stage.id in ids)


def after(
    rules: Lifecycle, old: str | None, *holds: str, days: float = 0, unless: tuple[str, ...] = ()
) -> Outcome:
    """Where a customer stands who has been in a stage for some days."""
    since = None if old is None else NOW - timedelta(days=days)
    found = Answers(bits(rules, *holds), bits(rules, *unless))
    return go(rules, Standing(old, since), found, NOW)


def test_the_first_rule_that_holds_places_a_customer() -> None:
    assert after(model(), None, "b", "c").stage == "b"
    assert after(model(evaluation=("d", "c", "b", "a")), None, "b", "c").stage == "c"
    assert after(model(), "a").stage is None


def test_a_move_that_is_not_allowed_is_not_made() -> None:
    rules = model(moves={"a": ("b",)})

    assert after(rules, "a", "c") == Outcome("a", "c", Keeper.MOVES)
    assert after(rules, "b", "c") == Outcome("c", "c")
    assert after(rules, "a") == Outcome("a", None, Keeper.MOVES)


def test_a_stage_further_on_is_reached_through_those_between() -> None:
    rules = model(evaluation=("d", "c", "b", "a"), moves={"a": ("b",), "b": ("c",)})

    assert after(rules, "a", "b", "c").stage == "c"
    assert after(rules, "a", "c").stage == "a"


def test_a_first_stage_is_bound_by_nothing() -> None:
    rules = model({"a": 30}, moves={"a": ("b",)}, high_water=True)

    assert after(rules, None, "c") == Outcome("c", "c")
    assert after(rules, "of another model", "c") == Outcome("c", "c")


@pytest.mark.parametrize(
    ("days", "stage"), [(0, "b"), (29.99, "b"), (30, "c"), (31, "c")]
)  # a span includes its start, not its end
def test_who_came_to_a_stage_stays_for_least_days(days: float, stage: str) -> None:
    rules = model({"b": 30})

    assert after(rules, "b", "c", days=days).stage == stage


def test_what_keeps_a_customer_is_said_with_its_end() -> None:
    found = after(model({"b": 30}), "b", "c", days=10)

    assert found == Outcome("b", "c", Keeper.LEAST_DAYS, NOW + timedelta(days=20))


def test_unless_ends_the_minimum_stay() -> None:
    assert after(model({"b": 30}), "b", "c", days=10, unless=("b",)).stage == "c"


def test_a_minimum_stay_holds_on_the_way_too() -> None:
    rules = model({"b": 7}, evaluation=("d", "c", "b", "a"), moves={"a": ("b",)})

    assert after(rules, "a", "b", "c") == Outcome(
        "b", "c", Keeper.LEAST_DAYS, NOW + timedelta(days=7)
    )


def test_a_high_water_mark_is_never_left_downwards() -> None:
    rules = model(evaluation=("d", "c", "b", "a"), high_water=True)

    assert after(rules, "c", "a", "b") == Outcome("c", "b", Keeper.HIGH_WATER)
    assert after(rules, "c") == Outcome("c", None, Keeper.HIGH_WATER)
    assert after(rules, "c", "d", "a").stage == "d"


stages = st.sampled_from(IDS)
models = st.builds(
    model,
    least=st.dictionaries(stages, st.integers(1, 40)),
    evaluation=st.permutations(IDS).map(tuple),
    moves=st.dictionaries(stages, st.lists(stages, min_size=1, unique=True).map(tuple)),
    high_water=st.booleans(),
)
standings = st.builds(
    lambda stage, days: Standing(stage, None if stage is None else NOW - timedelta(days=days)),
    st.one_of(st.none(), stages, st.just("gone")),
    st.integers(0, 60),
)
all_answers = st.builds(Answers, st.integers(0, 15), st.integers(0, 15))


@given(models, standings, all_answers)
def test_a_second_look_at_the_same_instant_changes_nothing(
    rules: Lifecycle, old: Standing, found: Answers
) -> None:
    stage = go(rules, old, found, NOW).stage
    since = old.since if stage == old.stage else NOW

    assert go(rules, Standing(stage, since), found, NOW).stage == stage


@given(models, standings, all_answers)
def test_a_stage_that_was_moved_to_has_a_rule_that_holds(
    rules: Lifecycle, old: Standing, found: Answers
) -> None:
    stage = go(rules, old, found, NOW).stage

    if stage not in (old.stage, None):
        assert found.holds >> [each.id for each in rules.rules].index(stage) & 1


@given(models, standings, all_answers)
def test_nothing_is_kept_where_the_rules_are_followed(
    rules: Lifecycle, old: Standing, found: Answers
) -> None:
    outcome = go(rules, old, found, NOW)

    assert (outcome.keeper is None) == (outcome.stage == outcome.said)
    if outcome.keeper is Keeper.MOVES and outcome.stage is not None and outcome.said is not None:
        assert not may_go(rules, outcome.stage, outcome.said)
    assert (outcome.until is not None) == (outcome.keeper is Keeper.LEAST_DAYS)


@given(models.filter(lambda rules: rules.high_water), standings, all_answers)
def test_no_way_leads_below_the_high_water_mark(
    rules: Lifecycle, old: Standing, found: Answers
) -> None:
    stage = go(rules, old, found, NOW).stage

    if old.stage in IDS:
        assert stage is not None
        assert rules.ids.index(stage) >= rules.ids.index(old.stage)
