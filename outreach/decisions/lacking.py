"""What a customer lacks of what a template prints, asked of the database as the chain asks it."""

from sqlalchemy import Connection, and_, select

from outreach.audience.missing import name_is_missing
from outreach.decisions.asking import Question
from outreach.decisions.verdict import Verdict
from outreach.store.tables import customers


def lacking(conn: Connection, question: Question, verdict: Verdict, channel: str) -> list[str]:
    """The names that the customer lacks, as `a`, or `a or b` where one of them would be enough."""
    compiled, candidate = question.ruling.compiled.of(verdict.variant), question.candidate()
    own = select(customers.c.locale).where(customers.c.id == verdict.customer_id)
    locale = conn.execute(own).scalar()
    wanted = compiled.locale_for(channel, locale)
    needs = [n for n in compiled.needs(channel) if n.locales is None or wanted in n.locales]
    groups = {frozenset((name,)) for need in needs for name in need.names}
    groups |= {group for need in needs for group in need.any_of}
    asked = sorted(groups, key=sorted)
    if not asked:
        return []
    columns = [
        and_(*(name_is_missing(name, candidate.row) for name in sorted(group))).label(f"lacks_{n}")
        for n, group in enumerate(asked)
    ]
    row = conn.execute(
        select(*columns).select_from(candidate.joined()).where(candidate.is_the_one),
        question.values,
    ).one()
    return [" or ".join(sorted(group)) for group, lacks in zip(asked, row, strict=True) if lacks]
