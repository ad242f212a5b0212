"""Caps of others: a message to an address counts for everybody who has it, so each must have room."""

from sqlalchemy import ColumnElement, FromClause, and_, case, literal, not_

from outreach.decisions.candidate import ADDRESS_COLUMN, Candidate
from outreach.decisions.order import caps_of
from outreach.decisions.rules import cadence


def caps_of_others(
    candidate: Candidate, asked: FromClause, number: int, is_double: ColumnElement[bool]
) -> ColumnElement[int]:
    """Every cap's answer of who else has a channel's address, as cadence.slots gives it of oneself.

    Only where nothing that is asked before caps stops the channel: of many at one address that is one.
    """
    ruling, marks = candidate.ruling, candidate.marks
    column = ADDRESS_COLUMN[ruling.channels[number]]
    overall, own = caps_of(ruling, number)
    if column == "key" or not (overall or own):  # a task's address is nobody else's
        return literal(0)
    free = and_(asked.c.person.is_(None), asked.c[f"block_{number}"].is_(None), not_(is_double))
    if marks.about:  # explain asks also behind the first rule that fails
        free = asked.c.id == marks.about_id
    elif marks.each_rule:
        free = not_(is_double)
    theirs = cadence.of_others(ruling, marks, asked, asked, column, [*overall, *own])
    return case((not_(asked.c.shares), 0), (free, theirs), else_=0)
