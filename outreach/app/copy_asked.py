"""What the copy of a simulation is asked at its end: several questions at once."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Engine

from outreach.app.planning import Cost
from outreach.app.reporting import cost_of_sent
from outreach.app.simulated import Simulated
from outreach.simulation import counting
from outreach.simulation.counting import Counted, Forgotten, Pestered, Touches
from outreach.simulation.drift import Drift, drift
from outreach.simulation.load import Load, loads
from outreach.simulation.starving import Starved, starved
from outreach.simulation.tasks import GivenOut, given_out
from outreach.store.engine import reading, writing

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said:
    """The answers, each as soon as it is there."""

    counted: Future[list[Counted]]
    touches: Future[Touches]
    cost: Future[Cost | None]
    starved: Future[list[Starved]]
    load: Future[list[Load]]
    stages: Future[dict[str, Drift]]
    tasks: Future[list[GivenOut]]
    pestered: Future[list[Pestered]]
    forgotten: Future[list[Forgotten]]


def ask_copy(sim: Simulated, pool: Executor, start: datetime, every: timedelta) -> Said:
    """Have the threads of a pool ask: both databases work outside Python's lock.

    In this order: whoever waits for what another question finds is behind it.
    """
    context, since = sim.context, sim.since
    company, campaigns = context.company(), context.loaded.campaigns
    context.engine.dispose()  # each idle connection keeps the pages that it has read

    def ask(question: Callable[[Connection], T]) -> Future[T]:
        return pool.submit(_answer, context.engine, question)

    def once_noted(question: Callable[[Connection], T]) -> Future[T]:
        return pool.submit(_answer_after, noted, context.engine, question)

    noted = pool.submit(_note, sim)
    fates = ask(lambda conn: counting.fates(conn, since))
    return Said(
        pestered=once_noted(lambda conn: counting.most_pestered(conn, since)),
        touches=once_noted(counting.touches),
        forgotten=once_noted(lambda conn: counting.most_forgotten(conn, since)),
        starved=ask(lambda conn: starved(conn, since, campaigns, company, every)),
        cost=ask(lambda conn: cost_of_sent(context, conn, since=start)),
        stages=ask(lambda conn: drift(conn, since)),
        tasks=ask(lambda conn: given_out(conn, since)),
        counted=pool.submit(lambda: counting.counted(fates.result())),
        load=pool.submit(lambda: loads(fates.result(), company)),
    )


def _note(sim: Simulated) -> None:
    with writing(sim.context.engine) as conn:
        counting.note_touches(conn, sim.since)


def _answer(engine: Engine, question: Callable[[Connection], T]) -> T:
    with reading(engine) as conn:
        return question(conn)


def _answer_after(noted: Future[None], engine: Engine, question: Callable[[Connection], T]) -> T:
    noted.result()
    return _answer(engine, question)
