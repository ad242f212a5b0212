"""For comparison: a plain Dramatiq actor that sends and returns, killed in the same way."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from bench.faults.processes import Processes, children_of, kill
from bench.faults.record import ROOT, Record, mail_server
from bench.faults.row import Row
from bench.faults.sizes import Size
from bench.faults.world import Place

QUIET_SECONDS = 90.0  # without a new message: what is not there by then is lost


def plain(place: Place, folder: Path, size: Size) -> Row:
    """Enqueue all, kill -9 one worker process after the other, start again what ends for it.

    Dramatiq's command ends when a process of it dies; a service manager would start it again.
    """
    assert place.broker is not None
    begun, chance = time.monotonic(), random.Random(7)
    with mail_server(folder) as post:
        settings = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PLAIN_BROKER_URL": place.broker.url.replace("/0", "/1"),
            "PLAIN_SMTP": post.url.removeprefix("smtp://"),
        }
        processes = Processes(folder, settings)
        command = [sys.executable, "-m", "dramatiq", "bench.peers.plain_dramatiq"]
        command += ["--processes", str(size.workers), "--threads", "8"]
        try:
            _enqueue(settings, size.mails)
            serving, resumed = processes.start_command(command), []
            for number in range(size.faults):
                _wait_for_mails(
                    post, (number + chance.uniform(0.1, 0.9)) * size.mails / size.faults
                )
                kill(chance.choice(_workers(serving, size.workers)))
                serving.wait()
                processes.running.remove(serving)
                resumed.append(time.monotonic())
                serving = processes.start_command(command)
            _wait_for_mails(post, size.mails + 1)
        finally:
            processes.kill_all()
        return Row(
            scenario="a plain Dramatiq actor",
            database="",
            mails=size.mails,
            seconds=time.monotonic() - begun,
            faults=f"{size.faults} kills",
            duplicates=sum(number - 1 for number in post.message_ids.values()),
            lost=size.mails - len(post.message_ids),
            failed=0,
            unknown=0,
            unknown_limit=0,
            resumed_seconds=max(
                (post.seconds_until_next(each) or QUIET_SECONDS for each in resumed), default=None
            ),
            judged=False,
        )


def _workers(serving: "subprocess.Popen[bytes]", count: int) -> list[int]:
    """The process ids of its workers, once all are there; it starts them before any other child."""
    while len(found := children_of(serving)) < count:
        time.sleep(0.05)
    return [each.pid for each in sorted(found, key=lambda each: each.create_time())[:count]]


def _enqueue(settings: dict[str, str], mails: int) -> None:
    os.environ.update({name: settings[name] for name in ("PLAIN_BROKER_URL", "PLAIN_SMTP")})
    from bench.peers.plain_dramatiq import send_mail

    for number in range(mails):
        send_mail.send(number)


def _wait_for_mails(post: Record, count: float) -> None:
    """Return once so many came in, or none for a long time."""
    seen, since = post.read(), time.monotonic()
    while seen < count and time.monotonic() < since + QUIET_SECONDS:
        time.sleep(0.1)
        before, seen = seen, post.read()
        since = time.monotonic() if seen > before else since
