"""Withdrawals at random moments while workers send at full speed."""

import sys
from pathlib import Path

from bench.faults.record import ROOT
from bench.faults.row import Row, reckon
from bench.faults.sizes import Size
from bench.faults.world import CUSTOMERS_PER_MAIL, Place, world

sys.path.append(str(ROOT / "tests"))  # where the tests' modules find one another
from consent_race import begun_after, withdraw_at_random

GAP = (0.5, 1.0)  # seconds at the dot: sending takes about as long as to say so many noes
CONNECTIONS = 4  # of a worker


def consent(place: Place, folder: Path, size: Size) -> Row:
    """Everyone withdraws; whose MAIL FROM came after the withdrawal was confirmed."""
    people = round(size.mails * CUSTOMERS_PER_MAIL)
    keys = [f"k{number}" for number in range(people) if number % 10 != 9]  # who said no before
    with world(place, folder, size.mails, gap=GAP) as here:
        here.processes.start("worker", "--processes", size.workers)
        here.wait_for_workers(size.workers)
        with here.context() as context:
            here.send()
            here.wait(lambda: here.post.read() > 0)
            seconds = size.mails / (size.workers * CONNECTIONS) * sum(GAP) / len(GAP)
            confirmed = withdraw_at_random(context, keys, within_seconds=seconds, threads=8)
        here.wait_until_over()
        codes = here.processes.end_all()
        began = {f"k{address[9:].partition('@')[0]}@example.com": moments
                 for address, moments in here.post.began.items()}  # fmt: skip
        late = begun_after(began, confirmed)
        wrong = tuple(f"ended with {code}" for code in codes if code)
        wrong += (f"{len(late)} began after a confirmed withdrawal",) if late else ()
        if not 0 < len(here.post.began) < len(keys):
            wrong += ("there was no race",)
        faults = f"{len(confirmed)} withdrawals, {len(late)} overrun"
        return reckon(here, "consent race", faults, wrong=wrong)
