"""Messages of one run that reach the same reader: claims and explanations say what the plan says."""

from dataclasses import replace
from typing import Any

import pytest
from database_world import fill, question_of, undone
from makers import make_delivery, make_run
from meanings import Example, examples
from sqlalchemy import Connection, event, update
from test_decisions_explain import explained
from world import Consent, World

from outreach.decisions.explain import Explanation
from outreach.decisions.recheck import recheck
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.planning.decided import Decided
from outreach.store.tables import deliveries
from outreach.vocabulary import ConsentState, Decision, Reason


def example_named(start: str) -> Example:
    """The worked example of docs/meanings/duplicate.yaml whose name begins so."""
    return next(each for each in examples() if each.name.startswith(start))


ZOE_BY_TEXT = "the same where the campaign has text messages as well"
BOTH_GIVE_WAY = "Zoe, where her text message and Anna's both give way"


def plan(conn: Connection, example: Example) -> tuple[Ruling, dict[str, int], list[Verdict]]:
    """The ruling, the customers' ids by key, and the verdicts on those who get the message."""
    ruling, ids = fill(conn, example.world)
    decided = Decided(conn, question_of(conn, example.world, ruling))
    found = [each for page in decided.pages() for each in page]
    decided.drop()
    return ruling, ids, [each for each in found if each.decision is Decision.SEND]


@pytest.mark.parametrize("backwards", [False, True])
def test_claims_in_any_order_go_by_the_channels_that_were_planned(
    conn: Connection, backwards: bool
) -> None:
    world = example_named(ZOE_BY_TEXT).world
    ruling, ids, planned = plan(conn, example_named(ZOE_BY_TEXT))
    run, at = make_run(conn, world.campaign.name, occurrence_at=world.run_at), world.asked_at
    made = {
        each.customer_id: make_delivery(
            conn, each.customer_id, "due", run_id=run, channel=each.channel, address=each.address,
            at=at,
        )
        for each in planned
    }  # fmt: skip
    went = {}
    for each in sorted(planned, key=lambda each: each.customer_id, reverse=backwards):
        id_ = made[each.customer_id]
        verdict = recheck(conn, ruling, run, world.run_at, [id_], at)[id_]
        claimed = {"firm": True, "ready": False, "state": "claimed", "channel": verdict.channel}
        conn.execute(update(deliveries).where(deliveries.c.id == id_).values(claimed))
        went[each.customer_id] = (verdict.decision, verdict.channel)

    assert went == {
        ids["anna"]: (Decision.SEND, "email"),
        ids["zoe"]: (Decision.SEND, "sms"),
    }


def test_a_message_that_its_run_has_planned_for_a_lower_key_is_held_for_at_the_claim(
    conn: Connection,
) -> None:
    """Anna's, not claimed yet, has the slot until two hours after it became due."""
    example = example_named("Zoe without a telephone, held")
    ruling, ids = fill(conn, example.world)
    run, at = make_run(conn, "greeting", occurrence_at=example.world.run_at), example.world.asked_at
    make_delivery(conn, ids["anna"], "due", run_id=run, at=at, address="anna@example.com")
    due = make_delivery(conn, ids["zoe"], "due", run_id=run, at=at, address="zoe@example.com")

    found = recheck(conn, ruling, run, example.world.run_at, [due], at)[due]

    wanted = example.expected
    assert (found.decision, found.reason, found.until) == (
        wanted.decision, wanted.reason, wanted.until,
    )  # fmt: skip


def test_one_that_its_run_has_planned_for_a_higher_key_takes_no_place_at_the_claim(
    conn: Connection,
) -> None:
    """Zoe's goes to a mailbox that Anna has too: of the two, Anna's goes first."""
    example = example_named("Zoe without a telephone, held")
    ruling, ids = fill(conn, example.world)
    run, at = make_run(conn, "greeting", occurrence_at=example.world.run_at), example.world.asked_at
    due = make_delivery(conn, ids["anna"], "due", run_id=run, at=at, address="anna@example.com")
    make_delivery(conn, ids["zoe"], "due", run_id=run, at=at, address="zoe@example.com")

    found = recheck(conn, ruling, run, example.world.run_at, [due], at)[due]

    assert (found.decision, found.channel) == (Decision.SEND, "email")


