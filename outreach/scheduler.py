"""The scheduler: ticks, in a process of its own or beside a worker."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from outreach import queue
from outreach.app.context import Context
from outreach.app.feedback import Watch, watched
from outreach.app.running import Tick, channels_of, finish
from outreach.channels.registry import make_adapter
from outreach.decisions.loading import present_company
from outreach.dispatch.letters import ProjectRulebook, Signer
from outreach.dispatch.retry import Backoff
from outreach.dispatch.shift import Limits
from outreach.errors import SetupError
from outreach.logger import Logger
from outreach.settings.company import Company
from outreach.settings.company_file import COMPANY_FILE
from outreach.settings.environment import Environment
from outreach.store.engine import reading
from outreach.store.revisions import company_digest
from outreach.store.schema import OtherSchema
from outreach.supervisor import Crew
from outreach.worker import Duty, GivenUp, LeaseLost, run_until_idle, run_worker

log = Logger(__name__)


def run_scheduler(context: Context, stop: threading.Event) -> None:
    """Tick until `stop` is set; two schedulers at once are harmless."""
    tick = Tick(context)
    doorbell = queue.connect(context.environment.broker_url.get_secret_value())
    log.info("scheduler begins", planner=tick.planner)
    try:
        with watched(lambda: tick.context, stop):
            ended = _keep_ticking(tick, context.environment.tick_seconds, stop)
    finally:
        doorbell.broker.close()
        log.info("scheduler ends", planner=tick.planner)
    if ended is not None:
        raise ended


def _keep_ticking(tick: Tick, every_seconds: float, stop: threading.Event) -> OtherSchema | None:
    """Tick until `stop` is set, or until this process's code is not the database's any more."""
    while not stop.is_set():
        began = time.monotonic()
        try:
            tick()
        except OtherSchema as error:
            log.error("scheduler ends", why=error.message, hint=error.hint)
            stop.set()
            return error
        except Exception:  # of one tick: the next one may do, and nobody would start it again
            log.exception("tick failed")
        stop.wait(max(0.0, every_seconds - (time.monotonic() - began)))
    return None


def run_here(
    context: Context,
    *,
    until_idle: bool,
    stop: threading.Event,
    threads: int = 2,
    give_up: Callable[[GivenUp], None] = lambda _: None,
    tick: Tick | None = None,
) -> dict[str, int]:
    """Scheduler and worker in this process, until nothing is due or until `stop` is set.

    How many deliveries moved to each state; `sent`, `failed` and `unknown` are always among them.
    With `until_idle` a channel whose provider can not be used is not waited for without end:
    `give_up` is told of it. `tick`: of an earlier call, which has read the project's files.
    """
    tick = tick or Tick(context)
    expired = tick.expired
    if until_idle:
        tick()  # the company's rules are in the database from here on
        Watch(lambda: tick.context).once(stop)
        counts = run_until_idle(duty_of(context, threads), tick, stop, give_up)
        finish(context)
    else:
        counts = _serve_and_tick(context, tick, stop, threads)
    if tick.expired > expired:
        counts["expired"] = counts.get("expired", 0) + tick.expired - expired
    return {"sent": 0, "failed": 0, "unknown": 0, **counts}


def _serve_and_tick(
    context: Context, tick: Tick, stop: threading.Event, threads: int
) -> dict[str, int]:
    every_seconds = context.environment.tick_seconds
    with watched(lambda: tick.context, stop), ThreadPoolExecutor(1, "tick") as pool:
        ticking = pool.submit(_keep_ticking, tick, every_seconds, stop)
        try:
            counts = serve(duty_of(context, threads), stop)
        finally:
            stop.set()
    ended = ticking.result()
    if ended is not None:
        raise ended
    return counts


def serve(duty: Duty, stop: threading.Event, crew: Crew | None = None) -> dict[str, int]:
    """Serve until `stop` is set; a worker that was declared dead begins anew.

    How many deliveries moved to each state since it last began.
    """
    while True:
        try:
            return run_worker(duty, stop, crew)
        except LeaseLost as error:
            log.warning("worker begins anew", why=error.message)


def duty_of(context: Context, threads: int = 2) -> Duty:
    """What a worker of this machine has to do and may do; SetupError where a setting is missing."""
    environment, company = context.environment, _company(context)
    keys = [key.get_secret_value() for key in environment.secret_keys()]
    signer = Signer(keys, environment.public_url or company.public_url)
    return Duty(
        context.engine,
        context.clock,
        ProjectRulebook(context.rulings.load, signer),
        lambda channel: make_adapter(channel, company, environment),
        channels_of(company),
        environment.broker_url.get_secret_value(),
        _limits(environment),
        threads,
        environment.state,
    )


def _company(context: Context) -> Company:
    """The rules in force; those of the files where the database has none yet."""
    with reading(context.engine) as conn:
        if company_digest(conn) is not None:
            return present_company(conn)
    if COMPANY_FILE not in context.files.contents:
        message = "the database holds no company rules yet"
        raise SetupError(message, "start `outreach scheduler` in the project's folder first")
    return context.company()


def _limits(environment: Environment) -> Limits:
    first = timedelta(seconds=environment.retry_first_seconds)
    return Limits(
        in_flight=environment.in_flight,
        lease=timedelta(seconds=environment.lease_seconds),
        backoff=Backoff(first, timedelta(seconds=environment.retry_cap_seconds)),
    )
