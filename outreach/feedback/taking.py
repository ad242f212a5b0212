"""Takes a mail that came back: what it says is written down in one transaction, once."""

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, Row

from outreach.channels.wording import scrubbed
from outreach.clock import Instants
from outreach.decisions.holding import Hold, hold, too_many
from outreach.feedback.complaint_rate import look
from outreach.feedback.mail import message_ids, read_mail
from outreach.feedback.notice import Kind, Notice
from outreach.feedback.origin import Seal, delivery_of
from outreach.feedback.unauthenticated import hold_if_many
from outreach.feedback.understanding import notice_of
from outreach.logger import Logger
from outreach.settings.company import ChannelSettings
from outreach.store import feedback_mails, soft_bounces, suppressions
from outreach.store.attempts import storable
from outreach.store.dialect import one_at_a_time
from outreach.store.engine import reading, writing
from outreach.store.events import Event, add_events
from outreach.store.feedback_mails import FeedbackMail
from outreach.store.receipts import Receipt, receive
from outreach.store.run_answers import COUNTED, Final, count_return, standing
from outreach.store.suppressions import Suppression
from outreach.vocabulary import Fault, ReceiptKind, State

log = Logger(__name__)
SOURCE = "mail"
CHANNEL = "email"
RETURNS_WITHIN = timedelta(days=5)  # RFC 5321 4.5.4.1: so long servers try before they give up
_RECEIPTS = {
    Kind.BOUNCED: ReceiptKind.BOUNCED,
    Kind.DELAYED: ReceiptKind.SENT,  # a server has it, and still tries
    Kind.RELAYED: ReceiptKind.SENT,
    Kind.DELIVERED: ReceiptKind.DELIVERED,
    Kind.COMPLAINT: ReceiptKind.COMPLAINED,
    Kind.NOT_SPAM: ReceiptKind.DELIVERED,
    Kind.REPLY: ReceiptKind.DELIVERED,
}
_ACCEPTED = (State.SENT, State.DELIVERED)
LEFT_OUT = ChannelSettings()
_SAYS_NOTHING = (Kind.AUTOMATIC, Kind.NOTHING, Kind.UNREADABLE)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one mail. Not `believed`: it changes nothing, for nothing we signed is in it."""

    kind: Kind
    status: str = ""
    delivery: int | None = None
    believed: bool = False
    again: bool = False  # the same mail was taken before
    state: State | None = None  # of the delivery, if it moved
    suppressed: str | None = None  # why the address is not used any more
    customer: int | None = None  # whose reply it is
    run_held: int | None = None  # for too many complaints

    @property
    def is_strange(self) -> bool:
        """Whether a person may want to look at it: nothing could be made of it."""
        return not self.believed and self.kind is not Kind.AUTOMATIC


@dataclass(frozen=True, slots=True)
class Mailroom:
    """Where mails are taken: the database, what we sign with, and when a run must hold itself.

    `place` is the server that our mails go to.
    """

    engine: Engine
    seal: Seal
    rules: ChannelSettings = LEFT_OUT
    place: str = "the mail server"

    def take(self, raw: bytes, at: Instants, recipient: str | None = None) -> Taken:
        """Write down what a mail says; nothing it can hold raises, and nobody is answered.

        `recipient` is the envelope's, where whoever delivered the mail tells it. The same mail a
        second time changes nothing.
        """
        message = read_mail(raw)
        notice = notice_of(message)
        if message is None or notice.kind in _SAYS_NOTHING:
            return Taken(notice.kind, believed=False)
        delivery_id = delivery_of(message, notice.kind, self.seal, recipient)
        if delivery_id is None:
            return Taken(notice.kind, notice.status)
        named = message_ids(message, "Message-ID")
        letter = _Letter(notice, sha256(raw).hexdigest(), named[0] if named else "", at)
        with writing(self.engine) as conn:
            taken = self._write(conn, letter, delivery_id)
        if taken.state is State.BOUNCED:
            taken = replace(taken, run_held=self._look(delivery_id, at))
            hold_if_many(self.engine, CHANNEL, self.place, letter.digest, notice.status, at.now)
        said = {"kind": taken.kind.value, "delivery": delivery_id, "status": taken.status}
        log.info("mail taken", **said, again=taken.again)
        return taken

    def _look(self, delivery_id: int, at: Instants) -> int | None:
        """Hold the run of a message that came back if too many did; its id if it is held for it."""
        with reading(self.engine) as conn:
            run_id = feedback_mails.run_of(conn, delivery_id)
            why = too_many(standing(conn, run_id, CHANNEL), self.rules.hold_at)
        if why is None:
            return None
        holds = [_hold_once(self.engine, run_id, why, at)]
        while not holds[-1].is_over:
            holds.append(_hold_once(self.engine, run_id, why, at))
        return run_id if holds[0].held else None

    def _write(self, conn: Connection, letter: "_Letter", delivery_id: int) -> Taken:
        notice, at = letter.notice, letter.at
        row = feedback_mails.message_of(conn, delivery_id, CHANNEL)
        if row is None:  # of a database before this one
            return Taken(notice.kind, notice.status, delivery_id)
        if notice.kind is Kind.COMPLAINT:
            one_at_a_time(conn, "complaints")
        mail = letter.mail(row)
        taken = Taken(notice.kind, notice.status, delivery_id, believed=True)
        if not feedback_mails.keep(conn, mail):
            return replace(taken, again=True)
        taken = _receive(conn, notice, row, at, taken)
        if notice.kind is Kind.REPLY and row.erased_at is None:
            event = letter.reply(row)
            added = add_events(conn, [event], at.now)
            return replace(taken, customer=row.customer_id if added else None)
        if notice.kind is Kind.COMPLAINT and look(conn, mail, self.rules.complaints, at.now):
            return replace(taken, run_held=row.run_id)
        return taken


def _hold_once(engine: Engine, run_id: int, why: str, at: Instants) -> Hold:
    with writing(engine) as conn:
        return hold(conn, run_id, why, "feedback", at.now)


@dataclass(frozen=True, slots=True)
class _Letter:
    notice: Notice
    digest: str
    message_id: str
    at: Instants

    def mail(self, row: Row[Any]) -> FeedbackMail:
        return FeedbackMail(
            self.digest, row.id, row.run_id, self.notice.kind.value, self.at.now,
            self.notice.status, scrubbed(self.notice.detail, row.address or "@"),
        )  # fmt: skip

    def reply(self, row: Row[Any]) -> Event:
        """A person's answer as an event; its text is not kept."""
        named = self.message_id.encode("utf-8", "replace")
        name = sha256(named).hexdigest() if named else self.digest
        when = min(self.notice.at or self.at.now, self.at.now)
        about = {"channel": CHANNEL, "delivery": row.id}
        return Event(row.customer_id, "reply", when, external_id=f"mail:{name}", data=about)


