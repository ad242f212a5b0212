"""A worker process for tests: `python dispatching_child.py DATABASE_URL BROKER_URL OUT [idle]`.

Its provider is a file: a line for each message, written at the instant of its final dot.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from datetime import timedelta

import structlog
from dispatching import OneCap, Told, accept
from makers import NOW

from outreach.channels.adapter import Message, Outcome
from outreach.clock import FrozenClock
from outreach.dispatch.retry import Backoff
from outreach.dispatch.shift import Limits
from outreach.store.engine import make_engine
from outreach.worker import Duty, run_until_idle, run_worker

LIMITS = Limits(in_flight=8, lease=timedelta(seconds=1), backoff=Backoff(timedelta(seconds=0.2)))


def main(database_url: str, broker_url: str, out: str, until_idle: bool) -> None:
    """Serve until idle, or until SIGTERM."""
    provider = os.open(out, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def say(message: Message) -> Outcome:
        os.write(provider, f"{message.id}\n".encode())
        time.sleep(0.002)
        return accept(message)

    duty = Duty(
        make_engine(database_url),
        FrozenClock(NOW),
        OneCap(),
        lambda channel: Told(say, group=4, lanes=3),
        ["email"],
        broker_url,
        LIMITS,
    )
    if until_idle:
        sys.stdout.write(json.dumps(run_until_idle(duty)))
        return
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run_worker(duty, stop)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    main(*sys.argv[1:4], until_idle=len(sys.argv) > 4)
