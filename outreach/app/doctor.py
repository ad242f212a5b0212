"""Whether everything works: files, database, broker, providers, ages of open work, sums."""

from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta

from sqlalchemy import Connection

from outreach import queue
from outreach.app.admission import failing
from outreach.app.approvals import standing_of
from outreach.app.check import faults
from outreach.app.company_clock import clock_of, company_clock
from outreach.app.context import Context
from outreach.app.feedback import feedback_checks
from outreach.app.held_channels import told
from outreach.app.limits import at_work, limit_checks
from outreach.app.machine_keys import machine_keys
from outreach.app.mail_domains import mail_domains
from outreach.app.public_site import public_site
from outreach.app.recording import recording
from outreach.app.runs import run_with
from outreach.app.sound import sound_campaigns
from outreach.app.tasks import task_checks
from outreach.campaign.project import campaign_files
from outreach.channels.adapter import Check
from outreach.channels.registry import make_adapter
from outreach.clock import Instants, SystemClock
from outreach.errors import OutreachError
from outreach.settings.rules_file import BUILT_IN_CHANNELS
from outreach.store import health
from outreach.store.channel_holds import held
from outreach.store.engine import reading
from outreach.store.revisions import last_revision_at
from outreach.vocabulary import RunState, State, Status, number_of

# Older than this, something is wrong: a worker takes what is due within a second, and an answer
# to a message comes within the ten minutes that RFC 5321 4.5.3.2.6 grants a server.
OLDEST = {
    State.DUE: timedelta(minutes=5),
    State.HELD: timedelta(minutes=5),
    health.RETRY: timedelta(minutes=5),
    State.CLAIMED: timedelta(minutes=15),
    State.HANDING: timedelta(minutes=15),
    State.UNKNOWN: timedelta(days=1),  # a bounce or the provider's list may still tell
}


def examine(context: Context) -> list[Check]:
    """One line for each part, in order; nothing is sent and no file is changed."""
    found = [_files(context), *_no_runs(context), *_database(context), *machine_keys(context)]
    found.append(_broker(context))
    if context.loaded.company is not None:
        for channel in sorted(BUILT_IN_CHANNELS | context.company().channels.keys()):
            found += _channel(context, channel)
        found += feedback_checks(context)
    return [*found, *mail_domains(context), *public_site(context)]


def _files(context: Context) -> Check:
    found = faults(context)
    if found:
        return Check("files", False, f"problems: {len(found)}; run `outreach check`")
    return Check("files", True, f"{number_of(len(context.files.contents), 'file')}, no problems")


def _no_runs(context: Context) -> Iterator[Check]:
    """Active campaigns whose templates fail when they are filled in: only a scheduler's log said so."""
    for campaign, problems in failing(context):
        if campaign.status is Status.ACTIVE:
            yield Check(f"campaign {campaign.name}", False, f"makes no run: {problems[0]}")


def _database(context: Context) -> Iterator[Check]:
    kind = "SQLite" if context.environment.embedded else "PostgreSQL"
    try:
        engine = context.engine
    except OutreachError as error:
        yield Check("database", False, _said(error))
        return
    yield Check("database", True, f"{kind}, up to date")
    now = context.now()
    with reading(engine) as conn:
        workers = health.workers_alive(conn)
        yield Check("workers", True, f"alive: {workers}")
        at = Instants(now, SystemClock().now())
        company = context.loaded.company
        slowed = at_work(conn, company) if company else []
        for age in health.ages(conn, at):
            yield _age(age, at, workers, slowed)
        zone = company_clock(context)
        yield from (Check(f"channel {h.channel}", False, told(h, zone)) for h in held(conn))
        for run in health.stopped(conn):
            yield _awaiting(context, conn, run) if run.for_approval else _stopped(run)
        yield from _at_fault(context, conn)
        yield _sums(health.sums(conn))
        if company:
            yield from limit_checks(conn, company)
            yield from task_checks(conn, company)
    yield from recording(context, engine)


