"""Arms end where they say: the first of who is not held out any more is not."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from database_world import fill, undone
from meanings import build_world
from sqlalchemy import ColumnElement, Connection, Integer, literal, select

from outreach.decisions.rules.arms import CONTROL_GROUP, held_out, in_control_group
from outreach.decisions.ruling import Ruling
from outreach.ids import BUCKETS, arm_factors

Rule = Callable[[Ruling, ColumnElement[int]], ColumnElement[bool] | None]


def with_holdout(ruling: Ruling, share: int) -> Ruling:
    return replace(ruling, campaign=replace(ruling.campaign, holdout=share))


def with_control_group(ruling: Ruling, share: int) -> Ruling:
    return replace(ruling, company=ruling.company.model_copy(update={"control_group": share}))


@pytest.mark.parametrize(
    ("rule", "name", "sized"),
    [
        (held_out, "greeting", with_holdout),
        (in_control_group, CONTROL_GROUP, with_control_group),
    ],
)
def test_a_share_ends_before_the_arm_of_its_size(
    conn: Connection, rule: Rule, name: str, sized: Callable[[Ruling, int], Ruling]
) -> None:
    bucket = 4_711
    with undone(conn):
        ruling, _ = fill(conn, build_world({"at": "2026-07-03T17:00+02:00"}))
        by, plus = arm_factors(ruling.company.salt, name)
        arm = (bucket * by + plus) % BUCKETS % 10_000

        def is_out(share: int) -> bool:
            found = rule(sized(ruling, share), literal(bucket, Integer))
            assert found is not None
            return bool(conn.execute(select(found)).scalar_one())

        assert ruling.campaign.name == "greeting"
        assert arm > 0
        assert (is_out(arm), is_out(arm + 1)) == (False, True)
