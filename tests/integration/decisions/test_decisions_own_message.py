"""A message is no touch to the rules that decide about it, asked at its claim and ever after."""

from dataclasses import replace

import pytest
from database_world import fill
from makers import make_delivery, make_run
from meanings import examples
from sqlalchemy import Engine

from outreach.campaign.model import Expression, Place, Selection
from outreach.decisions.recheck import recheck
from outreach.vocabulary import Decision, Reason

ASKED = ("received('{}', days(13))", "last_contact_at > now - days(13)")


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("twice", [False, True])
def test_only_another_message_is_a_touch_to_an_expression(
    engine: Engine, asked: str, twice: bool
) -> None:
    example = next(each for each in examples() if each.file == "days")
    world = replace(example.world, touches=())
    where = Expression(asked.format(world.campaign.name), Place("c.yaml", 1, 1))
    campaign = replace(world.campaign, exclude=Selection(where=where))
    with engine.connect() as conn:
        ruling, ids = fill(conn, replace(world, campaign=campaign))
        at, name = world.asked_at, world.campaign.name
        run_ids = [make_run(conn, name, occurrence_at=at), make_run(conn, name)]
        own, *_ = (
            make_delivery(conn, ids[example.who], at=at, run_id=run_id, firm=True)
            for run_id in run_ids[: 1 + twice]
        )

        found = recheck(conn, ruling, run_ids[0], at, [own], at)[own]

    expected = (Decision.SKIP, Reason.EXCLUDED) if twice else (Decision.SEND, None)
    assert (found.decision, found.reason) == expected