def _at_fault(context: Context, conn: Connection) -> Iterator[Check]:
    """Campaigns that have had runs, and whose files are wrong by now."""
    if context.loaded.company is None:
        return
    sound = {each.name for each in sound_campaigns(context, faults(context))}
    for name, path in campaign_files(context.files.contents):
        loaded = context.loaded.campaigns.get(name)
        in_order = name in sound or (loaded is not None and loaded.status is Status.ARCHIVED)
        last_at = None if in_order else last_revision_at(conn, name)
        if last_at is not None:
            of = clock_of(last_at, company_clock(context))
            what = f"{path} or a template of it is at fault; run `outreach check`"
            meanwhile = f"a scheduler that is running goes on with the files of {of}"
            yield Check(f"campaign {name}", False, f"{what}; {meanwhile}")


def _age(age: health.Age, at: Instants, workers: int, slowed: Sequence[str]) -> Check:
    name = f"deliveries {age.name}"
    if age.since is None:
        return Check(name, True, "none")
    # What is due is so by the decisions' clock, which `--now` freezes; so is the claim's instant.
    now = at.real_now if age.name == health.RETRY else at.now
    waited = max(now - age.since.astimezone(UTC), timedelta(0))
    detail = f"{age.deliveries:,}, the oldest for {_in_words(waited)}"
    late = waited > OLDEST[age.name]
    if late and workers and slowed and age.name in (State.DUE, State.HELD, health.RETRY):
        shown = ", ".join(slowed[:3])
        return Check(name, True, f"{detail}; rate limits let them out by and by: {shown}")
    if late and age.name == State.UNKNOWN:
        detail += "; nobody can say whether they arrived: ask the provider's log"
    elif late and not workers:
        detail += "; no worker is alive: run `outreach run` or `outreach worker`"
    return Check(name, not late, detail)


def _stopped(run: health.Stopped) -> Check:
    """A pause is somebody's wish; what was held, or has ended too soon, waits for one to look."""
    name = f"run {run.run_id}"
    detail = f"{run.campaign}, {run.state}; open messages: {run.waiting:,}"
    if run.state is RunState.PAUSED:
        return Check(name, True, detail)
    why = f"{run.reason}; " if run.reason else ""
    return Check(name, False, f"{detail}; {why}let it go on: `outreach runs resume {run.run_id}`")


def _awaiting(context: Context, conn: Connection, run: health.Stopped) -> Check:
    """What lacks by now, not as it was held: that says who lets it go, and how."""
    name, detail = (
        f"run {run.run_id}",
        f"{run.campaign}, {run.state}; open messages: {run.waiting:,}",
    )
    how = standing_of(context, conn, run_with(conn, run.run_id))
    if how is not None and not how.lacks:
        return Check(name, True, f"{detail}; it begins at a scheduler's next look")
    return Check(name, False, f"{detail}; {run.reason if how is None else how.lacks}")


def _sums(sums: list[health.Sum]) -> Check:
    wrong = [each for each in sums if each.planned != each.counted]
    if not wrong:
        return Check("planned = sum of states", True, f"in {number_of(len(sums), 'run')}")
    shown = ", ".join(f"run {w.run_id}: {w.planned} planned, {w.counted} there" for w in wrong[:5])
    return Check("planned = sum of states", False, shown)


def _broker(context: Context) -> Check:
    url = context.environment.broker_url.get_secret_value()
    kind = url.partition(":")[0]
    fault = queue.fault_of(url)
    if fault:
        hint = "is it running, and is OUTREACH_BROKER_URL right?"
        return Check("broker", False, f"{kind} at {fault}; {hint}")
    return Check("broker", True, kind)


def _channel(context: Context, channel: str) -> list[Check]:
    try:
        adapter = make_adapter(channel, context.company(), context.environment)
    except OutreachError as error:
        return [Check(channel, False, _said(error))]
    try:
        return list(adapter.check())
    finally:
        adapter.close()


def _said(error: OutreachError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _in_words(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    if minutes < 60:
        return number_of(minutes, "minute")
    hours = minutes // 60
    return number_of(hours, "hour") if hours < 48 else number_of(hours // 24, "day")
