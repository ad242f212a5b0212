"""Rules about the customer, whatever the channel: erased, excluded, when."""

from sqlalchemy import ColumnElement, and_, not_, or_, true

from outreach.audience.compile import compile_expression, compile_selection
from outreach.audience.row import Row
from outreach.campaign.openings import Route
from outreach.decisions.candidate import Candidate
from outreach.decisions.rules.dates import is_its_day
from outreach.store.recipients import may_have_got


def outside_audience(candidate: Candidate) -> ColumnElement[bool]:
    """The audience, or what `--to` and `--where` leave of it, does not pick this customer."""
    return not_(in_audience(candidate))


def in_audience(candidate: Candidate) -> ColumnElement[bool]:
    """The audience picks this customer, and the day is theirs where one is asked for."""
    marks, row = candidate.marks, candidate.row
    parts = [compile_selection(candidate.ruling.campaign.audience, row)]
    if (corrects := candidate.ruling.campaign.corrects) is not None:
        got = may_have_got(corrects.run, corrects.channel)
        parts.append(candidate.customer.c.id.in_(got))
    if (its_day := is_its_day(candidate)) is not None:
        parts.append(its_day)
    if marks.narrowed:
        parts.append(candidate.customer.c.key.in_(marks.to))
    if marks.where is not None:
        parts.append(compile_expression(marks.where, row))
    if marks.routes:
        parts.append(or_(*(takes(route, row) for route in marks.routes)))
    return and_(*parts)


def takes(route: Route, row: Row) -> ColumnElement[bool]:
    """A customer who comes in now takes this way: at each branch the first that fits."""
    parts: list[ColumnElement[bool]] = [true()]
    for turn in route:
        parts += [not_(compile_expression(each, row)) for each in turn.unless]
        if turn.when is not None:
            parts.append(compile_expression(turn.when, row))
    return and_(*parts)


def erased(candidate: Candidate) -> ColumnElement[bool]:
    """Personal data was erased, or the record merged into another."""
    customer = candidate.customer.c
    return or_(customer.erased_at.is_not(None), customer.merged_into.is_not(None))


def excluded(candidate: Candidate) -> ColumnElement[bool] | None:
    """The campaign's `exclude` picks this customer; None where the file has none."""
    exclude = candidate.ruling.campaign.exclude
    return None if exclude is None else compile_selection(exclude, candidate.row)


def when_false(candidate: Candidate) -> ColumnElement[bool] | None:
    """The step's `when` does not hold; None where the step has none."""
    when = candidate.ruling.step.when
    return None if when is None else not_(compile_expression(when, candidate.row))
