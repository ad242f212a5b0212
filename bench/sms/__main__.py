"""A campaign by SMS: `python3 dev.py bench sms [--mails N] [--databases postgres,sqlite]`.

The production commands send a text to everyone through Twilio's official client, to a server of its own
process that speaks Twilio's Messages API on kept connections. Beside it the client alone: the adapter
in one process, with texts that are rendered already. Fails under 400 messages/s, or where one came
twice or not at all. `--profile` says where the adapter's time goes.
"""

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import urlopen

from bench.faults.record import ROOT
from bench.send.ours import send
from bench.send.place import place
from bench.send.project import write_project
from bench.send.sink import wait_until_open
from bench.sms.server import ACCOUNT, TOKEN
from outreach.app.logs import set_up_logs
from outreach.settings.environment import LogFormat
from tests.servers import free_port

LEAST_RATE = 400.0
CUSTOMERS_PER_TEXT = 9 / 8  # of those who are made for a mail each, one in five said no to SMS


def main() -> int:
    """Measure, print a table; 1 where a bar is missed."""
    options = _options()
    set_up_logs(LogFormat.CONSOLE)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what it has started
    print("| what | texts | messages/s | CPU µs each | server's CPU µs | doubled | lost |")
    print("|---|---|---|---|---|---|---|", flush=True)
    missed = []
    _alone(options)
    for database in options.databases.split(","):
        with _server(options.answer_after) as base:
            account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}
            customers = round(options.mails * CUSTOMERS_PER_TEXT)
            with place(database, customers, TWILIO_API_BASE=base, **account) as here:
                write_project(here.folder, "sms")
                sent = send(here, "smtp://127.0.0.1:9")  # where nothing is: no mails are sent
            taken = _taken(base)
        if _line(database, sent.mails, sent.rate, sent.cpu_us, taken) or sent.rate < LEAST_RATE:
            missed.append(database)
    for each in missed:
        print(f"missed: {each} ({LEAST_RATE:.0f}/s, none doubled, none lost)", file=sys.stderr)
    return 1 if missed else 0


def _alone(options: argparse.Namespace) -> None:
    """The adapter in one process, over the same client."""
    with _server(options.answer_after) as base:
        command = [sys.executable, "-m", "bench.sms.sender", base, str(options.mails)]
        command += ["--profile"] if options.profile else []
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        taken = _taken(base)
    said = json.loads(done.stdout)
    _line("adapter alone, one process", said["texts"], said["rate"], said["cpu_us"], taken)


def _line(what: str, texts: int, rate: float, cpu_us: float, taken: dict[str, Any]) -> bool:
    """Print a row; whether one came twice or not at all."""
    doubled, lost = taken["messages"] - taken["numbers"], texts - taken["numbers"]
    server = taken["cpu_seconds"] / texts * 1e6
    line = f"{texts:,} | {rate:,.0f} | {cpu_us:.0f} | {server:.0f} | {doubled} | {lost}"
    print(f"| {what} | {line} |", flush=True)
    return bool(doubled or lost)


@contextmanager
def _server(answer_after: float) -> Iterator[str]:
    """Where it answers."""
    port = free_port()
    command = [sys.executable, "-m", "bench.sms.server", str(port)]
    process = subprocess.Popen([*command, "--answer-after", str(answer_after)], cwd=ROOT)
    try:
        wait_until_open(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _taken(base: str) -> dict[str, Any]:
    with urlopen(f"{base}/taken", timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench sms", description=__doc__)
    parser.add_argument("--mails", type=int, default=20_000, help="texts; 20000")
    parser.add_argument("--databases", default="postgres,sqlite")
    parser.add_argument("--answer-after", type=float, default=0.0, help="seconds at the server; 0")
    parser.add_argument("--profile", action="store_true", help="where the adapter's time goes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
