"""The set-ups that are measured: how each queues its mails, how it is run, what it wrote down.

Each is a typical one, with the settings its own documentation recommends, and not the best possible.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.peers.install import HERE, node_modules, python

PROCESSES = 2
BATCH = 1_000  # of post_office, which takes 100 where memory is short; more are not faster
_STATUSES = "SELECT at FROM mails WHERE status = 'sent'"


@dataclass(frozen=True, slots=True)
class Setup:
    """One of them. `program` is what runs `queue` and `work`, with the variables it needs."""

    name: str
    title: str
    bar: float  # how often its rate ours has to be
    program: Callable[[], tuple[str, dict[str, str]]]
    queue: tuple[str, ...]
    work: tuple[tuple[str, ...], ...]  # processes that are started
    answers: str = _STATUSES  # SQL: the instants of messages that were taken
    ready: str = "worker ready"  # what each of them writes then; "": it ends when all is sent
    times: int = 1  # how often that is written in all
    batch: int = 1  # messages whose status is written at one instant


def _python() -> tuple[str, dict[str, str]]:
    return str(python()), {}


def _django() -> tuple[str, dict[str, str]]:
    settings = {"DJANGO_SETTINGS_MODULE": "bench.peers.django_settings", "PEERS_BATCH": str(BATCH)}
    return str(python()), settings


def _node() -> tuple[str, dict[str, str]]:
    return "node", {"NODE_PATH": str(node_modules())}


def _script(name: str) -> str:
    return str(Path(HERE, "bullmq", name))


SETUPS = (
    Setup(
        "dramatiq",
        "Dramatiq, an actor a customer, kept smtplib connection",
        12.0,
        _python,
        ("-m", "bench.peers.dramatiq_kept"),
        (("-m", "dramatiq", "bench.peers.dramatiq_kept", "--processes", str(PROCESSES)),),
        ready="ready for action",
        times=PROCESSES,
    ),
    Setup(
        "bullmq",
        "BullMQ, nodemailer with a pool, Handlebars",
        4.5,
        _node,
        (_script("enqueue.js"),),
        ((_script("worker.js"),),) * PROCESSES,
        times=PROCESSES,
    ),
    Setup(
        "post_office",
        "Django, post_office",
        6.0,
        _django,
        ("-m", "bench.peers.django_enqueue"),
        (("-m", "django", "send_queued_mail", "--processes", str(PROCESSES), "--lockfile", "lock"),),
        "SELECT date FROM post_office_log WHERE status = 0",
        ready="",
        batch=BATCH,
    ),
    Setup(
        "celery",
        "Celery, prefork, kept smtplib connection",
        16.0,
        _python,
        ("-m", "bench.peers.celery_kept"),
        (("-m", "celery", "-A", "bench.peers.celery_kept", "worker", "--concurrency",
          str(PROCESSES)),),
    ),
)  # fmt: skip
