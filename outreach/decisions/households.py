"""Messages of one run that reach the same people.

Who shares a mailbox with one customer and a telephone with another gets the mail to the one and the
text to the other; who stands for a merged record reads its mailbox besides their own. The chain
decides about each by what was there before the run; here the run's own
messages are set against one another, the lowest keys first: what would take a reader's last slot twice
is stopped by cadence, as it would be when it is claimed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, not_, select

from outreach.decisions.asking import Question, Settled, ask
from outreach.decisions.candidate import Scope
from outreach.decisions.order import CODES
from outreach.decisions.release import Occupied, Slot, free_from
from outreach.decisions.rules.duplicate import WITHOUT_MESSAGE
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Stopped, Verdict, verdict_of
from outreach.store.dialect import is_any_of
from outreach.store.sharing import sharers
from outreach.store.tables import customers, deliveries
from outreach.vocabulary import Decision, Reason

Target = tuple[str, str]  # a channel, and an address on it


def ask_base(
    conn: Connection,
    ruling: Ruling,
    scope: Scope,
    asked: Mapping[int, datetime],
    turns: Mapping[int, datetime] | None = None,
) -> Question:
    """The chain over the whole base, what people who share addresses get settled among them.

    `turns`: the instants of all places, where only some are `asked` because their turn has come.
    """
    everyones = select(customers.c.locale).distinct()

    def locales() -> Iterable[str | None]:
        return conn.execute(everyones).scalars()

    parted = turns is not None and len(turns) > len(asked) and _are_parted(conn, asked)
    settled: dict[int, Settled] = {}
    if parted or (_may_meet(conn, ruling) and _does_anyone_share(conn, asked)):
        # Asked to its end before the next: on SQLite questions fill the same zone table.
        together = ask(conn, ruling, replace(scope, sharing=True), turns or asked, locales)
        settled = settle(conn, together, everyone=parted)
    theirs = {id_: each for id_, each in settled.items() if each.verdict.place_id in asked}
    return replace(ask(conn, ruling, scope, asked, locales), settled=theirs)


def settled_about(
    conn: Connection, ruling: Ruling, scope: Scope, customer_id: int, turns: Mapping[int, datetime]
) -> dict[int, Settled]:
    """As the plan settles it for a customer and all whom shared addresses lead to.

    `turns`: the instants of their places, or of all. Ask the next question after it.
    """
    if not _may_meet(conn, ruling):
        return {}
    group = group_of(conn, customer_id)
    if len(group) == 1:
        return {}
    t = customers.c
    theirs = is_any_of(conn, t.id, sorted(group))
    people = conn.execute(select(t.key, t.place_id, t.locale).where(theirs)).all()
    keys = {each.key for each in people}
    narrowed = keys & set(scope.to) if scope.to else keys
    if not narrowed:
        return {}
    asked = {each.place_id: turns[each.place_id] for each in people}
    within = replace(scope, about=None, sharing=True, to=tuple(sorted(narrowed)))
    question = ask(conn, ruling, within, asked, lambda: {each.locale for each in people})
    return settle(conn, question, everyone=False)


def group_of(conn: Connection, customer_id: int) -> set[int]:
    """The customer, who shares an address with them, who shares one with those, and so on."""
    found, new = {customer_id}, {customer_id}
    while new:
        new = set().union(*sharers(conn, new).values()) - found
        found |= new
    return found


def _may_meet(conn: Connection, ruling: Ruling) -> bool:
    """Whether two messages of one run can take slots of the same cap from one reader.

    One by mail and one by text; who stands for a merged record has more than one mailbox. There,
    where another channel would be tried next, the claim alone asks a cap of one channel.
    """
    caps = [each.cap for each in ruling.grid.cap_windows]
    if len(ruling.channels) > 1 and all(cap.channel is not None for cap in caps):
        return False
    stood_for = select(customers.c.id).where(customers.c.merged_into.is_not(None)).limit(1)
    both = {"email", "sms"} <= set(ruling.channels)
    return bool(caps) and (both or conn.execute(stood_for).first() is not None)


def _does_anyone_share(conn: Connection, places: Collection[int]) -> bool:
    """Whether anybody in these places has an address with others."""
    there = is_any_of(conn, customers.c.place_id, sorted(places))
    found = select(customers.c.id).where(customers.c.shares, there).limit(1)
    return conn.execute(found).first() is not None


def _are_parted(conn: Connection, places: Collection[int]) -> bool:
    """Whether anybody in these places shares an address with somebody elsewhere.

    Who was merged is where the one is who stands for them.
    """
    own, other = customers.alias("own"), customers.alias("other")
    reader, others_reader = customers.alias("reader"), customers.alias("others_reader")
    there = is_any_of(conn, reader.c.place_id, sorted(places))
    elsewhere = not_(is_any_of(conn, others_reader.c.place_id, sorted(places)))
    ties = (
        select(own.c.id)
        .join_from(own, other, other.c[name] == own.c[name])
        .join(reader, reader.c.id == func.coalesce(own.c.merged_into, own.c.id))
        .join(others_reader, others_reader.c.id == func.coalesce(other.c.merged_into, other.c.id))
        .where(own.c.shares, there, elsewhere)
        .limit(1)
        for name in ("email", "phone")
    )
    return any(conn.execute(tie).first() is not None for tie in ties)


def settle(conn: Connection, question: Question, *, everyone: bool) -> dict[int, Settled]:
    """The verdicts, by customer, that others' messages of the run change; or `everyone`'s.

    The question is about all who share an address, or about a group of them that no address leaves.
    """
    rows = {row["id"]: row for row in conn.execute(question.statement, question.values).mappings()}
    alone = question.released(
        conn, [verdict_of(dict(row), question.ruling.channels) for row in rows.values()]
    )
    found = {each.customer_id: Settled(each) for each in alone} if everyone else {}
    if not _may_meet(conn, question.ruling):
        return found
    planned, waiting = _planned(conn, question)
    going = {
        each.customer_id: each
        for each in alone
        if each.decision is not Decision.SKIP and each.customer_id not in planned
    }
    run = _Run(question, _readers(conn))
    run.sent |= waiting
    meeting = run.meeting(going.values())
    occupied = question.slots(conn, [going[id_] for id_ in meeting]) if meeting else {}
    for id_ in sorted(going, key=lambda id_: rows[id_]["key"]):
        settled = Settled(going[id_])
        if id_ in meeting:
            settled = run.settled(going[id_], rows[id_], occupied[id_])
            if settled.occupied is not None:
                found[id_] = settled
        run.send(settled.verdict)
    return found


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


def _readers(conn: Connection) -> dict[str, set[Target]]:
    """By key all mailboxes and telephones of who shares one and has several.

    Those of merged records are of the one who stands for them.
    """
    own, reader = customers.c, customers.alias("reader")
    query = (
        select(reader.c.key, own.email, own.phone)
        .join_from(customers, reader, reader.c.id == func.coalesce(own.merged_into, own.id))
        .where(reader.c.shares)
    )
    found: dict[str, set[Target]] = {}
    for key, email, phone in conn.execute(query):
        targets = {("email", email), ("sms", phone)}
        found.setdefault(key, set()).update(each for each in targets if each[1] is not None)
    return {key: targets for key, targets in found.items() if len(targets) > 1}


@dataclass
class _Run:
    """What has been decided of one run, in the order of keys."""

    question: Question
    readers: Mapping[str, Collection[Target]]
    sent: dict[Target, Slot] = field(default_factory=dict)

    def meeting(self, going: Iterable[Verdict]) -> set[int]:
        """The customers whose message is one of several that reach the same reader."""
        whose = {_target(each): each.customer_id for each in going}
        found: set[int] = set()
        for targets in self.readers.values():
            reached = [each for each in targets if each in whose or each in self.sent]
            if len(reached) > 1:
                found |= {whose[each] for each in reached if each in whose}
        return found

    def send(self, verdict: Verdict) -> None:
        """Note a message that goes, now or later."""
        if verdict.decision is not Decision.SKIP and verdict.channel:
            at = verdict.until or verdict.asked_at
            campaign = self.question.ruling.campaign
            slot = Slot(at, verdict.channel, campaign.topic, firm=True, campaign=campaign.name)
            self.sent[_target(verdict)] = slot

    def settled(self, verdict: Verdict, row: RowMapping, alone: Occupied) -> Settled:
        """The verdict, or what cadence makes of it with what goes before."""
        ruling, place = self.question.ruling, self.question.base.places[verdict.place_id]
        together = self._with_sent(alone, row["key"])

        def free(channel: str, taken: Occupied) -> datetime | None:
            return free_from(ruling, verdict, channel, place, taken, overall=True)

        channel = verdict.channel or ""
        if free(channel, together) == free(channel, alone):
            return Settled(verdict)
        first = _first(row, ruling.channels)
        open_to = free(first.channel, Occupied([]))
        by_touches = free(first.channel, _firm(together)) != open_to
        first = replace(first, reason=Reason.CAPPED if by_touches else Reason.RESERVED)
        capped = verdict._replace(
            decision=Decision.SKIP, reason=first.reason, until=None,
            channel=first.channel, address=first.address, consent_id=first.consent_id,
        )  # fmt: skip
        if ruling.campaign.when_capped == "hold":
            until = free_from(ruling, verdict, first.channel, place, together)
            capped = capped if until is None else capped.held(first, until)
        return Settled(capped, together)

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


def _firm(taken: Occupied) -> Occupied:
    """Touches alone, without what is open or foreseen."""

    def touches(slots: Iterable[Slot]) -> list[Slot]:
        return [each for each in slots if each.firm]

    others = {
        column: [(key, touches(slots)) for key, slots in those]
        for column, those in taken.others.items()
    }
    return Occupied(touches(taken.own), others)


def _target(verdict: Verdict) -> Target:
    return (verdict.channel or "", verdict.address or "")


def _first(row: RowMapping, channels: tuple[str, ...]) -> Stopped:
    """The first channel that passes all that is asked before cadence: there a full cap ends it."""
    for number, channel in enumerate(channels):
        stop = row[f"stop_{number}"]
        if stop is None or stop // 2 > CODES[Reason.DUPLICATE]:
            address, consent_id = row[f"address_{number}"], row[f"consent_{number}"]
            return Stopped(channel, address, consent_id, Reason.CAPPED)
    raise ValueError("a message that goes has a channel")
