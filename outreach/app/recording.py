"""Whether what is sent can be recorded, and whether the database knows of all that was sent."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from outreach.app.company_clock import clock_of, company_clock
from outreach.app.context import Context
from outreach.channels.adapter import Check
from outreach.dispatch.highwater import HighWater, older_than
from outreach.store import marks
from outreach.store.attempts import any_attempt
from outreach.store.engine import reading, writing
from outreach.store.faults import DatabaseFault, passing_fault

LEAST_FREE_BYTES = 100 * 1024 * 1024  # a day's messages of a small base; and the log beside it


def recording(context: Context, engine: Engine) -> Iterator[Check]:
    """What `outreach doctor` says of the database as a record: its age, and room to write."""
    yield _sent_until(context, engine)
    yield _room(context, engine)


def _sent_until(context: Context, engine: Engine) -> Check:
    with reading(engine) as conn:
        inside = marks.sent_mark(conn)
        was_asked = any_attempt(conn)
    if inside is None:
        return Check("sent until", True, "nothing was sent yet")
    newer = HighWater(engine, context.environment.state).newer(inside)
    if newer is not None:
        return Check("sent until", False, f"{older_than(newer)} Runs are held at the next start")
    if not was_asked:
        return Check("sent until", True, "nothing was sent yet")
    until = clock_of(inside.at, company_clock(context))
    return Check("sent until", True, f"{until}, and nothing later")


def _room(context: Context, engine: Engine) -> Check:
    try:
        with writing(engine) as conn:
            marks.write_again(conn)
    except SQLAlchemyError as error:
        full = passing_fault(error) is DatabaseFault.FULL
        what = "the disk is full: nothing is sent until there is room" if full else "no"
        return Check("can be written", False, what)
    if not context.environment.embedded:
        return Check("can be written", True, "yes")
    folder = Path(str(engine.url.database)).parent
    free = shutil.disk_usage(folder).free
    detail = f"{free // (1024 * 1024):,} MiB free"
    return Check("can be written", free >= LEAST_FREE_BYTES, detail)
