"""How one customer was decided in a run: what is recorded, and the rules asked as of then."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from outreach.app.context import Context
from outreach.app.explaining import customer_of
from outreach.app.running import scope_of
from outreach.app.runs import run_with
from outreach.app.sentences import Clock, absence, again, history
from outreach.decisions.asking import everywhere
from outreach.decisions.candidate import Scope
from outreach.decisions.explain import Answer, Explanation, explain
from outreach.decisions.loading import ruling_at
from outreach.decisions.localities import Locality, localities
from outreach.decisions.ruling import Ruling
from outreach.decisions.winners import with_winner
from outreach.errors import UsageError
from outreach.planning.next_time import Search, next_time
from outreach.planning.occasion import occasion_of_run
from outreach.store.engine import reading
from outreach.store.marks import facts_for
from outreach.store.records import (
    Answered,
    Failed,
    Recorded,
    answers_to,
    failures_of,
    recorded,
)
from outreach.store.runs import Run
from outreach.store.tables import revisions
from outreach.vocabulary import Decision, State


@dataclass(frozen=True, slots=True)
class ExplainedThen:
    """A customer in a run; instants are aware UTC.

    `recorded`: decision, reason, channel and until are the run's own record; else they are what
    the run's revision decides `as_of`. `rules` are always asked `as_of`, with what was
    recorded by then, but addresses and other columns as they stand now. `said` tells it all in sentences.
    """

    campaign: str
    key: str
    run: int
    revision: str
    recorded: bool
    at: datetime  # the customer's planned instant
    as_of: datetime
    decision: Decision
    reason: str | None  # None for send
    until: datetime | None
    channel: str | None
    variant: str | None
    locale: str | None
    timezone: str
    next: datetime | None  # of what was left out, by what is known of then
    state: State | None
    state_reason: str | None  # of a message that failed, say
    claimed_at: datetime | None
    sent_at: datetime | None
    attempts: tuple[Answered, ...]
    failed: tuple[Failed, ...]  # channels that it fell over from, in order
    said: tuple[str, ...]
    rules: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """All that was looked up."""

    key: str
    run: Run
    revision: str
    clock: Clock
    at: datetime
    as_of: datetime
    record: Recorded | None
    attempts: tuple[Answered, ...]
    failed: tuple[Failed, ...]
    asked: Explanation
    next: datetime | None


def explain_in_run(context: Context, name: str, key: str, run_id: int) -> ExplainedThen:
    """How a run decided about a customer; UsageError for a run of another campaign or of none."""
    with reading(context.engine) as conn:
        run = run_with(conn, run_id)
        if run.campaign != name:
            raise UsageError(
                f"run {run_id} is of `{run.campaign}`", f"see `outreach runs list {name}`"
            )
        customer_id, place = customer_of(conn, key)
        found = _found(context, conn, run, key, customer_id, place)
    return _told(found)


def _found(
    context: Context, conn: Connection, run: Run, key: str, customer_id: int, place: Locality
) -> _Found:
    record = recorded(conn, run.id, customer_id)
    at, ruling = _instant(conn, run, record, place)
    as_of = at if record is None else record.decided_at
    facts = facts_for(conn, min(context.now(), as_of), customer_id)
    scope = _scope(run, as_of, customer_id, record, facts)
    scope = with_winner(conn, ruling, run.id, scope, as_of)
    if record is not None and record.was_past:
        scope = replace(scope, past=frozenset({place.id}))
    digest = select(revisions.c.digest).where(revisions.c.id == run.revision_id)
    asked = explain(conn, ruling, scope, place, everywhere(localities(conn), as_of))
    search = Search(ruling, replace(scope, mine=None), place, as_of)
    return _Found(
        key=key,
        run=run,
        revision=conn.execute(digest).scalar_one()[:12],
        clock=Clock(ruling.grid.calendar_zone(place)),
        at=at,
        as_of=as_of,
        record=record,
        attempts=() if record is None else answers_to(conn, record.id),
        failed=() if record is None else failures_of(conn, record.id),
        asked=asked,
        next=next_time(conn, search, asked.verdict, asked.answers),
    )


def _instant(
    conn: Connection, run: Run, record: Recorded | None, place: Locality
) -> tuple[datetime, Ruling]:
    """When the customer's turn came or comes, and the ruling of the run and of the rules then."""
    decided_at = run.occurrence_at if record is None else record.decided_at
    ruling = ruling_at(conn, run.revision_id, decided_at, run.step)
    if record is not None:
        return record.planned_at, ruling
    return occasion_of_run(run).instants(ruling.grid, [place])[place.id], ruling


def _scope(
    run: Run, as_of: datetime, customer_id: int, record: Recorded | None, facts: str
) -> Scope:
    mine = None if record is None else (record.id,)
    return replace(scope_of(run, as_of, facts), mine=mine, about=customer_id, then=True)


def _told(found: _Found) -> ExplainedThen:
    record, verdict = found.record, found.asked.verdict
    decision = verdict.decision if record is None else record.decision
    sent = decision is Decision.SEND
    reason = verdict.reason if record is None else record.reason
    source = verdict if record is None else record
    return ExplainedThen(
        campaign=found.run.campaign,
        key=found.key,
        run=found.run.id,
        revision=found.revision,
        recorded=record is not None,
        at=found.at,
        as_of=found.as_of,
        decision=decision,
        reason=None if sent else reason,
        until=source.until,
        channel=source.channel,
        variant=source.variant,
        locale=source.locale,
        timezone=found.clock.zone.key,
        next=_next(found),
        state=None if record is None else record.state,
        state_reason=None if record is None else record.reason,
        claimed_at=None if record is None else record.claimed_at,
        sent_at=None if record is None else record.sent_at,
        attempts=found.attempts,
        failed=found.failed,
        said=tuple(_said(found)),
        rules=found.asked.answers,
    )


def _next(found: _Found) -> datetime | None:
    """When it would have been allowed next; None where it was, or what the rules read has changed."""
    record, verdict = found.record, found.asked.verdict
    left_out = (verdict if record is None else record).decision is Decision.SKIP
    is_same = record is None or not again(record, verdict)
    return found.next if left_out and is_same else None


def _said(found: _Found) -> list[str]:
    verdict, record, clock = found.asked.verdict, found.record, found.clock
    about = f"Run {found.run.id} of {found.run.campaign}, revision {found.revision}"
    if record is None:
        said = absence(found.run, verdict, found.at, found.key, clock)
        return [f"{about}, has no message for {found.key}", *said]
    said = history(record, found.attempts, found.failed, clock)
    if (next_at := _next(found)) is not None:
        said.append(f"next possible, by what was known then: {clock.local(next_at)}")
    return [f"{about}, planned for {clock.local(found.at)}", *said, *again(record, verdict)]
