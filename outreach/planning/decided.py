"""The chain's answers for a whole audience in a temporary table: no lock that others wait for."""

from collections.abc import Iterator

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    update,
)

from outreach.decisions.asking import Question
from outreach.decisions.chain import CODES
from outreach.decisions.verdict import Verdict
from outreach.store.types import BigId, Instant
from outreach.vocabulary import Decision, Reason

PAGE = 5_000
COLUMNS = (
    "id", "key", "place_id", "mine_id", "locale", "asked_at", "late_at", "number", "code",
    "address", "consent_id", "opens_at", "why",
)  # fmt: skip


def _table() -> Table:
    return Table(
        "decided",
        MetaData(),
        Column("id", BigId, primary_key=True, autoincrement=False),
        Column("key", Text),
        Column("place_id", BigId),
        Column("mine_id", BigId),
        Column("locale", Text),
        Column("asked_at", Instant),
        Column("late_at", Instant),
        Column("number", Integer),
        Column("code", Integer),  # of the reason it is skipped for
        Column("address", Text),
        Column("consent_id", BigId),
        Column("opens_at", Instant),
        Column("why", Integer),  # of the reason it is held for, until opens_at
        prefixes=["TEMPORARY"],
    )


class Decided:
    """The answers, row by row; belongs to the connection it was made on, until it is dropped."""

    def __init__(self, conn: Connection, question: Question) -> None:
        self.conn = conn
        self.question = question
        self.table = _table()
        self.table.drop(conn, checkfirst=True)
        self.table.create(conn)
        statement = question.statement.subquery()
        rows = select(*(statement.c[name] for name in COLUMNS))
        conn.execute(insert(self.table).from_select(COLUMNS, rows))
        if question.ruling.campaign.when_capped == "hold":
            self._release()

    def drop(self) -> None:
        """Forget the answers."""
        self.table.drop(self.conn)

    def _release(self) -> None:
        """Work out until when those are held whom cadence stops."""
        stopped = self.table.c.code.in_((CODES[Reason.CAPPED], CODES[Reason.RESERVED]))
        holds = (
            update(self.table)
            .where(self.table.c.id == bindparam("customer_id"))
            .values(code=None, why=bindparam("reason_code"), opens_at=bindparam("until"))
        )
        for page in self.pages(select(self.table).where(stopped)):
            held = [
                {
                    "customer_id": each.customer_id,
                    "reason_code": CODES[each.reason],
                    "until": each.until,
                }
                for each in page
                if each.decision is Decision.HOLD and each.reason is not None
            ]
            if held:
                self.conn.execute(holds, held)

    def pages(self, query: Select[tuple[object, ...]] | None = None) -> Iterator[list[Verdict]]:
        """The verdicts in order of the customers' ids, a page at a time."""
        query = select(self.table) if query is None else query
        after = 0
        while True:
            page = self.question.verdicts(
                self.conn,
                query.where(self.table.c.id > after).order_by(self.table.c.id).limit(PAGE),
            )
            if not page:
                return
            yield page
            after = page[-1].customer_id

    def ranges(self, after: int, size: int) -> Iterator[tuple[int, int]]:
        """Ranges of customer ids (first excluded, last included) that hold `size` rows each."""
        while True:
            ids = select(self.table.c.id).where(self.table.c.id > after)
            ids = ids.order_by(self.table.c.id).limit(size)
            last = self.conn.execute(select(func.max(ids.subquery().c.id))).scalar()
            if last is None:
                return
            yield after, last
            after = last
