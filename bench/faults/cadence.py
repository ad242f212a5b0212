"""One touch a week, and four messages for each customer in the hands of many workers at once."""

import time
from pathlib import Path

from bench.faults.processes import kill
from bench.faults.row import Row, reckon
from bench.faults.sizes import Size
from bench.faults.world import Place, campaign, world
from bench.ground.project import FILES
from outreach.app.sending import Asked, send_by_hand

NOW = "2026-07-03T17:00"
GROUP = 50  # customers a worker: few, so that workers get in one another's way all the time


def cadence(place: Place, folder: Path, size: Size) -> Row:
    """Two campaigns of one priority, each sent twice at one instant.

    Between the two runs of a campaign no order decides: only the lock on a customer stands between
    a second message and the cap. Each run is for a small group, so that several workers are always
    at the runs of the same customers.
    """
    names = ("first", "second")
    files = {f"campaigns/{name}.yaml": campaign("{manual: true}") for name in names}
    company = FILES["outreach.yaml"].partition("cadence:")[0]
    company += "cadence: [{at_most: 1, per: 7 days}]\nquiet_hours: none\n"
    with world(place, folder, size.mails, files=files | {"outreach.yaml": company}) as here:
        keys = [f"k{number}" for number in range(here.people())]
        with here.context(NOW) as context:
            group = GROUP * size.workers
            for begin in range(0, len(keys), group):
                some = tuple(keys[begin : begin + group])
                for name in ("second", "second", "first", "first"):
                    send_by_hand(context, Asked(name, some, again=True))
        planned = sum(here.states().values())
        here.processes.start("worker", "--processes", size.workers, "--now", NOW)
        for number in range(size.faults):
            here.wait_for_mails((number + 0.5) * size.mails / size.faults)
            here.wait_for_workers(1)
            pid, worker_id = here.chance.choice(sorted(here.workers().items()))
            kill(pid)
            here.since.append(time.monotonic())
            here.watch([worker_id])
        here.wait_until_over()
        codes = here.processes.end_all()
        wrong = tuple(f"ended with {code}" for code in codes if code)
        if planned != 4 * here.people():
            wrong += (f"{planned} rows of {here.people()} customers",)
        faults = f"4 runs, {size.workers} workers, {size.faults} kills"
        return reckon(here, "cadence", faults, cap=1, planned=planned, wrong=wrong)