def test_a_message_that_may_have_gone_out_is_no_duplicate_of_itself(conn: Connection) -> None:
    """Sent again where `on_unknown` says so: also to a mailbox that Anna shares."""
    example = example_named("Anna's key is lower")
    ruling, ids = fill(conn, example.world)
    run, at = make_run(conn, "greeting", occurrence_at=example.world.run_at), example.world.asked_at
    doubtful = make_delivery(
        conn, ids["anna"], "due", run_id=run, at=at, address="anna@example.com", step=ruling.step.id,
        firm=True, doubt=True,
    )  # fmt: skip

    found = recheck(conn, ruling, run, example.world.run_at, [doubtful], at)[doubtful]

    assert (found.decision, found.reason) == (Decision.SEND, None)


def test_one_that_waits_for_somebody_else_at_the_mailbox_is_not_the_one_that_went(
    conn: Connection,
) -> None:
    """Both were planned, as where Zoe's address became Anna's since: the lower key gets it."""
    example = example_named("Anna's key is lower")
    ruling, ids = fill(conn, example.world)
    run, at = make_run(conn, "greeting", occurrence_at=example.world.run_at), example.world.asked_at
    made = {"run_id": run, "at": at, "address": "anna@example.com", "step": ruling.step.id}
    due = make_delivery(conn, ids["anna"], "due", **made)
    make_delivery(conn, ids["zoe"], "due", **made)

    found = recheck(conn, ruling, run, example.world.run_at, [due], at)[due]

    assert (found.decision, found.reason) == (Decision.SEND, None)


def test_explain_says_on_which_channel_another_message_of_the_run_fills_the_cap(
    conn: Connection,
) -> None:
    found = explanation(conn, example_named(ZOE_BY_TEXT))

    [capped] = [each for each in found.answers if each.rule is Reason.CAPPED]
    assert (found.verdict.decision, found.verdict.channel) == (Decision.SEND, "sms")
    assert (capped.channel, capped.passed) == ("email", False)
    assert "anna, who has the address too, 1 of 1 by email per 7 days" in capped.detail


def test_explain_says_who_gets_the_message_to_which_both_give_way(conn: Connection) -> None:
    found = explanation(conn, example_named(BOTH_GIVE_WAY))

    [double] = [each for each in found.answers if each.rule is Reason.DUPLICATE and not each.passed]
    assert (double.channel, double.detail) == (
        "email",
        "shares an address with anna, and one of them gets it",
    )


def test_how_many_people_share_addresses_lengthens_no_statement(conn: Connection) -> None:
    """PostgreSQL takes no more than 65,535 parameters."""
    few, many = (parameters(conn, couples(number)) for number in (2, 30))

    assert few == many


def couples(number: int) -> World:
    """So many pairs with a mailbox each, of whom one would get a text message and the other a mail."""
    world = example_named("Zoe by mail, which would be Anna's second").world
    people = [
        replace(each, key=f"{each.key}-{n}", email=f"{n}@example.com", phone=each.phone and f"+4917{n:08}")
        for n in range(number)
        for each in world.customers
    ]  # fmt: skip
    agreed = [
        Consent(each.key, channel, "greetings", ConsentState.GRANTED, world.asked_at)
        for each in people
        for channel in ("sms", "email")
    ]
    return replace(world, customers=tuple(people), consents=tuple(agreed))


def parameters(conn: Connection, world: World) -> list[int]:
    """Of each statement by which a plan looks at a world how many parameters it has."""
    found: list[int] = []

    def note(_conn: Connection, _cursor: Any, _statement: str, given: Any, *_: object) -> None:
        found.append(len(given or ()))

    with undone(conn):
        ruling, _ = fill(conn, world)
        event.listen(conn, "before_cursor_execute", note)
        question = question_of(conn, world, ruling)
        event.remove(conn, "before_cursor_execute", note)
        assert len(question.settled) == len(world.customers) // 2
    return found


def explanation(conn: Connection, example: Example) -> Explanation:
    """What explain says of the customer whom the example is about."""
    ruling, ids = fill(conn, example.world)
    return explained(conn, example.world, ruling, ids[example.who])
