"""Customers who have come to a message of their journey get a delivery of it, decided by the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    Update,
    and_,
    case,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.dml import ReturningInsert

from outreach.campaign.model import Step, Wait
from outreach.campaign.trials import trial_of
from outreach.decisions.asking import Question, everywhere
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.localities import localities
from outreach.decisions.ruling import Ruling
from outreach.decisions.winners import with_journey_winner
from outreach.planning.decided import Decided
from outreach.planning.occasion import REPEAT
from outreach.planning.rows import delivery_rows, due_at_of_row
from outreach.planning.tick import MAY_HAVE_RUN, rank_of
from outreach.store import marks, runs
from outreach.store.dialect import insert, is_any_of, one_at_a_time, shift
from outreach.store.engine import begin_write, let_others_write, pace_on, reading, writing
from outreach.store.journey_winners import Trial, begin_trial
from outreach.store.pace import Pace
from outreach.store.runs import NewRun, Run
from outreach.store.spelling import latest
from outreach.store.tables import deliveries, enrolments
from outreach.store.tables import runs as runs_table
from outreach.store.types import Instant
from outreach.vocabulary import Origin, RunKind, RunState

MOST = 20_000  # enrolments decided about in one statement
FIRST_WRITTEN = 2_500  # … and written of them in the first transaction
OF_ONE_RUN = timedelta(hours=1)  # who comes to a step within it belongs to one run
SHORTEST = timedelta(microseconds=1)
e, d = enrolments.c, deliveries.c
Come = tuple[int, int]  # a customer and their enrolment


@dataclass(frozen=True, slots=True)
class Desk:
    """One message of a campaign's revision, and where on the way it stands."""

    engine: Engine
    ruling: Ruling
    position: int

    @property
    def step(self) -> Step:
        """The message."""
        return self.ruling.step

    @property
    def waits_after(self) -> timedelta:
        """The span that is waited behind it in any case."""
        stops = self.ruling.campaign.stops
        behind = stops[self.position].then
        what = stops[behind].what if behind < len(stops) else None
        return what.span if isinstance(what, Wait) and what.span is not None else timedelta(0)

    def are_here(self, now: datetime) -> ColumnElement[bool]:
        """The enrolments that have come to the message and have no delivery yet."""
        return and_(self.are_still_here(), e.next_at <= now)

    def are_still_here(self) -> ColumnElement[bool]:
        """The same of enrolments that were found by it: no index leads to them but their ids'."""
        return and_(
            e.revision_id == self.ruling.revision_id,
            e.position == self.position,
            e.begun.is_(False),
            e.ended_at.is_(None),
        )


def plan_arrivals(desk: Desk, now: datetime) -> int:
    """Plan the message for everyone who has come to it; how many deliveries that made.

    Each page is one statement of the chain, and transactions that write deliveries and move the same
    enrolments on: a crash between any two leaves nobody with two deliveries, or none.
    """
    total, fresh, pace = 0, False, pace_on(desk.engine, FIRST_WRITTEN, MOST)
    while True:
        run = _run_for(desk, now, fresh=fresh)
        if run is None:
            return total
        page = _page(desk, run, now)
        if not page:
            fresh = True  # all that are left have one in this run already
            continue
        made = _plan(desk, run, page, now, pace)
        if not made:
            return total  # another scheduler is at it; who is left has their turn at the next look
        total, fresh = total + made, False


def _page(desk: Desk, run: Run, now: datetime) -> list[Come]:
    """The next of those whom the run may have, by customer: no delivery of it is theirs yet."""
    theirs = select(d.id).where(
        d.run_id == run.id,
        d.run_at == run.occurrence_at,
        d.step == desk.step.id,
        d.customer_id == e.customer_id,
    )
    # A value and no EXISTS: PostgreSQL would join both, and statistics know nothing of a run just
    # made. It took each of the one with all of the other.
    free = theirs.correlate(enrolments).scalar_subquery().is_(None)
    query = select(e.customer_id, e.id).where(desk.are_here(now), _belongs(run), free)
    with reading(desk.engine) as conn:
        rows = conn.execute(query.order_by(e.next_at, e.id).limit(MOST))
        return sorted(map(tuple, rows))  # what is written side by side lies side by side


def _belongs(run: Run) -> ColumnElement[bool]:
    """A run of an occurrence takes those who came in by it; any other takes all others."""
    own = and_(e.origin == Origin.RUN.value, e.origin_id == run.id)
    return true() if run.kind is RunKind.JOURNEY else own


def _run_for(desk: Desk, now: datetime, *, fresh: bool) -> Run | None:
    """The run whose turn it is: the occurrence's own for its first message, else the hour's.

    None: nobody has come. `fresh`: the hour's last one will not do.
    """
    with reading(desk.engine) as conn:
        first = conn.execute(
            select(e.origin, e.origin_id, e.next_at)
            .where(desk.are_here(now))
            .order_by(e.next_at, e.id)
            .limit(1)
        ).first()
        if first is None:
            return None
        if desk.position == 0 and first.origin == Origin.RUN and not fresh:
            run = runs.run_by_id(conn, first.origin_id)
            if run is not None and run.state is not RunState.CANCELLED:
                return run
        run = None if fresh else _of_this_hour(conn, desk, now)
        restored_until = marks.restored_until(conn)
    may_have_run = restored_until is not None and first.next_at <= restored_until
    return run or _make(desk, now, held=may_have_run)


