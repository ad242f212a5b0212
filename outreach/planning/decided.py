"""The chain's answers for a whole audience in a temporary table: no lock that others wait for."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any
from zlib import crc32

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    Select,
    Table,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from outreach.decisions.asking import Question
from outreach.decisions.order import CODES
from outreach.decisions.verdict import CADENCE, Verdict
from outreach.store.temporary import empty, make_empty
from outreach.vocabulary import Decision

PAGE = 5_000


def _table(question: Question) -> Table:
    """The columns of the chain's answer; with `when_capped: hold` also what release asks."""
    return _made(tuple((each.name, each.type) for each in question.statement.selected_columns))


@lru_cache(maxsize=64)
def _made(columns: tuple[tuple[str, TypeEngine[Any]], ...]) -> Table:
    """The same object for the same columns: a statement is compiled anew for another one."""
    made = [
        Column(name, kind, primary_key=name == "id", autoincrement=False) for name, kind in columns
    ]
    number = crc32(repr(columns).encode())
    return Table(f"decided_{number:08x}", MetaData(), *made, prefixes=["TEMPORARY"])


class Decided:
    """The answers, row by row; belongs to the connection it was made on, until it is dropped."""

    def __init__(self, conn: Connection, question: Question) -> None:
        self.conn = conn
        self.question = question
        self.table = _table(question)
        make_empty(conn, self.table)
        self._rows = question.write_to(conn, self.table)
        if question.ruling.campaign.when_capped == "hold":
            self._release()
        if question.settled:
            self._move([each.verdict for each in question.settled.values()])

    def drop(self) -> None:
        """Forget the answers."""
        empty(self.conn, self.table, self._rows)

    def _release(self) -> None:
        """Work out until when those are held whom cadence stops."""
        by_cadence = [CODES[reason] * 2 + ends for reason in CADENCE for ends in (0, 1)]
        numbers = range(len(self.question.ruling.channels))
        stops = [self.table.c[f"stop_{number}"] for number in numbers]
        stopped = or_(*(each.in_(by_cadence) for each in stops))
        rows = select(self.table).where(self.table.c.code.is_not(None), stopped)
        for page in self.pages(rows):
            self._move([each for each in page if each.stopped and (each.until or each.arm)])

    def _move(self, verdicts: Sequence[Verdict]) -> None:
        """Write verdicts over the chain's answers, of those customers who are asked about."""
        moved = ("number", "code", "why", "opens_at", "address", "consent_id")
        rows = (
            update(self.table)
            .where(self.table.c.id == bindparam("customer"))
            .values({name: bindparam(f"new_{name}") for name in moved})
        )
        if verdicts:
            self.conn.execute(rows, [self._values(each) for each in verdicts])

    def _values(self, each: Verdict) -> dict[str, object]:
        held = each.decision is Decision.HOLD
        code = None if each.reason is None else CODES[each.reason]
        return {
            "customer": each.customer_id,
            "new_number": self.question.ruling.channels.index(each.channel or ""),
            "new_code": None if held else code,
            "new_why": code if held else None,
            "new_opens_at": each.until,
            "new_address": each.address,
            "new_consent_id": each.consent_id,
        }

    def pages(self, query: Select[Any] | None = None) -> Iterator[list[Verdict]]:
        """The verdicts in order of the customers' ids, a page at a time."""
        query = select(self.table) if query is None else query
        after = 0
        while True:
            rows = query.where(self.table.c.id > after).order_by(self.table.c.id).limit(PAGE)
            page = self.question.verdicts(self.conn, self.conn.execute(rows))
            if not page:
                return
            yield page
            after = page[-1].customer_id

    def last_of(self, after: int, size: int) -> int | None:
        """The last customer's id of the next `size` rows beyond `after`; None: there are none."""
        ids = select(self.table.c.id).where(self.table.c.id > after)
        ids = ids.order_by(self.table.c.id).limit(size)
        last: int | None = self.conn.execute(select(func.max(ids.subquery().c.id))).scalar()
        return last