def _receive(conn: Connection, notice: Notice, row: Row[Any], at: Instants, taken: Taken) -> Taken:
    """Let the delivery follow; suppress its address where the notice says so.

    Customers are locked before deliveries, as everywhere.
    """
    kind = _RECEIPTS.get(notice.kind)
    if kind is None:
        return taken
    said_at = None if notice.at is None or notice.at > at.now else notice.at
    receipt = Receipt(
        CHANNEL, kind, said_at or at.now, SOURCE, row.id, hard=notice.hard,
        raw={"status": notice.status}, dated=said_at is not None,
    )  # fmt: skip
    soft = notice.kind is Kind.BOUNCED and notice.soft and bool(row.address)
    addressees = suppressions.lock_addressees(conn, CHANNEL, {row.address}) if soft else []
    received = receive(conn, [receipt], at)
    moved, why = received.moved.get(row.id), received.suppressed.get(row.id)
    if moved is State.BOUNCED:
        _count(conn, notice, row)
    if soft and moved is State.BOUNCED and _given_up(conn, row, at, addressees):
        why = "soft_bounces"
    return replace(taken, state=moved, suppressed=why)


def _count(conn: Connection, notice: Notice, row: Row[Any]) -> None:
    """Count a message that came back for good as the same answer at once would be."""
    fault = Fault.POLICY if notice.fault is Fault.CHANNEL else notice.fault
    if fault in COUNTED:
        detail = storable(scrubbed(notice.detail, row.address or "@"))
        returned = Final(row.run_id, fault, notice.status, detail)
        count_return(conn, CHANNEL, returned, accepted=row.state in _ACCEPTED)


def _given_up(conn: Connection, row: Row[Any], at: Instants, addressees: list[int]) -> bool:
    """Count a day in vain for the address; whether it was one too many, and is suppressed."""
    if not soft_bounces.note(conn, CHANNEL, {row.address}, at.now, RETURNS_WITHIN):
        return False
    new = Suppression(CHANNEL, row.address, "soft_bounces", SOURCE, at.now)
    suppressions.suppress(conn, CHANNEL, [new], addressees)
    return True
