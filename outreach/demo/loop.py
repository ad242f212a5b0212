"""The whole loop on the demo's files: import, stages, plan, send through `capture`, report."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

from outreach.app.context import Context, open_context
from outreach.app.events import import_event_file
from outreach.app.init import make_project
from outreach.app.planning import Plan, plan_campaign
from outreach.app.project import save_rules
from outreach.app.running import Tick
from outreach.app.stages import Standing, refresh_stages
from outreach.campaign.model import Campaign, ScheduleKind
from outreach.channels.capture.adapter import list_outbox, outbox_of
from outreach.clock import MovingClock
from outreach.demo.files import MOMENTS, DemoFiles, make_files
from outreach.demo.lifecycles import GIVEN_BY, SAMPLES_OWN, check_name, put_in_force
from outreach.errors import UsageError
from outreach.imports import Intake, Options, import_consents, import_customers, import_events
from outreach.lifecycle.load import GIVEN
from outreach.reports.funnel import Report, report
from outreach.scheduler import run_here
from outreach.store.engine import reading
from outreach.vocabulary import Status

MARK = "outreach-demo"  # a folder with this file is a demo's, and may be made anew
ORDERS_COME = MOMENTS[1]
FILES = "import"  # the files to import, in that folder
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo has to show."""

    folder: Path
    source: str  # "cdnow": real purchases; "sample": made up
    now: datetime  # when it began
    ended: datetime
    imports: dict[str, Intake]
    standing: Standing
    plans: dict[str, Plan]
    reports: dict[str, Report]
    mail: str
    text: str


def run_demo(folder: Path, tell: Tell, real: bool = True, lifecycle: str = SAMPLES_OWN) -> Shown:
    """Make the demo's project anew in `folder` and run it; `tell` hears of each step.

    UsageError where the folder is something else's, or no such lifecycle ships. Settings of the environment do not count:
    nothing leaves this machine.
    """
    check_name(lifecycle)
    for name in [each for each in os.environ if each.startswith("OUTREACH_")]:
        del os.environ[name]
    if _make_folder(folder):
        tell(f"the demo's project in {folder} is made anew; what was in it is gone")
    put_in_force(folder, lifecycle)
    tell("customers, purchases and consents are made")
    files = make_files(folder / FILES, real=real)
    context = open_context(folder, files.now.isoformat())
    try:
        return _run(context, folder, files, tell)
    finally:
        context.close()


def _run(context: Context, folder: Path, files: DemoFiles, tell: Tell) -> Shown:
    imports = dict(_import(context, files, tell))
    tell("stages are computed from the purchases")
    standing = refresh_stages(context)
    campaigns, floors = context.loaded.campaigns, context.company().floors
    by_floor = {floor.by for floor in floors}
    names = [name for name in sorted(campaigns) if name in by_floor or _comes(campaigns[name])]
    tell("the campaigns are planned")
    together = [name for name in names if _for_all_at_once(context, name)]
    plans = {name: plan_campaign(context, name) for name in together}
    clock = MovingClock(files.now)
    here = context.by(clock)
    tick = Tick(here)
    for number, moment in enumerate(files.moments, 1):
        tell(f"messages go out ({number} of {len(files.moments)})")
        clock.at = moment
        if moment == ORDERS_COME:
            import_event_file(here, files.week, Options())
        run_here(here, until_idle=True, stop=Event(), tick=tick)
    with reading(context.engine) as conn:
        reports = {name: report(conn, name) for name in names}
    mail, text = _samples(context)
    return Shown(
        folder,
        files.source,
        files.now,
        files.moments[-1],
        imports,
        standing,
        plans,
        reports,
        mail,
        text,
    )


def _comes(campaign: Campaign) -> bool:
    """Whether it goes out by itself."""
    by_hand = campaign.schedule.kind is ScheduleKind.MANUAL
    return campaign.status is Status.ACTIVE and not by_hand


def _for_all_at_once(context: Context, name: str) -> bool:
    """Whether it comes to its whole audience on one day: others begin for each customer alone."""
    return context.loaded.campaigns[name].schedule.kind in (ScheduleKind.CRON, ScheduleKind.EVERY)


def _make_folder(folder: Path) -> bool:
    """Make the project; whether it took the place of an earlier demo's."""
    was_there = (folder / MARK).exists()
    if folder.exists():
        if not (folder / MARK).exists() and any(folder.iterdir()):
            raise UsageError(f"`{folder}` is not a demo's folder", "name another one")
        _empty(folder)
    make_project(folder)
    (folder / MARK).touch()
    (folder / FILES).mkdir(exist_ok=True)
    return was_there


def _empty(folder: Path) -> None:
    """Remove all but the files to import, which may be the same this time, and the mark."""
    for each in folder.iterdir():
        if each.name in (FILES, MARK):
            continue
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()


def _import(context: Context, files: DemoFiles, tell: Tell) -> Iterator[tuple[str, Intake]]:
    save_rules(context)
    engine, company = context.engine, context.company()
    tell("customers are imported")
    options = Options(map={GIVEN_BY: "stage"} if company.lifecycle == GIVEN else {})
    yield "customers", import_customers(engine, files.customers, company, files.now, options)
    tell("purchases are imported")
    yield "events", import_events(engine, files.events, company, files.now)
    tell("consents are imported")
    yield "consents", import_consents(engine, files.consents, company, files.now)


def _samples(context: Context) -> tuple[str, str]:
    """A mail and an SMS as they were captured; empty where there is none."""
    found = {"email": "", "sms": ""}
    for each in list_outbox(outbox_of(context.environment), 2_000):
        found[each.channel] = found[each.channel] or each.path.read_text("utf-8", "replace")
    return found["email"], found["sms"]


def left_out(shown: Shown) -> Counter[str]:
    """Why customers of the audiences got nothing, over all campaigns."""
    found: Counter[str] = Counter()
    for each in shown.reports.values():
        found.update(each.skipped)
    return found
