"""Typical set-ups beside this one, over one wire: `python3 dev.py bench peers`.

Each sends the same mails to as many recipients through the same `smtp-sink` of Postfix, with a status
row for each in PostgreSQL: Dramatiq, BullMQ, Django's post_office and Celery as their own documentation
has them (bench/peers/setups.py), then the production commands. Their packages are installed into a
cached folder at the first call; one whose packages can not be had is said to be missing. Fails when
one is missing, or ours is less times as fast as it has to be.
"""

import argparse
import signal
import statistics
import sys

from bench.peers.install import MissingError
from bench.peers.measured import measure
from bench.peers.setups import SETUPS, Setup
from bench.send.ours import send
from bench.send.place import place
from bench.send.sink import sink, source_rate
from outreach.app.logs import set_up_logs
from outreach.settings.environment import LogFormat

OURS = "outreach, PostgreSQL and Valkey"
LEAST_MAILS = 2_000  # of less, the processes' start is measured


def main() -> int:
    """Measure, print a table; 1 where a ratio is under its bar, or a set-up is missing."""
    options = _options()
    set_up_logs(LogFormat.CONSOLE)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what it has started
    chosen = [each for each in SETUPS if each.name in options.only]
    print("| what | mails | messages/s | × wire | CPU µs each |\n|---|---|---|---|---|", flush=True)
    rates: dict[str, float] = {}
    missing: dict[str, str] = {}
    with sink() as port:
        wire = source_rate(port, options.mails)
        _line("smtp-source", options.mails, wire, wire)
        for setup in chosen:
            try:
                found = measure(setup, options.mails, port)
            except MissingError as error:
                missing[setup.name] = str(error)
                print(f"| {setup.title} | | missing | | |", flush=True)
                continue
            before, wire = wire, source_rate(port, options.mails)
            _line(setup.title, found.mails, found.rate, (before + wire) / 2, found.cpu_us)
            rates[setup.name] = found.rate
        ours = []
        for _ in range(options.rounds):
            with place("postgres", options.mails) as here:
                sent = send(here, f"smtp://127.0.0.1:{port}")
            before, wire = wire, source_rate(port, options.mails)
            _line(OURS, sent.mails, sent.rate, (before + wire) / 2, sent.cpu_us)
            ours.append(sent.rate)
    return _judge(chosen, rates, missing, statistics.median(ours))


def _judge(
    chosen: list[Setup], rates: dict[str, float], missing: dict[str, str], ours: float
) -> int:
    """Say what came of each bar."""
    short = False
    for setup in chosen:
        if setup.name in missing:
            print(f"{setup.title}: missing: {missing[setup.name]}", file=sys.stderr)
            continue
        ratio = ours / rates[setup.name]
        print(f"{setup.title}: ours is {ratio:.1f} times as fast ({setup.bar} wanted)")
        short |= ratio < setup.bar
    return 1 if short or missing else 0


def _line(what: str, mails: int, rate: float, wire: float, cpu_us: float | None = None) -> None:
    cpu = "" if cpu_us is None else f"{cpu_us:,.0f}"
    print(f"| {what} | {mails:,} | {rate:,.0f} | {rate / wire:.3f} | {cpu} |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench peers", description=__doc__)
    parser.add_argument("--mails", type=_mails, default=40_000, help="of each; 40000")
    parser.add_argument("--rounds", type=int, default=3, help="of ours, of which the median counts")
    names = [setup.name for setup in SETUPS]
    parser.add_argument("--only", type=_names, default=names, help=", ".join(names))
    return parser.parse_args()


def _mails(written: str) -> int:
    if int(written) < LEAST_MAILS:
        raise argparse.ArgumentTypeError(f"at least {LEAST_MAILS}")
    return int(written)


def _names(written: str) -> list[str]:
    names = written.split(",")
    if unknown := set(names) - {setup.name for setup in SETUPS}:
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
