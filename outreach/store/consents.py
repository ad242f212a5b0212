"""The consent ledger: rows are only added, and the last word decides.

`record_consents` is the one way in: imports, commands, unsubscribe pages and STOP all use it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from outreach.store import dialect
from outreach.store.keys import stand_ins
from outreach.store.tables import consent_states, consents
from outreach.store.upserts import upsert
from outreach.store.withdrawals import (
    No,
    Reach,
    apply_withdrawals,
    reach,
    refused_by_address,
    sharing,
)
from outreach.vocabulary import ConsentState

WITHDRAWN = ConsentState.WITHDRAWN


About = tuple[int, str, str]  # customer id, topic, channel: the key of `consent_states`


class Word(NamedTuple):  # a dataclass takes four times as long to make, and there are millions
    """A customer's yes or no, with its proof.

    A `standing` word comes from a list that says how things stand elsewhere (a customer file),
    not from the person at `at`: it lifts no no and repeats nothing.
    """

    customer_id: int
    channel: str
    topic: str
    state: ConsentState
    at: datetime
    source: str
    proof: str | None = None
    expires_at: datetime | None = None
    recorded_by: str | None = None
    standing: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of the words; `refused` would have turned a no into a yes."""

    recorded: int = 0
    unchanged: int = 0
    refused: int = 0
    taken_back: int = 0  # claimed deliveries that a withdrawal sent back to be decided again


class _Last(NamedTuple):
    """The last word of an About."""

    state: str
    at: datetime


def record_consents(
    conn: Connection, words: Sequence[Word], now: datetime, locked: Collection[int] = ()
) -> Recorded:
    """Add the words to the ledger and settle who may be written to; in the caller's transaction.

    The last word by its instant holds; of two at one instant the no. A withdrawal also holds for
    the present address of its customer, so for everyone who shares it, and takes their claimed
    deliveries on that channel and topic back, under the customers' locks. A yes not newer than
    the no is refused if it is standing or its source begins with `import`, else it is history.
    Words are taken in their order; a repetition adds nothing. A no of a customer who was merged
    into another one is theirs too. `locked`: customers whom the caller has locked already.
    """
    if not words:
        return Recorded()
    words = [*words, *_for_stand_ins(conn, words)]
    ids = sorted({word.customer_id for word in words})
    reached = _lock(conn, ids, words, locked)
    last = _last_words(conn, ids)
    ledger = _Ledger(dict(last), _said(conn, words), _refused(conn, words, reached), now)
    new = ledger.take(words)
    taken_back = apply_withdrawals(conn, _write(conn, new, last.keys(), now), reached)
    refused = ledger.refused_words
    return Recorded(len(new), len(words) - len(new) - refused, refused, taken_back)


def _for_stand_ins(conn: Connection, words: Iterable[Word]) -> list[Word]:
    noes = [word for word in words if word.state is WITHDRAWN]
    merged = stand_ins(conn, {no.customer_id for no in noes}) if noes else {}
    return [
        no._replace(customer_id=merged[no.customer_id]) for no in noes if no.customer_id in merged
    ]


def _lock(
    conn: Connection, ids: Sequence[int], words: Iterable[Word], locked: Collection[int]
) -> Reach:
    """Lock the customers, and those who share an address that a no will hold for.

    Where they are reached, as it stays under the lock. SQLite: a write transaction has the file.
    """
    asked, noes = defaultdict(set), defaultdict(set)
    for word in words:
        if word.state is WITHDRAWN:
            noes[word.channel].add(word.customer_id)
        if word.state is WITHDRAWN or word.standing:
            asked[word.channel].add(word.customer_id)
    reached = reach(conn, asked)
    if not dialect.is_postgres(conn):
        return reached
    wanted = set(ids)
    for channel, of in noes.items():
        wanted |= sharing(conn, channel, of, reached)
    if wanted.issubset(locked):
        return reached
    dialect.lock_customers(conn, sorted(wanted))
    return reach(conn, asked)