def _of_this_hour(conn: Connection, desk: Desk, now: datetime) -> Run | None:
    r = runs_table.c
    query = select(r.id).where(
        r.campaign_id == desk.ruling.campaign_id,
        r.revision_id == desk.ruling.revision_id,
        r.step == desk.step.id,
        r.kind == RunKind.JOURNEY.value,
        r.occurrence_at > now - OF_ONE_RUN,
        r.occurrence_at <= now + OF_ONE_RUN,
        r.state.not_in((RunState.CANCELLED.value, RunState.HELD.value)),
    )
    found = conn.execute(query.order_by(r.occurrence_at.desc()).limit(1)).scalar()
    return None if found is None else runs.run_by_id(conn, found)


def _make(desk: Desk, now: datetime, *, held: bool) -> Run:
    ruling, at = desk.ruling, now
    while True:
        new = NewRun(
            campaign_id=ruling.campaign_id,
            revision_id=ruling.revision_id,
            kind=RunKind.JOURNEY,
            occurrence_at=at,
            rank=rank_of(ruling.campaign, ruling.company),
            created_at=now,
            step=desk.step.id,
            channels=desk.step.channels,
        )
        with writing(desk.engine) as conn:
            run_id = runs.make_run(conn, new)
            if run_id is not None:
                state = RunState.HELD if held else RunState.RUNNING
                runs.set_state(conn, run_id, state, MAY_HAVE_RUN if held else None)
                run = runs.run_by_id(conn, run_id)
                assert run is not None
                return run
        at += SHORTEST  # there is one of this very instant


def _plan(desk: Desk, run: Run, page: Sequence[Come], now: datetime, pace: Pace) -> int:
    """Decide about the enrolments together, then write by short transactions; deliveries made."""
    total = 0
    with desk.engine.connect() as conn:
        ids = [id_ for _, id_ in page]
        decided = Decided(conn, _question(conn, desk, run, ids, now))
        conn.commit()
        try:
            while page:
                some, page = page[: pace.rows], page[pace.rows :]
                with begin_write(conn, pace):
                    made = _write(conn, desk, run, decided, some, now)
                    if made is None:
                        conn.rollback()
                        return total
                total += made
                let_others_write(desk.engine)
        finally:
            decided.drop()
            conn.commit()
    return total


def _question(
    conn: Connection, desk: Desk, run: Run, ids: Sequence[int], now: datetime
) -> Question:
    facts = marks.facts_for(conn, now)
    by_hand = run.kind is RunKind.MANUAL and not run.params.get("again", True)
    scope = Scope(
        run_at=run.occurrence_at, run_id=run.id, seen_at=now, enrolled=tuple(ids), facts=facts,
        repeats_within=run.created_at - REPEAT if by_hand else None,
    )  # fmt: skip
    scope = with_journey_winner(conn, desk.ruling, scope)
    return ask_base(conn, desk.ruling, scope, everywhere(localities(conn), now))


def _write(
    conn: Connection, desk: Desk, run: Run, decided: Decided, some: Sequence[Come], now: datetime
) -> int | None:
    """Deliveries of those who are still there; how many. None: the run was cancelled meanwhile."""
    one_at_a_time(conn, "journeys")
    row = decided.table.c
    theirs = and_(row.id.between(some[0][0], some[-1][0]), e.customer_id == row.id)
    here = and_(theirs, is_any_of(conn, e.id, [id_ for _, id_ in some]), desk.are_still_here())
    made = list(conn.execute(_insert(conn, desk, run, decided, here)).scalars())
    if not made:
        return 0
    _begin_trial(conn, desk.ruling, made)
    conn.execute(_begin(desk, run, decided, and_(theirs, is_any_of(conn, e.id, made)), now))
    r = runs_table.c
    more = update(runs_table).where(r.id == run.id, r.state != RunState.CANCELLED.value)
    more = more.values(planned=r.planned + len(made))
    if conn.execute(more.returning(r.id)).scalar() is None:
        return None
    runs.reopen(conn, [run.id])
    return len(made)


def _begin_trial(conn: Connection, ruling: Ruling, ids: Sequence[int]) -> None:
    """Note when the journey's winner is chosen: so long after the first message of the test.

    What is left out begins nothing, what is held begins it when it goes.
    """
    winner, name = ruling.campaign.winner, trial_of(ruling.campaign)
    if winner is None or name is None:
        return
    tried = select(func.min(d.due_at)).join(enrolments, e.id == d.enrolment_id)
    goes = (e.tried_in == name, d.step == ruling.step.id, d.ready)
    first = conn.execute(tried.where(is_any_of(conn, d.enrolment_id, ids), *goes)).scalar()
    if first is not None:
        trial = Trial(ruling.campaign_id, name, ruling.revision_id)
        begin_trial(conn, trial, first + winner.after)


def _insert(
    conn: Connection, desk: Desk, run: Run, decided: Decided, here: ColumnElement[bool]
) -> ReturningInsert[Any]:
    """Write their deliveries and lock their enrolments, which it returns."""
    rows = delivery_rows(run, desk.ruling, decided, planned_at=e.next_at)
    source: Select[Any] = rows.add_columns(e.id.label("enrolment_id")).where(here)
    locked = source.with_for_update(of=enrolments, key_share=True)
    names = [column.name for column in source.selected_columns]
    made = insert(conn, deliveries).from_select(names, locked).on_conflict_do_nothing()
    return made.returning(d.enrolment_id)


def _begin(
    desk: Desk, run: Run, decided: Decided, those: ColumnElement[bool], now: datetime
) -> Update:
    """Note when what came of the message may matter: not before the wait behind it can be over."""
    row, moment = decided.table.c, literal(now, Instant())
    may_be_over = latest(shift(due_at_of_row(row), desk.waits_after), moment)
    next_at = case((row.code.is_(None), may_be_over), else_=moment)
    begun = update(enrolments).where(those)
    return begun.values(begun=True, run_id=run.id, next_at=next_at)
