"""The scheduler's tick: active campaigns get a run for each occurrence that has come, once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from outreach.campaign.model import Campaign, ScheduleKind
from outreach.campaign.occurrences import occurrences
from outreach.logger import Logger
from outreach.planning.occasion import Occasion
from outreach.settings.company import Company
from outreach.store import activity, marks, runs
from outreach.store.activity import Activity
from outreach.store.engine import let_others_write, reading, writing
from outreach.store.revisions import Revision, digest_of, is_known_revision, save_revision
from outreach.store.runs import NewRun
from outreach.vocabulary import RunKind, RunState, Status

log = Logger(__name__)
MAY_HAVE_RUN = "the database is a restored backup: this may have been sent already"
MOST_AT_ONCE = 200  # runs made in one transaction
MOST_MISSED = 1_000  # of a campaign, recorded one by one; of those before only the number is told
PAST = "its time was past when the campaign was first seen active"
LONG_AGO = timedelta(days=3660)
JUST_BEFORE = timedelta(microseconds=1)
WIDEST_DAY = timedelta(hours=28)  # from the first place that sees a local time to the last


@dataclass(frozen=True, slots=True)
class Candidate:
    """A campaign of the project with the files that a revision of it pins."""

    campaign: Campaign
    files: Mapping[str, bytes]


def make_due_runs(
    engine: Engine,
    company: Company,
    project: Iterable[Candidate],
    now: datetime,
    admit: Callable[[Candidate], bool] = lambda _: True,
) -> list[int]:
    """Make the runs of every occurrence up to `now` that has none yet; their ids.

    `admit` is asked once about files that no run had before; what it refuses gets no run.
    Two schedulers may tick at once: the unique key of runs lets one win.
    """
    with reading(engine) as conn:
        known = activity.activities(conn)
    made = []
    for each in project:
        made += _tick(engine, company, each, known.get(each.campaign.name), now, admit)
    return made


def _tick(
    engine: Engine,
    company: Company,
    each: Candidate,
    known: Activity | None,
    now: datetime,
    admit: Callable[[Candidate], bool],
) -> list[int]:
    name, by_hand = each.campaign.name, each.campaign.schedule.kind is ScheduleKind.MANUAL
    lives = each.campaign.is_journey or not by_hand
    active = each.campaign.status is Status.ACTIVE and lives
    since = None if known is None else known.active_since
    if not active:
        if since is not None:
            with writing(engine) as conn:
                activity.deactivate(conn, name)
        return []
    if known is None or since is None or since > now or known.looked_until is None:
        known = _activate(engine, each.campaign, now)
        _note_past(engine, each, company, known, now)
    elif known.looked_until > now:
        known = _look_again(engine, each.campaign, since, now)
    if known.digest != digest_of(each.files):
        _show(engine, each, known, now)
    found = _found(each.campaign, company, known, now)
    if not found:
        return []
    with reading(engine) as conn:
        is_new = not is_known_revision(conn, name, each.files)
    if is_new and not admit(each):
        return []
    made = []
    for first in range(0, len(found), MOST_AT_ONCE):
        with writing(engine) as conn:
            made += _make(conn, each, company, known, found[first : first + MOST_AT_ONCE], now)
        let_others_write(engine)
    return made


def _activate(engine: Engine, campaign: Campaign, now: datetime) -> Activity:
    """Switched on: places that have yet to see a local time of today will see it."""
    with writing(engine) as conn:
        activity.activate(conn, campaign.name, now, _just_before(campaign, now))
        return activity.activities(conn)[campaign.name]


def _just_before(campaign: Campaign, at: datetime) -> datetime:
    """Before the first instant of any occurrence that some place has yet to see at `at`."""
    back = WIDEST_DAY if campaign.schedule.timezone == "customer" else timedelta(0)
    return at - back - JUST_BEFORE


def _look_again(engine: Engine, campaign: Campaign, since: datetime, now: datetime) -> Activity:
    """Forget how far a clock looked that was ahead: what it called missed may be yet to come."""
    with writing(engine) as conn:
        activity.look_again(conn, campaign.name, _just_before(campaign, since), now)
        return activity.activities(conn)[campaign.name]


def _note_past(
    engine: Engine, each: Candidate, company: Company, known: Activity, now: datetime
) -> None:
    """Record a single occurrence that was over when its campaign was first active as missed."""
    schedule = each.campaign.schedule
    if schedule.kind is not ScheduleKind.AT:
        return
    for found in occurrences(schedule, company.brand.timezone, now - LONG_AGO, now):
        occasion = Occasion(None, found.local) if found.local else Occasion(found.instant_at, None)
        if occasion.last_at < now:
            with writing(engine) as conn:
                revision = save_revision(conn, each.campaign.name, each.files, now)
                new = _run(each.campaign, company, revision, occasion, known, now)
                run_id = runs.make_run(conn, new)
                if run_id is not None:
                    runs.set_state(conn, run_id, RunState.MISSED, PAST)


def _show(engine: Engine, each: Candidate, known: Activity, now: datetime) -> None:
    """Let workers see the files as they stand: other campaigns reserve slots for their next run."""
    with writing(engine) as conn:
        revision = save_revision(conn, each.campaign.name, each.files, now)
        activity.looks_so(conn, known.campaign_id, revision.id)


def _found(campaign: Campaign, company: Company, known: Activity, now: datetime) -> list[Occasion]:
    """What has come and has no run yet, in order: all that is in time, the newest of the missed."""
    missed: deque[Occasion] = deque(maxlen=MOST_MISSED)
    in_time = []
    number = 0
    for occasion in _new(campaign, company, known, now):
        if _is_missed(campaign, occasion, now):
            missed.append(occasion)
            number += 1
        else:
            in_time.append(occasion)
    if number:
        log.warning("missed", campaign=campaign.name, occurrences=number, recorded=len(missed))
    return [*missed, *in_time]


def _is_missed(campaign: Campaign, occasion: Occasion, now: datetime) -> bool:
    return occasion.last_at + campaign.schedule.late < now


def _new(
    campaign: Campaign, company: Company, known: Activity, now: datetime
) -> Iterator[Occasion]:
    if known.looked_until is None or known.active_since is None:
        return
    zone = company.brand.timezone
    for each in occurrences(campaign.schedule, zone, known.looked_until, now):
        occasion = Occasion(None, each.local) if each.local else Occasion(each.instant_at, None)
        if occasion.last_at >= known.active_since:
            yield occasion


def _make(
    conn: Connection,
    each: Candidate,
    company: Company,
    known: Activity,
    found: Sequence[Occasion],
    now: datetime,
) -> list[int]:
    """Make these runs; the ids of those that are to be planned."""
    restored_until = marks.restored_until(conn)
    revision = save_revision(conn, each.campaign.name, each.files, now)
    made = []
    for occasion in found:
        new = _run(each.campaign, company, revision, occasion, known, now)
        is_missed = _is_missed(each.campaign, occasion, now)
        run_id = runs.make_run(conn, new) or (None if is_missed else runs.run_after_all(conn, new))
        if run_id is None:
            continue
        if is_missed:
            runs.set_state(conn, run_id, RunState.MISSED, "nothing ran within `late`")
        elif restored_until is not None and occasion.first_at <= restored_until:
            runs.set_state(conn, run_id, RunState.HELD, MAY_HAVE_RUN)
        else:
            made.append(run_id)
    activity.looked(conn, known.campaign_id, max(each.first_at for each in found))
    return made


def _run(
    campaign: Campaign,
    company: Company,
    revision: Revision,
    occasion: Occasion,
    known: Activity,
    now: datetime,
) -> NewRun:
    new = NewRun(
        campaign_id=revision.campaign_id,
        revision_id=revision.id,
        kind=RunKind.SCHEDULE,
        occurrence_at=occasion.first_at,
        local_at=occasion.local_at,
        rank=rank_of(campaign, company),
        created_at=now,
        channels=campaign.steps[0].channels,
    )
    if known.active_since is not None and occasion.first_at < known.active_since:
        return replace(new, params={"active_since": known.active_since.isoformat()})
    return new


def rank_of(campaign: Campaign, company: Company) -> int:
    """Where a run stands in the claim order, lowest first: transactional, then by priority."""
    topic = company.topics.get(campaign.topic)
    ordered = topic is not None and topic.transactional
    return (0 if ordered else 1000) + 100 - campaign.priority
