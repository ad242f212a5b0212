"""A typical customer of a campaign: of the stage and language most common in its audience."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from outreach.app.context import Context
from outreach.app.questions import questions_of
from outreach.decisions.asking import Question
from outreach.planning.plan import in_turn
from outreach.store.engine import reading
from outreach.store.tables import customers

ENOUGH = 1_000  # of the audience looked at
FIRST_RANGE = 2_000  # ids looked at for them at first

Kind = tuple[bool, str | None, str | None]  # reached, stage, locale


@dataclass(frozen=True, slots=True)
class Typical:
    """The first customer of the most common kind, and how many are alike among those looked at."""

    key: str
    stage: str | None
    locale: str | None
    reached: bool  # False: nobody who was looked at would get it
    alike: int
    among: int


def typical_customer(context: Context, name: str) -> Typical | None:
    """Who stands for those that a campaign's next occurrence reaches; None where it picks nobody.

    At least 1,000 of the audience are looked at, if there are as many; where none of them would get
    it, who stands for the audience.
    """
    with reading(context.engine) as conn:
        asked = questions_of(context, conn, name, None)
        counts, firsts = _kinds(conn, asked.questions)
        reached = {kind: many for kind, many in counts.items() if kind[0]}
        chosen = reached or counts
        if not chosen:
            return None
        kind = min(chosen, key=lambda each: (-chosen[each], firsts[each]))
        query = select(customers.c.key).where(customers.c.id == firsts[kind])
        key = conn.execute(query).scalar_one()
    return Typical(key, kind[1], kind[2], kind[0], chosen[kind], sum(chosen.values()))


def _kinds(
    conn: Connection, questions: Sequence[Question]
) -> tuple[Counter[Kind], dict[Kind, int]]:
    """How many of each kind there are, and the lowest id of each, in ranges of ids that double."""
    end = conn.execute(select(func.max(customers.c.id))).scalar() or 0
    counts: Counter[Kind] = Counter()
    firsts: dict[Kind, int] = {}
    first, size = 0, FIRST_RANGE
    while first < end and counts.total() < ENOUGH:
        for question in in_turn(conn, questions):
            for kind, many, lowest in _kinds_among(conn, question, first, first + size):
                counts[kind] += many
                firsts[kind] = min(lowest, firsts.get(kind, lowest))
        first, size = first + size, size * 2
    return counts, firsts


def _kinds_among(
    conn: Connection, question: Question, first: int, last: int
) -> Iterator[tuple[Kind, int, int]]:
    """Each kind of the customers with ids in a range, how many there are, and the lowest id."""
    rows = question.among(first, last).subquery()
    reached, t = rows.c.code.is_(None), customers.c
    query = (
        select(reached, t.stage, t.locale, func.count(), func.min(t.id))
        .join(customers, t.id == rows.c.id)
        .group_by(reached, t.stage, t.locale)
    )
    for goes, stage, locale, many, lowest in conn.execute(query):
        yield (bool(goes), stage, locale), many, lowest
