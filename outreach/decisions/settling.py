"""Messages of one run set against one another, where they reach the same people.

The chain decides about each by what was there before the run; here, the lowest keys first, each
that reaches who is reached already is decided about again. What would take a reader's last slot
twice, or go to an address twice, is stopped as it would be at its claim: by a cap of its channel,
so that the next one is tried, by one over all channels, or as a duplicate.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Connection, func, select

from outreach.decisions.asking import Question, Settled
from outreach.decisions.choice import Target, choose, open_channels
from outreach.decisions.release import Occupied, Slot
from outreach.decisions.rules.duplicate import WITHOUT_MESSAGE
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import ChainRow, Verdict, verdict_of
from outreach.store.sources import named
from outreach.store.tables import customers, deliveries
from outreach.vocabulary import Decision


def may_meet(conn: Connection, ruling: Ruling) -> bool:
    """Whether two messages of one run can be one too many for a reader.

    By different channels they take slots of the same cap, and where a cap of one channel or the
    clock makes that give way, two may come to one address. By the same channel only where
    somebody stands for a merged record, whose mailbox is one more.
    """
    caps = ruling.grid.cap_windows
    if len(ruling.channels) > 1:
        return bool(caps) or len(set(ruling.grid.groups)) > 1
    stood_for = select(customers.c.id).where(customers.c.merged_into.is_not(None)).limit(1)
    return bool(caps) and conn.execute(stood_for).first() is not None


def settle(conn: Connection, question: Question, *, everyone: bool) -> dict[int, Settled]:
    """The verdicts, by customer, that others' messages of the run change; or `everyone`'s.

    The question is about all who share an address, or about a group of them that no address leaves.
    """
    rows = {row["id"]: row for row in conn.execute(question.statement, question.values).mappings()}
    channels, variants = question.ruling.channels, question.ruling.variants
    alone = question.released(conn, [verdict_of(row, channels, variants) for row in rows.values()])
    found = {each.customer_id: _settled(each) for each in alone} if everyone else {}
    if not may_meet(conn, question.ruling):
        return found
    planned, waiting = _planned(conn, question)
    going = [
        _Going(each, rows[each.customer_id], question.ruling.channels)
        for each in alone
        if each.decision is not Decision.SKIP and each.customer_id not in planned
    ]
    run = _Run(question, _readers(conn, question.ruling), waiting)
    meeting = run.meeting(going)
    occupied = question.slots(conn, meeting) if meeting else {}
    for each in sorted(going, key=lambda each: each.key):
        settled = _settled(each.alone)
        if run.reaches_again(each):
            id_ = each.alone.customer_id
            taken = occupied.get(id_) or question.slots(conn, [each.alone])[id_]
            settled = run.settled(each, taken)
            if settled.occupied is not None:
                found[id_] = settled
        run.send(settled.verdict)
    return found


def _settled(verdict: Verdict) -> Settled:
    return Settled(verdict._replace(stopped=()))


def _planned(conn: Connection, question: Question) -> tuple[set[int], dict[Target, Slot]]:
    """Whose messages an earlier pass of the run has planned, and those that take no slot yet."""
    scope, step = question.scope, question.ruling.step.id
    if scope.run_id is None:
        return set(), {}
    row = deliveries.c
    query = (
        select(
            row.customer_id, row.channel, row.address, row.slot_at, row.topic, row.firm, row.state
        )
        .join(customers, customers.c.id == row.customer_id)
        .where(
            row.run_id == scope.run_id,
            row.run_at == scope.run_at,
            row.step == step,
            customers.c.shares,
        )
    )
    rows = conn.execute(query).all()
    name = question.ruling.campaign.name
    waiting = {
        (each.channel, each.address): Slot(each.slot_at, each.channel, each.topic, True, name)
        for each in rows
        if not each.firm and each.state not in WITHOUT_MESSAGE
    }
    return {each.customer_id for each in rows}, waiting


def _readers(conn: Connection, ruling: Ruling) -> dict[str, set[Target]]:
    """By key all addresses at which messages of the run may reach who shares one and has several.

    Those of merged records are of the one who stands for them.
    """
    own, reader = customers.c, named(customers, "reader")
    query = (
        select(reader.c.key, own.email, own.phone)
        .join_from(customers, reader, reader.c.id == func.coalesce(own.merged_into, own.id))
        .where(reader.c.shares)
    )
    found: dict[str, set[Target]] = {}
    for key, email, phone in conn.execute(query):
        targets = (("email", email), ("sms", phone), ("task", key))
        used = {(name, to) for name, to in targets if name in ruling.channels and to is not None}
        found.setdefault(key, set()).update(used)
    return {key: targets for key, targets in found.items() if len(targets) > 1}


@dataclass(frozen=True)
class _Going:
    """A message that goes as far as the chain knows."""

    alone: Verdict
    row: ChainRow
    channels: tuple[str, ...]

    @property
    def key(self) -> str:
        """The key of the customer it is for."""
        key: str = self.row["key"]
        return key

    @cached_property
    def targets(self) -> list[Target]:
        """The addresses whose readers' slots it was decided by.

        All that come before the one it goes to; where it waits for a cap, all there are.
        """
        number = self.channels.index(self.alone.channel or "")
        asked = range(len(self.channels)) if self.alone.stopped else range(number + 1)
        return [
            (self.channels[each], self.row[f"address_{each}"])
            for each in open_channels(self.row, self.channels)
            if each in asked
        ]


@dataclass
class _Run:
    """What has been decided of one run, in the order of keys."""

    question: Question
    readers: Mapping[str, Collection[Target]]
    sent: dict[Target, Slot] = field(default_factory=dict)

    @cached_property
    def _keys(self) -> dict[Target, list[str]]:
        """By address who reads it."""
        found: dict[Target, list[str]] = {}
        for key, targets in self.readers.items():
            for target in targets:
                found.setdefault(target, []).append(key)
        return found

    def meeting(self, going: Sequence[_Going]) -> list[Verdict]:
        """Those that may be one of several which reach the same reader."""
        used = {_target(each.alone) for each in going} | self.sent.keys()
        several = {
            key
            for key, targets in self.readers.items()
            if sum(target in used for target in targets) > 1
        }
        return [each.alone for each in going if not several.isdisjoint(self._who_reads(each))]

    def reaches_again(self, going: _Going) -> bool:
        """Whether a message before this one reaches anybody whose slots it was decided by."""
        own = self._reaching(going.key) or any(each in self.sent for each in going.targets)
        return bool(own) or any(self._reaching(key) for key in self._who_reads(going))

    def _who_reads(self, going: _Going) -> Iterable[str]:
        return (key for target in going.targets for key in self._keys.get(target, ()))

    def send(self, verdict: Verdict) -> None:
        """Note a message that goes, now or later."""
        if verdict.decision is not Decision.SKIP and verdict.channel:
            at = verdict.until or verdict.asked_at
            campaign = self.question.ruling.campaign
            slot = Slot(at, verdict.channel, campaign.topic, firm=True, campaign=campaign.name)
            self.sent[_target(verdict)] = slot

    def settled(self, going: _Going, alone: Occupied) -> Settled:
        """The verdict, or what it becomes with what goes before."""
        ruling, place = self.question.ruling, self.question.base.places[going.alone.place_id]
        together = self._with_sent(alone, going.key)
        choice = choose(ruling, place, going.row, together, self.sent)
        settled = _settled(going.alone)
        if choice.verdict == settled.verdict:
            return settled
        return Settled(choice.verdict, together, choice.fails)

    def _with_sent(self, taken: Occupied, key: str) -> Occupied:
        return Occupied(
            taken.own + self._reaching(key),
            {
                column: [(other, slots + self._reaching(other)) for other, slots in others]
                for column, others in taken.others.items()
            },
        )

    def _reaching(self, key: str) -> list[Slot]:
        return [self.sent[each] for each in self.readers.get(key, ()) if each in self.sent]


def _target(verdict: Verdict) -> Target:
    return (verdict.channel or "", verdict.address or "")
