"""What becomes of deliveries whose worker died, and of those a worker lost sight of."""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection, Engine

from outreach.dispatch.rulebook import Rulebook
from outreach.dispatch.settle import settled
from outreach.dispatch.shift import Shift
from outreach.errors import OutreachError
from outreach.logger import Logger
from outreach.store import custody, deliveries, lapses, workers
from outreach.store.custody import Settlement
from outreach.store.engine import reading, writing
from outreach.store.lapses import Lapse
from outreach.vocabulary import State

log = Logger(__name__)
LOST_SIGHT = "lost_sight"


def sweep(
    engine: Engine, rulebook: Rulebook, may_judge: Callable[[], bool] = lambda: True
) -> list[Lapse]:
    """Free what dead workers had claimed; what they were handing over is unknown, or sent again.

    All that died within a day are swept each time: a database can commit a claim or a handing
    after its client is gone. `may_judge` is asked once the database is ours: does a lease that has
    run out mean that its worker is dead?
    """
    with writing(engine) as conn:
        if not may_judge():
            return []
        dead = workers.declare_dead(conn)
        workers.forget(conn, dead)
    return _free(engine, rulebook, dead)


def bury(engine: Engine, rulebook: Rulebook, names: Sequence[str]) -> list[Lapse]:
    """As `sweep` for workers of these names alone, whose processes are known to have died."""
    if not names:
        return []
    with writing(engine) as conn:
        dead = workers.bury(conn, names)
    return _free(engine, rulebook, dead)


def _free(engine: Engine, rulebook: Rulebook, dead: Sequence[int]) -> list[Lapse]:
    if not dead:
        return []
    with reading(engine) as conn:  # compiles what is needed before anything is locked
        _resending(conn, rulebook, deliveries.runs_of_workers(conn, dead))
    with writing(engine) as conn:
        lapsed = lapses.lapse(conn, dead)
        unknown = [one for one in lapsed if one.state is State.UNKNOWN]
        resending = _resending(conn, rulebook, {one.run_id for one in unknown})
        again = lapses.send_again(conn, [one for one in unknown if one.run_id in resending])
    if lapsed:
        log.warning("lapsed", deliveries=len(lapsed), unknown=len(unknown), again=len(again))
    return [one for one in lapsed if one.id not in again]


def _resending(conn: Connection, rulebook: Rulebook, run_ids: Iterable[int]) -> set[int]:
    """Which of the runs say `on_unknown: resend`; one that can not be read does not."""
    found = set()
    for run_id, pin in deliveries.pins_of(conn, sorted(run_ids)).items():
        try:
            ruling = rulebook.ruling(conn, *pin)
        except OutreachError as error:
            log.error("run can not be decided about", run=run_id, error=type(error).__name__)
            continue
        if ruling.campaign.on_unknown == "resend":
            found.add(run_id)
    return found


class Stocktaking:
    """Compares what the database says a worker holds with what it knows of.

    A row is a stranger when two looks in a row find it so: between a commit and the moment its
    thread takes note, each row is one.
    """

    def __init__(self, shift: Shift) -> None:
        self._shift = shift
        self._before: dict[int, tuple[int, State]] = {}

    def compare(self) -> None:
        """Free claims whose commit was never confirmed; settle again what a crash took back."""
        shift = self._shift
        with reading(shift.engine) as conn:
            table = custody.held_by(conn, shift.worker_id)
        strangers = shift.holdings.strangers(table)
        both = {id_: row for id_, row in strangers.items() if self._before.get(id_) == row}
        self._before = strangers
        if both:
            self._take_in_hand(both)

    def _take_in_hand(self, strangers: dict[int, tuple[int, State]]) -> None:
        shift = self._shift
        claimed = [(id_, fence) for id_, (fence, state) in strangers.items()
                   if state is State.CLAIMED]  # fmt: skip
        handing = [self._settlement(id_, fence) for id_, (fence, state) in strangers.items()
                   if state is State.HANDING]  # fmt: skip
        with shift.writing() as conn:
            custody.give_back(conn, shift.worker_id, claimed)
            moved = settled(conn, handing, shift.instants().now)
        shift.tally.add(state for state in moved.values() if state is not State.DUE)
        log.warning("lost sight of deliveries", claimed=len(claimed), handing=len(handing))

    def _settlement(self, id_: int, fence: int) -> Settlement:
        known = self._shift.holdings.settlement(id_, fence)
        now = self._shift.real_clock.now()
        return known or Settlement(id_, fence, State.UNKNOWN, now, LOST_SIGHT)
