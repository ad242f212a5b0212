"""Fields of what started a campaign that templates print and no event has: told by `check`."""

from collections.abc import Iterator

from sqlalchemy import Connection

from outreach.documents import did_you_mean
from outreach.errors import WARNING, Problem
from outreach.rendering import Compiled
from outreach.rendering.happened import FIELDS
from outreach.store.latest_events import fields_of

AMONG = 1_000  # events that are looked at


def unknown_fields(conn: Connection, compiled: Compiled) -> Iterator[Problem]:
    """A warning for each field that none of the latest events has; none where there is no event."""
    kind = compiled.starter
    known = None if kind is None else fields_of(conn, kind, AMONG)
    if known is None:
        return
    for read in sorted(compiled.started, key=lambda read: (read.file, read.line, read.column)):
        if read.name not in known | FIELDS:
            message = f"no event `{kind}` has a field `{read.name}`: nobody gets it"
            hint = did_you_mean(read.name, known | FIELDS, listing="there are")
            place = (read.file, read.line, read.column)
            yield Problem(*place, f"{WARNING}unfound", message, hint)
