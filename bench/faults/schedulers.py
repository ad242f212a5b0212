"""Two schedulers at once, of which one after the other is killed: each occurrence has one run."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bench.faults.row import Row, reckon
from bench.faults.sizes import Size
from bench.faults.world import Place, World, campaign, world
from bench.ground.project import FILES
from outreach.app.running import Tick
from outreach.store.engine import reading
from outreach.store.tables import runs

NOW = datetime(2026, 7, 3, 17, tzinfo=ZoneInfo("Europe/Berlin"))  # a Friday
SCHEDULE = '{cron: "0 17 * * FRI", timezone: Europe/Berlin}'
LAST_FAULT_AT = 0.8  # of the mails
CAMPAIGNS = ("first", "second")


def schedulers(place: Place, folder: Path, size: Size) -> Row:
    """Two schedulers make, plan and end the runs of two campaigns, both due at one instant."""
    files = {f"campaigns/{name}.yaml": campaign(SCHEDULE) for name in CAMPAIGNS}
    files["campaigns/everyone.yaml"] = campaign("{manual: true}")
    company = FILES["outreach.yaml"].partition("cadence:")[0]
    files["outreach.yaml"] = company + "cadence: none\nquiet_hours: none\n"
    with world(place, folder, size.mails // len(CAMPAIGNS), now=NOW, files=files) as here:
        with here.context("2026-07-03T08:00") as context:
            Tick(context)()  # from now on the campaigns are active
        two = [here.processes.start("scheduler", "--now", "2026-07-03T17:00") for _ in range(2)]
        here.processes.start("worker", "--processes", size.workers, "--now", "2026-07-03T17:00")
        here.wait(lambda: bool(here.states()))
        for number in range(size.faults):
            # where there are several kills the first one comes in the middle of planning
            part = number if size.faults > 1 else 0.5
            here.wait_for_mails(part * size.mails * LAST_FAULT_AT / size.faults)
            _wait_for_schedulers(here, len(two) + number)
            here.processes.kill_tree(two.pop(0))
            two.append(here.processes.start("scheduler", "--now", "2026-07-03T17:00"))
        _wait_for_schedulers(here, len(two) + size.faults)
        planned = len(CAMPAIGNS) * here.people()
        here.wait(lambda: sum(here.states().values()) >= planned)
        here.wait_until_over()
        here.wait(lambda: set(_states(here)) == {"done"})
        codes = here.processes.end_all()
        wrong = tuple(f"ended with {code}" for code in codes if code)
        if len(_states(here)) != len(CAMPAIGNS):
            wrong += (f"{len(_states(here))} runs of {len(CAMPAIGNS)} occurrences",)
        faults = f"2 schedulers, {size.faults} kills"
        return reckon(
            here, "two schedulers", faults, each=len(CAMPAIGNS), planned=planned, wrong=wrong
        )


def _wait_for_schedulers(here: World, count: int) -> None:
    """Return once so many have begun in all, those that were killed among them."""
    here.wait(lambda: here.processes.said().count("scheduler begins") >= count)


def _states(here: World) -> list[str]:
    with reading(here.engine) as conn:
        return list(conn.execute(select(runs.c.state)).scalars())
