"""Floors that are about nobody in the database: told by `check`, no fault."""

from collections.abc import Iterator

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.audience import presence
from outreach.audience.check import check as check_expression
from outreach.audience.row import Row
from outreach.campaign.floor_audience import audience_of
from outreach.campaign.model import Selection
from outreach.documents import load
from outreach.errors import WARNING, Problem
from outreach.settings.company_file import COMPANY_FILE


def about_nobody(context: Context, conn: Connection, row: Row) -> Iterator[Problem]:
    """Floors whose audience is empty; not those by stages, which may well be."""
    document = load(COMPANY_FILE, context.files.contents[COMPANY_FILE])[0]
    for number, floor in enumerate(context.company().floors):
        audience = audience_of(floor)
        where = "" if audience.where is None else audience.where.source
        if document is None or audience == Selection() or audience.stage or "stage" in where:
            continue
        if audience.where is not None and check_expression(audience.where, row.names):
            continue  # which is told at its place
        if not presence.is_anyone_picked(conn, row, audience):
            message = "the floor is about none of the customers there are"
            hint = "look at the keys of its `audience` together: each must hold"
            path = ("floors", number, "audience")
            yield document.problem(path, f"{WARNING}unfound", message, hint)