class _Ledger:
    """Decides of each word whether it is new; keeps the last words as they change."""

    def __init__(
        self,
        last: dict[About, _Last],
        said: set[tuple[Any, ...]],
        refused: set[About],
        now: datetime,
    ) -> None:
        self.last, self.said, self.refused, self.now = last, said, refused, now
        self.refused_words = 0

    def take(self, words: Iterable[Word]) -> list[tuple[About, Word]]:
        """The words to be recorded, without those that say nothing new or are refused."""
        new = []
        for word in words:
            about = word[0], word[2], word[1]  # by place: names are slow, and words are many
            last = self.last.get(about)
            if last is None and word.standing and about not in self.refused:
                self.last[about] = _Last(word[3], word[4])  # a first word: nearly all of a list
                new.append((about, word))
                continue
            found = self._take(about, word, last)
            if found is not None:
                new.append((about, found))
        return new

    def _take(self, about: About, word: Word, last: _Last | None) -> Word | None:
        no = word.state is WITHDRAWN
        if no and last and word.at >= self.now and last.at > word.at:
            # A no said now holds now, even when the yes is dated later (clocks differ).
            word = word._replace(at=last.at)
        if word.standing:
            repeats = last is not None and last.state == word.state
        else:
            repeats = _identity(about, word) in self.said
        if repeats:
            return None
        if not no and self._lifts(about, word, last):
            self.refused_words += 1
            return None
        if last is None or word.at > last.at or (no and word.at == last.at):
            self.last[about] = _Last(word.state, word.at)
        if not word.standing:
            self.said.add(_identity(about, word))
        return word

    def _lifts(self, about: About, word: Word, last: _Last | None) -> bool:
        """Whether a yes would lift a no that only the person can lift."""
        if word.standing and about in self.refused:
            return True
        if last is None or last.state != WITHDRAWN:
            return False
        return word.standing or (word.at <= last.at and word.source.startswith("import"))


def _identity(about: About, word: Word) -> tuple[Any, ...]:
    return (*about, _stored(word.state), word.at, word.source, word.proof, word.expires_at)


def _stored(state: ConsentState) -> str:
    return "withdrawn" if state is WITHDRAWN else "granted"  # `.value` is slow, and this is hot


def _last_words(conn: Connection, ids: Sequence[int]) -> dict[About, _Last]:
    t = consent_states.c
    rows = conn.execute(
        select(t.customer_id, t.topic, t.channel, t.state, t.at).where(
            dialect.is_any_of(conn, t.customer_id, ids)
        )
    )
    return {(row[0], row[1], row[2]): _Last(*row[3:]) for row in rows.all()}


def _said(conn: Connection, words: Iterable[Word]) -> set[tuple[Any, ...]]:
    """What the ledger holds of the customers whose words carry their own date."""
    ids = sorted({word.customer_id for word in words if not word.standing})
    if not ids:
        return set()
    t = consents.c
    kept = (t.customer_id, t.topic, t.channel, t.state, t.at, t.source, t.proof, t.expires_at)
    rows = conn.execute(select(*kept).where(dialect.is_any_of(conn, t.customer_id, ids)))
    return {tuple(row) for row in rows}


def _refused(conn: Connection, words: Iterable[Word], reached: Reach) -> set[About]:
    """Where a standing yes meets a no that someone said at the customer's address."""
    by_channel = defaultdict(set)
    for word in words:
        if word.standing and word.state is ConsentState.GRANTED:
            by_channel[word.channel].add(word.customer_id)
    return {
        (id_, topic, channel)
        for channel, ids in sorted(by_channel.items())
        for id_, topic in refused_by_address(conn, channel, reached[channel])
        if id_ in ids  # the others' words were noes
    }


def _write(
    conn: Connection, new: Sequence[tuple[About, Word]], there: Collection[About], now: datetime
) -> list[No]:
    """Add to the ledger, and bring the last words up to date; the noes among them."""
    ids = dialect.reserve_ids(conn, consents, len(new))
    ledger: list[tuple[Any, ...]] = []
    latest: dict[About, tuple[Word, int]] = {}
    noes = []
    for id_, (about, word) in zip(ids, new, strict=True):
        customer, channel, topic, state, at, source, proof, expires_at, by, _ = word
        stored = _stored(state)
        ledger.append(
            (id_, customer, channel, topic, stored, at, source, proof, expires_at, now, by)
        )
        if about not in latest or _rank(word) >= _rank(latest[about][0]):
            latest[about] = word, id_
        if state is WITHDRAWN:
            noes.append(No(customer, channel, topic, at, id_))
    dialect.insert_rows(conn, consents, _LEDGER, ledger)
    rows = [
        (*about, _stored(word.state), word.at, word.expires_at, id_)
        for about, (word, id_) in sorted(latest.items(), key=itemgetter(0))
    ]
    if there:
        _set_states(conn, [row for row in rows if row[:3] in there])
        rows = [row for row in rows if row[:3] not in there]
    dialect.insert_rows(conn, consent_states, _STATE, rows)
    return noes


def _rank(word: Word) -> tuple[datetime, bool]:
    """What the last word is found by: its instant, and at one instant the no."""
    return word.at, word.state is WITHDRAWN


_LEDGER = (
    "id", "customer_id", "channel", "topic", "state", "at", "source", "proof", "expires_at",
    "recorded_at", "recorded_by",
)  # fmt: skip
_STATE = ("customer_id", "topic", "channel", "state", "at", "expires_at", "consent_id")


def _set_states(conn: Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Replace last words by newer ones; an older word (history) changes nothing."""
    t = consent_states.c

    def newer(given: Any) -> ColumnElement[bool]:
        return or_(given.at > t.at, and_(given.at == t.at, given.state == WITHDRAWN))

    upsert(conn, consent_states, _STATE, rows, newer)
