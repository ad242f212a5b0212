"""The broker is a doorbell: it says «there is work on this channel», and may lose every message.

With worker.py the only code that knows Dramatiq.
"""

import threading
import time
from typing import Any
from urllib.parse import urlsplit

from dramatiq import Broker, Message, set_broker
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import DramatiqError

from outreach.logger import Logger

log = Logger(__name__)
ACTOR = "serve_channel"
QUEUE = "channels"
MOST_RINGS = 4  # waiting at once: under a backlog rings would pile up, and one is as good
HEARTBEAT_MS = 15_000  # of a dead worker process; its rings only cost a second anyway
DOWN_SECONDS = 5.0  # a broker that failed is not asked again so soon
REDIS_PORT = 6379
_WHY = {  # what the broker's errors mean; their own words may hold what we said
    "ConnectionError": "no connection",
    "TimeoutError": "no answer in time",
    "AuthenticationError": "it refuses the password",
    "AuthenticationWrongNumberOfArgsError": "it refuses the password",
}
_lock = threading.Lock()


class Doorbell:
    """Rings at a broker; a broker that is down is logged once and costs nobody anything."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self._down_until = 0.0
        self._is_down = False
        broker.declare_queue(QUEUE)

    def ring(self, channel: str) -> bool:
        """Say that there is work on the channel; whether the broker took it."""
        if time.monotonic() < self._down_until:
            return False
        try:
            if self._waiting() < MOST_RINGS:
                self.broker.enqueue(
                    Message(
                        queue_name=QUEUE, actor_name=ACTOR, args=(channel,), kwargs={}, options={}
                    )
                )
        except (DramatiqError, OSError, _redis_error()) as error:
            self._went_down(error)
            return False
        self._answered()
        return True

    def remember(self, name: str, text: str) -> None:
        """Keep a short text under a name, where other processes find it; lost in a flush."""
        if not isinstance(self.broker, StubBroker):
            self._ask("set", _key(name), text)

    def recall(self, name: str) -> str | None:
        """What was kept under the name, "" when nothing; None: the broker did not answer."""
        if isinstance(self.broker, StubBroker):
            return ""
        answered, found = self._ask("get", _key(name))
        return (found or b"").decode() if answered else None

    def _ask(self, command: str, *arguments: str) -> tuple[bool, Any]:
        """Whether the broker answered a command of Redis, and what."""
        if time.monotonic() < self._down_until:
            return False, None
        broker: Any = self.broker
        try:
            found = getattr(broker.client, command)(*arguments)
        except (OSError, _redis_error()) as error:
            self._went_down(error)
            return False, None
        self._answered()
        return True, found

    def _waiting(self) -> int:
        broker: Any = self.broker
        if isinstance(broker, StubBroker):
            return int(broker.queues[QUEUE].qsize())
        return int(broker.client.llen(f"{broker.namespace}:{QUEUE}"))

    def _answered(self) -> None:
        if self._is_down:
            log.warning("broker answers again")
        self._is_down = False

    def _went_down(self, error: Exception) -> None:
        self._down_until = time.monotonic() + DOWN_SECONDS
        if not self._is_down:
            log.warning("broker is down; workers ask the database", error=type(error).__name__)
        self._is_down = True


_doorbell: Doorbell | None = None


def connect(url: str) -> Doorbell:
    """Use the broker at `memory://` or `redis://…` in this process from now on."""
    global _doorbell  # noqa: PLW0603  Dramatiq's broker is one of a process as well
    with _lock:
        broker = make_broker(url)
        set_broker(broker)
        _doorbell = Doorbell(broker)
        return _doorbell


def make_broker(url: str) -> Broker:
    """A broker without middleware: no time limit and no shutdown, which raise inside any line.

    Nothing is retried by the broker: the database knows what is due.
    """
    if url.startswith("memory:"):
        return StubBroker(middleware=[])
    from dramatiq.brokers.redis import RedisBroker

    return RedisBroker(  # type: ignore[no-untyped-call]
        url=url,
        middleware=[],
        namespace="outreach",
        heartbeat_timeout=HEARTBEAT_MS,
        maintenance_chance=1_000_000,  # of a million: on every poll
        dead_message_ttl=60_000,
    )


def wake(channel: str) -> bool:
    """Ring for the channel; never fails: a lost ring costs a second. False: nobody heard it."""
    return _doorbell is not None and _doorbell.ring(channel)


def remember(name: str, text: str) -> None:
    """Keep a short text at the broker for other processes; where there is none, nowhere."""
    if _doorbell is not None:
        _doorbell.remember(name, text)


def recall(name: str) -> str | None:
    """What was kept at the broker under the name, "" when nothing; None: nobody could say."""
    return None if _doorbell is None else _doorbell.recall(name)


def _key(name: str) -> str:
    return f"outreach:{name}"


def fault_of(url: str) -> str:
    """Why the broker at `url` can not be used, with its host:port; "" when it answers.

    Its password is not shown.
    """
    if url.startswith("memory:"):
        return ""
    broker: Any = make_broker(url)
    try:
        broker.client.ping()
    except (OSError, _redis_error()) as error:
        return f"{place_of(url)}: {_WHY.get(type(error).__name__, type(error).__name__)}"
    finally:
        broker.close()
    return ""


def place_of(url: str) -> str:
    """A broker's `host:port`, without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port or REDIS_PORT}"


def _redis_error() -> type[Exception]:
    from redis.exceptions import RedisError

    return RedisError
