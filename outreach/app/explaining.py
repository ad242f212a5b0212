"""Every rule's answer for one customer of a campaign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, select

from outreach.app.context import Context
from outreach.app.occasion import REPEAT, turn_of
from outreach.app.outlook import outlook
from outreach.app.rulings import ruling_of
from outreach.app.sentences import Clock
from outreach.campaign.openings import NEVER
from outreach.decisions.asking import everywhere
from outreach.decisions.candidate import Scope
from outreach.decisions.explain import Answer, Explanation, ask_about, explain
from outreach.decisions.localities import Locality, localities
from outreach.decisions.openings import Begun, Load, begin
from outreach.decisions.ruling import Ruling
from outreach.decisions.winners import winner_due_at, with_journey_winner
from outreach.errors import UsageError
from outreach.planning.next_time import Search, next_time
from outreach.store.customers import by_keys
from outreach.store.engine import plan_once, reading
from outreach.store.marks import facts_for
from outreach.store.stages import is_from_the_start
from outreach.store.tables import customers
from outreach.vocabulary import Decision, Reason, Status


@dataclass(frozen=True, slots=True)
class Explained:
    """The decision about one customer with every rule's answer; `reason` None for send.

    `channel` is the one that would carry it, of a skip the one that got furthest.
    Instants are aware UTC; `timezone` is the customer's own, else the one they are counted in.
    `next` is the first instant from `at` on at which the message may leave, by all that is known
    now; None where time alone does not help. `said` tells it in sentences.
    """

    campaign: str
    key: str
    at: datetime
    decision: Decision
    reason: Reason | None
    until: datetime | None
    channel: str | None
    variant: str | None
    locale: str | None
    timezone: str
    next: datetime | None
    said: tuple[str, ...]
    rules: tuple[Answer, ...]
    status: Status  # of the campaign: only `active` goes out
    step: str | None  # the message that is decided about; None: there is none on their way


def explain_customer(
    context: Context, name: str, key: str, at: str | None = None, *, ahead: bool = True
) -> Explained:
    """As the campaign's plan for `at`, else its next occurrence, decides about this customer.

    `next` is looked for only where it is looked `ahead`.
    """
    with reading(context.engine) as conn:
        plan_once(conn)
        load = partial(ruling_of, context, conn, name)
        return explain_first(context, conn, load, key, at, ahead=ahead)[0]


def explain_first(
    context: Context,
    conn: Connection,
    load: Load,
    key: str,
    at: str | None = None,
    *,
    ahead: bool = True,
    rules: bool = True,
) -> tuple[Explained, Begun]:
    """The same by rulings as they are loaded, and what is the customer's first message.

    Without `rules` no more than the decision is asked for: a third of the work.
    """
    customer_id, place = customer_of(conn, key)
    turn, now = turn_of(context, conn, load(None), at), context.now()
    scope = Scope(
        run_at=turn.occasion.first_at,
        local_at=turn.occasion.local_at,
        seen_at=now,
        about=customer_id,
        facts=facts_for(conn, min(now, turn.instants[place.id])),
        past=turn.past,
        repeats_within=now - REPEAT if turn.is_over else None,
    )
    begun = begin(conn, load, customer_id, scope, turn.instants)
    ruling = begun.ruling
    winner_at = winner_due_at(ruling, turn.instants, turn.past)
    scope = replace(scope, routes=begun.opening.routes, winner_at=winner_at)
    scope = with_journey_winner(conn, ruling, scope)
    found = _asked(conn, ruling, scope, place, turn.instants, rules=rules)
    search = Search(ruling, scope, place, now)
    next_at = next_time(conn, search, found.verdict, found.answers) if ahead else None
    clock = Clock(ruling.grid.calendar_zone(place))
    said = outlook(ruling, found, next_at, clock) if ahead else []
    on_stage = ruling.campaign.schedule.on_stage
    if ahead and on_stage and is_from_the_start(conn, customer_id, on_stage.enter):
        said.append(
            "their first stage begins nothing: it waits for who comes there from another one"
        )
    if begun.route:
        said = [_said_of_way(begun), *(said if begun.opening.step else ())]
    return _explained(ruling, key, found, clock, next_at, said), begun


def _said_of_way(begun: Begun) -> str:
    """Which way they take to their first message."""
    names = [f"`{turn.when.source}`" if turn.when else "the others'" for turn in begun.route]
    step = begun.opening.step
    to = "to no message" if step is None else f"to `{step.id}`"
    return f"their way leads by {', then '.join(names)} {to}"


def explain_arrival(
    context: Context, conn: Connection, ruling: Ruling, key: str, enrolment_id: int,
    *, rules: bool = True,
) -> Explained:  # fmt: skip
    """The same of the message that a customer has come to now in a journey, by their enrolment.

    `next` is None where it is left out: the way goes on behind it.
    """
    customer_id, place = customer_of(conn, key)
    now, places = context.now(), localities(conn)
    scope = Scope(
        run_at=now, seen_at=now, enrolled=(enrolment_id,), about=customer_id,
        facts=facts_for(conn, now),
    )  # fmt: skip
    scope = with_journey_winner(conn, ruling, scope)
    found = _asked(conn, ruling, scope, place, everywhere(places, now), rules=rules)
    verdict, clock = found.verdict, Clock(ruling.grid.calendar_zone(place))
    goes = verdict.decision is not Decision.SKIP
    return _explained(ruling, key, found, clock, verdict.until or now if goes else None)


def _asked(
    conn: Connection, ruling: Ruling, scope: Scope, place: Locality,
    turns: Mapping[int, datetime], *, rules: bool,
) -> Explanation:  # fmt: skip
    if rules:
        return explain(conn, ruling, scope, place, turns)
    return Explanation(ask_about(conn, ruling, scope, turns)[1], ())


def _explained(
    ruling: Ruling, key: str, found: Explanation, clock: Clock, next_at: datetime | None,
    said: Sequence[str] = (),
) -> Explained:  # fmt: skip
    verdict = found.verdict
    return Explained(
        campaign=ruling.campaign.name,
        key=key,
        at=verdict.asked_at,
        decision=verdict.decision,
        reason=verdict.reason,
        until=verdict.until,
        channel=verdict.channel,
        variant=verdict.variant,
        locale=verdict.locale,
        timezone=clock.zone.key,
        next=next_at,
        said=tuple(said),
        rules=found.answers,
        status=ruling.campaign.status,
        step=None if ruling.step.when is NEVER else ruling.step.id,
    )


def customer_of(conn: Connection, key: str) -> tuple[int, Locality]:
    """A customer's number and place; UsageError where there is none of this key."""
    customer_id = by_keys(conn, [key]).get(key)
    if customer_id is None:
        raise UsageError(f"there is no customer `{key}`", "look for the key in the imported file")
    place_id = conn.execute(
        select(customers.c.place_id).where(customers.c.id == customer_id)
    ).scalar_one()
    return customer_id, localities(conn, [place_id])[0]
