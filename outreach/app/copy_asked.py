"""What the copy of a simulation is asked at its end: several questions at once."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime
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
from outreach.store.engine import reading

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


def ask_copy(sim: Simulated, pool: Executor, start: datetime, end: datetime) -> Said:
    """Have the threads of a pool ask: both databases work outside Python's lock."""
    context, since = sim.context, sim.since
    company, campaigns = context.company(), context.loaded.campaigns

    def ask(question: Callable[[Connection], T]) -> Future[T]:
        return pool.submit(_answer, context.engine, question)

    return Said(
        cost=ask(lambda conn: cost_of_sent(context, conn, since=start)),
        counted=ask(lambda conn: counting.count(conn, since)),
        pestered=ask(lambda conn: counting.most_pestered(conn, since)),
        touches=ask(lambda conn: counting.touches(conn, since)),
        forgotten=ask(lambda conn: counting.most_forgotten(conn, since)),
        load=ask(lambda conn: loads(conn, since, company)),
        starved=ask(lambda conn: starved(conn, since, campaigns, company)),
        stages=ask(lambda conn: drift(conn, start, end)),
        tasks=ask(lambda conn: given_out(conn, since)),
    )


def _answer(engine: Engine, question: Callable[[Connection], T]) -> T:
    with reading(engine) as conn:
        return question(conn)
