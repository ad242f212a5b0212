"""The worker process: pumps rung by the broker, one process or several under supervision."""

import logging
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from dramatiq import Actor
from dramatiq import Worker as DramatiqWorker
from dramatiq.brokers.stub import StubBroker
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from outreach import queue
from outreach.channels.adapter import Adapter
from outreach.clock import Clock
from outreach.dispatch.away import Away
from outreach.dispatch.highwater import HighWater, Watermark
from outreach.dispatch.lease import Lease, register
from outreach.dispatch.pumps import Pumps
from outreach.dispatch.rulebook import Rulebook
from outreach.dispatch.shift import Limits, Shift
from outreach.dispatch.sweep import bury
from outreach.dispatch.trouble import kind_of
from outreach.errors import OutreachError
from outreach.logger import Logger
from outreach.store import channel_holds, deliveries
from outreach.store.engine import reading
from outreach.store.giving_up import give_up_at
from outreach.supervisor import Crew

log = Logger(__name__)
LOOK_SECONDS = 1.0  # how often an idle worker asks the database by itself
LOOK_HERE_SECONDS = 0.25  # … where no broker tells it of what another process has planned
PATIENCE = timedelta(minutes=2)  # with a provider that can not be used, before --until-idle ends
IDLE_SECONDS = 0.02  # between two questions whether anything is open
LISTEN_MS = 100  # to the broker at a time: so long its threads take to hear that they shall end
LISTEN_HERE_MS = 20  # where it is in this process, and asking costs next to nothing
TICK_SECONDS = 1.0  # between two ticks while there is
STOP_MS = 1_000  # of threads that serve nothing any more


class LeaseLost(OutreachError):  # noqa: N818
    """Raised when the worker was declared dead: what it held belongs to others."""

    code = "lease"

    def __init__(self) -> None:
        super().__init__("this worker was declared dead", "it is started again by itself")


@dataclass(frozen=True, slots=True)
class Duty:
    """All that a worker process needs; `clock` is the decisions'."""

    engine: Engine
    clock: Clock
    rulebook: Rulebook
    adapters: Callable[[str], Adapter]
    channels: Sequence[str]
    broker_url: str = "memory://"
    limits: Limits = Limits()  # noqa: RUF009  frozen
    threads: int = 2
    state: Path | None = None  # this machine's folder for what the database may forget


@contextmanager
def on_duty(
    duty: Duty, look_seconds: float | None = None, crew: Crew | None = None
) -> Iterator[tuple[Shift, Pumps]]:
    """A worker that serves while the block runs; at its end it settles and gives all back.

    What the dead of its `crew` held is free again before it begins.
    """
    give_up_at(math.inf, duty.engine)  # an earlier worker of this process has ended
    adapters = {channel: duty.adapters(channel) for channel in duty.channels}
    doorbell = queue.connect(duty.broker_url)
    high_water = HighWater(duty.engine, duty.state)
    high_water.compare()  # before anything can be claimed
    name = crew.name(os.getpid()) if crew else f"{socket.gethostname()}:{os.getpid()}"
    lapsed = bury(duty.engine, duty.rulebook, crew.names_of_dead()) if crew else []
    worker_id = register(duty.engine, name, duty.limits.lease)
    shift = Shift(duty.engine, worker_id, duty.clock, duty.rulebook, duty.limits)
    shift.tally.add(one.state for one in lapsed if not one.waits)
    log.info("worker begins", worker=worker_id, channels=list(duty.channels))
    lease = Lease(shift)
    watermark = Watermark(shift, high_water)
    if look_seconds is None:
        is_here = isinstance(doorbell.broker, StubBroker)
        look_seconds = LOOK_HERE_SECONDS if is_here else LOOK_SECONDS
    pumps = Pumps(shift, adapters, look_seconds)
    rung = _listen(doorbell, pumps, duty.threads)
    try:
        yield shift, pumps
    finally:
        shift.end()
        pumps.close()
        rung.stop(timeout=STOP_MS)
        watermark.close()
        lease.close()
        doorbell.broker.close()
        log.info("worker ends", worker=worker_id, **shift.tally.counts())


