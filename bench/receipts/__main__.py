"""Providers' receipts: `python3 dev.py bench receipts [--receipts N] [--databases …]`.

Texts that were sent, and for each what Twilio says of it later, `sent` and then `delivered`, signed and
with all fields of its status callbacks: posted to one `outreach web` over 200 connections, each as soon
as the one before was answered. Beside it stands what hand-written statements that keep a receipt and
move its message reach, 200 in a transaction. Fails under 1,500 receipts/s, where one is lost, or where
anything but 204 was answered.
"""

import argparse
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import Engine, func, select
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from bench.ground.filling import fill_customers, fill_touches, settle_statistics
from bench.ground.frame import database_of
from bench.ground.load import post, run_load
from bench.ground.web import cpu_seconds, pages
from bench.receipts.raw import raw_rate
from outreach import tokens
from outreach.app.logs import set_up_logs
from outreach.settings.environment import LogFormat
from outreach.store.engine import dispose, make_engine, reading
from outreach.store.migrate import migrate
from outreach.store.tables import deliveries, receipts
from outreach.tokens import Purpose

NOW = datetime(2026, 7, 3, 9, tzinfo=UTC)
KEY, TWILIO_TOKEN = secrets.token_urlsafe(32), secrets.token_hex(16)
LEAST_RATE = 1_500.0
STATUSES = ("sent", "delivered")
COLUMNS = (
    "database", "receipts", "a second", "raw statements", "server CPU µs each", "load CPU µs each",
    "p50 ms", "p99 ms", "lost", "load average",
)  # fmt: skip


def main() -> int:
    """Measure, print a table; 1 when a bar is missed."""
    options = _options()
    set_up_logs(LogFormat.CONSOLE)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what it has started
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    missed = False
    for database in options.databases.split(","):
        with tempfile.TemporaryDirectory(prefix="outreach-bench-") as name:
            folder = Path(name)
            with database_of(database, folder) as url:
                missed |= _measured(database, url, folder, options.receipts)
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py bench receipts", description=__doc__)
    parser.add_argument("--receipts", type=int, default=30_000, help="30000")
    parser.add_argument("--databases", default="sqlite,postgres")
    return parser.parse_args()


def _measured(database: str, url: str, folder: Path, count: int) -> bool:
    engine = make_engine(url)
    migrate(engine)
    texts = count // len(STATUSES)
    fill_customers(engine, 2 * texts, NOW)  # half of the touches are texts …
    fill_touches(engine, 4 * texts, NOW)  # … and half of the texts are for the raw statements
    settle_statistics(engine)
    sent = _sent(engine)
    raw = raw_rate(engine, sent[texts : 2 * texts])
    with pages(url, folder, KEY, TWILIO_AUTH_TOKEN=TWILIO_TOKEN) as (base, process):
        lines = list(_posts(base, sent[:texts]))
        used = cpu_seconds(process.pid)
        said = run_load(base, lines, 0)
        used = cpu_seconds(process.pid) - used
    lost = len(lines) - _kept(engine, sent[:texts])
    dispose(engine)
    rate = len(lines) / said["seconds"]
    means = (used / len(lines) * 1e6, said["cpu_seconds"] / len(lines) * 1e6)
    figures = [f"{len(lines):,}", f"{rate:,.0f}", f"{raw:,.0f}", *(f"{mean:.0f}" for mean in means),
               *(f"{said[each] * 1000:.0f}" for each in ("p50", "p99")), lost,
               f"{os.getloadavg()[0]:.1f}"]  # fmt: skip
    print(f"| {database} | {' | '.join(map(str, figures))} |", flush=True)
    others = {status: n for status, n in said["answers"].items() if status != "204"}
    if others:
        print(f"not answered with 204: {others}", file=sys.stderr)
    return bool(lost or others or rate < LEAST_RATE)


def _sent(engine: Engine) -> list[int]:
    d = deliveries.c
    with reading(engine) as conn:
        query = select(d.id).where(d.channel == "sms").order_by(d.id)
        return list(conn.execute(query).scalars())


def _posts(base: str, sent: list[int]) -> Iterator[str]:
    """First that each was sent, then that each was delivered."""
    validator = RequestValidator(TWILIO_TOKEN)
    for status in STATUSES:
        for id_ in sent:
            path = f"/webhooks/twilio/status/{tokens.sign([KEY], Purpose.CALLBACK, id_)}"
            name = f"SM{id_:032x}"
            form = {
                "SmsSid": name, "SmsStatus": status, "MessageStatus": status, "To": "+12025550199",
                "MessagingServiceSid": f"MG{0:032x}", "MessageSid": name,
                "AccountSid": f"AC{0:032x}", "From": "+12025550143", "ApiVersion": "2010-04-01",
            }  # fmt: skip
            signature = validator.compute_signature(base + path, form)
            yield post(path, urlencode(form), X_Twilio_Signature=signature)


def _kept(engine: Engine, sent: list[int]) -> int:
    """How many receipts there are of messages that moved to where the last of them says."""
    d, r = deliveries.c, receipts.c
    with reading(engine) as conn:
        joined = deliveries.join(receipts, r.delivery_id == d.id)
        those = d.id.between(sent[0], sent[-1]) & (d.state == STATUSES[-1])
        query = select(func.count()).select_from(joined).where(those)
        return int(conn.execute(query).scalar_one())


if __name__ == "__main__":
    sys.exit(main())
