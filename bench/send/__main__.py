"""A campaign over SMTP beside what the wire can take: `python3 dev.py bench send`.

`[--mails N] [--rounds N] [--databases postgres,sqlite]`. Each round measures Postfix's
`smtp-source` against `smtp-sink`, the sender alone against the same sink, and the production
commands: two worker processes that serve, then `outreach send` to everyone. Prints a row a round
and the medians; fails when one is under its share of the wire.
"""

import argparse
import statistics
import subprocess
import sys
from collections import defaultdict

from bench.faults.record import ROOT
from bench.send.ours import Sent, send
from bench.send.place import PROCESSES, place
from bench.send.sink import sink, source_rate
from outreach.app.logs import set_up_logs
from outreach.settings.environment import LogFormat

CONNECTIONS = 4  # of each process
SENDER_SECONDS = 300
SHARES = {"sender alone": 1.2, "postgres": 0.30, "sqlite": 0.35}  # of the wire's rate


def main() -> int:
    """Measure, print a table; 1 where a median is under its bar."""
    options = _options()
    set_up_logs(LogFormat.CONSOLE)
    found: dict[str, list[float]] = defaultdict(list)
    print("| what | messages/s | × wire | first after | CPU µs each | servers' | peak MiB |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for _ in range(options.rounds):
        with sink() as port:
            wire = source_rate(port, options.mails)
            _line("smtp-source", wire, wire)
            alone = _sender(port, options.mails)
            _line("sender alone", alone, wire)
            found["sender alone"].append(alone / wire)
            for database in options.databases.split(","):
                with place(database, options.mails) as here:
                    sent = send(here, f"smtp://127.0.0.1:{port}")
                wire = statistics.mean((wire, source_rate(port, options.mails)))
                _line(database, sent.rate, wire, sent)
                found[database].append(sent.rate / wire)
    missed = []
    for name, shares in found.items():
        median = statistics.median(shares)
        print(f"{name}: median {median:.2f} of the wire ({SHARES[name]:.2f} wanted)")
        missed += [name] if median < SHARES[name] else []
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench send", description=__doc__)
    parser.add_argument("--mails", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--databases", default="postgres,sqlite")
    return parser.parse_args()


def _line(what: str, rate: float, wire: float, sent: Sent | None = None) -> None:
    more = "| | |"
    if sent:
        used = f"{sent.cpu_us:.0f} | {sent.served_us:.0f}"
        more = f"{sent.first_after:.1f} s | {used} | {sent.peak_mib:.0f}"
    print(f"| {what} | {rate:,.0f} | {rate / wire:.2f} | {more} |", flush=True)


def _sender(port: int, mails: int) -> float:
    """Messages a second of as many processes as there are workers, from the first one's first."""
    counts = (str(mails // PROCESSES), str(CONNECTIONS))
    command = [sys.executable, "-m", "bench.send.sender", str(port), *counts]
    begun = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    said = [each.communicate(timeout=SENDER_SECONDS)[0] for each in begun]
    if any(each.returncode for each in begun):
        raise RuntimeError("the sender failed")
    times = [[float(word) for word in each.split()] for each in said]
    return mails / (max(ended for _, ended in times) - min(began for began, _ in times))


if __name__ == "__main__":
    sys.exit(main())