def _listen(doorbell: queue.Doorbell, pumps: Pumps, threads: int) -> DramatiqWorker:
    """Dramatiq's worker in this process; one call of the actor serves one turn, then rings again."""

    def serve_channel(channel: str) -> None:
        try:
            if pumps.serve(channel):
                doorbell.ring(channel)
        except Exception:  # the look finds the work again; the broker must not
            log.exception("serving failed", channel=channel)

    logging.getLogger("dramatiq").addFilter(_quieter)
    logging.getLogger("dramatiq.worker.ConsumerThread(channels)").addFilter(_quieter)
    Actor(
        serve_channel,
        broker=doorbell.broker,
        actor_name=queue.ACTOR,
        queue_name=queue.QUEUE,
        priority=0,
        options={},
    )
    doorbell.broker.emit_after("process_boot")  # Dramatiq's own command would have done so
    listen_ms = LISTEN_HERE_MS if isinstance(doorbell.broker, StubBroker) else LISTEN_MS
    worker = DramatiqWorker(doorbell.broker, worker_threads=threads, worker_timeout=listen_ms)
    worker.start()
    return worker


def _quieter(record: logging.LogRecord) -> bool:
    """Leave out what a broker that is down says each second; we have said it once."""
    return "connection error" not in record.msg and "Restarting consumer" not in record.msg


def run_worker(duty: Duty, stop: threading.Event, crew: Crew | None = None) -> dict[str, int]:
    """Serve until `stop` is set; how many deliveries moved to each state.

    LeaseLost ends it too, and OtherSchema where the database was brought up to date meanwhile.

    One of a `crew` stops as well once its supervisor is gone: nobody would start it again, or
    end it.
    """
    with on_duty(duty, crew=crew) as (shift, _):
        while not (stop.wait(0.2) or shift.ending()):
            if crew is not None and os.getppid() != crew.supervisor_pid:
                log.warning("supervisor is gone")
                break
    if shift.outdated is not None:
        raise shift.outdated
    if shift.lost.is_set():
        raise LeaseLost
    return shift.tally.counts()


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A channel that was waited for in vain, and how many messages of it are due."""

    away: Away
    messages: int


def run_until_idle(
    duty: Duty,
    tick: Callable[[], bool] = lambda: False,
    stop: threading.Event | None = None,
    give_up: Callable[[GivenUp], None] = lambda _: None,
    patience: timedelta = PATIENCE,
) -> dict[str, int]:
    """Serve until nothing is due, claimed or handing; how many deliveries moved to each state.

    A channel whose provider can not be used for `patience` is waited for no longer: `give_up` is
    told of it, and its messages stay due.

    `tick` plans what has come due and says whether it did anything; it is called until it did
    not, and once a second while anything is open. Waits for retries, and for the lease of a
    dead worker; not for what is held until later, nor for a channel that is held, of which
    `give_up` is told too. A worker that was declared dead meanwhile begins anew.
    """
    counts: dict[str, int] = {}
    ended = stop or threading.Event()
    idle, next_tick = False, 0.0
    while not (idle or ended.is_set()):
        with on_duty(duty) as (shift, pumps):
            while not (idle or ended.is_set() or shift.ending()):
                away = shift.away.since(patience)
                is_open = pumps.is_serving() or _is_anything_open(duty, shift, pumps, away)
                if not is_open or time.monotonic() >= next_tick:
                    idle = not tick() and not is_open
                    next_tick = time.monotonic() + TICK_SECONDS
                if not idle:
                    time.sleep(IDLE_SECONDS)
            for each in _given_up(duty, shift) if idle else ():
                give_up(each)
        for state, count in shift.tally.counts().items():
            counts[state] = counts.get(state, 0) + count
        if shift.outdated is not None:
            raise shift.outdated
    return counts


def _given_up(duty: Duty, shift: Shift) -> list[GivenUp]:
    """The channels that messages wait on which can not be used, or are held."""
    away = {each.channel: each for each in shift.away.since(timedelta())}
    with reading(duty.engine) as conn:
        for one in channel_holds.held(conn):
            why = " ".join(filter(None, (one.stage and f"{one.stage}:", one.code, one.detail)))
            away.setdefault(one.channel, Away(one.channel, one.place, one.since, why))
        waiting = {name: deliveries.waiting_on(conn, name, duty.clock.now()) for name in away}
    return [GivenUp(away[name], count) for name, count in sorted(waiting.items()) if count]


def _is_anything_open(duty: Duty, shift: Shift, pumps: Pumps, away: Sequence[Away]) -> bool:
    spent = pumps.spent_today()
    gone = {each.channel for each in away} | {name for name in spent if name in spent[name]}
    try:
        with reading(duty.engine) as conn:
            gone |= {one.channel for one in channel_holds.held(conn)}  # these wait for a person
            left = [channel for channel in duty.channels if channel not in gone]
            return deliveries.is_anything_open(conn, left, duty.clock.now(), spent)
    except SQLAlchemyError as error:
        if not shift.trouble.failed(error):
            log.warning("nobody knows what is open", error=kind_of(error))
        return True
