"""What follows from a text that a customer sent: opting out, back in, help, or an answer.

CTIA's messaging principles 5.1.3 and COMPLIANCE SMS 10. Texts of machines are never answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from outreach.feedback.keywords import Keyword, keyword_of
from outreach.settings.company import ChannelSettings, Company
from outreach.store import suppressions
from outreach.store.events import Event, add_events
from outreach.store.inbound import Writer, is_new, writer_at
from outreach.store.journal import record
from outreach.store.opt_outs import Against
from outreach.store.suppressions import Suppression, lock_addressees
from outreach.store.words import writable

CHANNEL = "sms"
OPTED_OUT = "opted_out"
REPLY = "reply"
_ANSWERS = {Keyword.STOP: "stopped_sms", Keyword.START: "started_sms", Keyword.HELP: "help_sms"}


@dataclass(frozen=True, slots=True)
class Text:
    """A text from a number in E.164; `name` is the provider's, `answered` by it already."""

    provider: str
    name: str
    phone: str
    text: str
    keyword: Keyword | None = None  # as the provider took it; None: it left that to us
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed: `answer` names the words to send back, None for none."""

    answer: str | None = None
    locale: str | None = None
    against: tuple[Against, ...] = ()  # what must not begin any more before it is told
    replied: tuple[int, ...] = ()  # customers whose facts are newer now


def take(conn: Connection, company: Company, text: Text, now: datetime) -> Followed:
    """Do what a text asks for; one that was taken before does nothing.

    STOP suppresses the number, so it holds for whoever has it; START lifts that and nothing else.
    What is no keyword is an event `reply` of the customer.
    """
    settings = company.channels.get(CHANNEL, ChannelSettings())
    text = replace(text, text=writable(text.text))
    keyword = text.keyword or keyword_of(text.text, settings.stop_words)
    noted = "" if keyword is None else keyword.value
    if not is_new(conn, text.provider, text.name, noted, now):
        return Followed()
    writer = writer_at(conn, text.phone)
    locale = None if writer is None else writer.locale
    if keyword is None:
        return Followed(replied=_reply(conn, text, writer, now))
    ids: Sequence[int] = ()
    changed = True
    if keyword is Keyword.STOP:
        ids, changed = _stop(conn, text, now)
    elif keyword is Keyword.START:
        changed = _start(conn, text, now)
    against = Against(CHANNEL, frozenset(ids), frozenset({text.phone}))
    answer = _ANSWERS[keyword] if changed and not text.answered else None
    return Followed(answer, locale, (against,) if keyword is Keyword.STOP else ())


def _stop(conn: Connection, text: Text, now: datetime) -> tuple[Sequence[int], bool]:
    """Suppress the number; the ids of whoever has it, and whether it was not stopped before."""
    ids = lock_addressees(conn, CHANNEL, {text.phone})
    known = suppressions.reasons_against(conn, CHANNEL, text.phone)
    source = f"{text.provider} {text.name}"
    stop = Suppression(CHANNEL, text.phone, OPTED_OUT, source, now)
    suppressions.suppress(conn, CHANNEL, [stop], ids)
    return ids, OPTED_OUT not in known


def _start(conn: Connection, text: Text, now: datetime) -> bool:
    """Lift the stop of the number; whether texts come again, for one was lifted and nothing else holds.

    The audit log keeps by which message.
    """
    lock_addressees(conn, CHANNEL, {text.phone})
    if not suppressions.lift_reason(conn, CHANNEL, text.phone, OPTED_OUT):
        return False
    record(conn, now, text.provider, "opt-out lifted", text.name)
    return not suppressions.reasons_against(conn, CHANNEL, text.phone)


def _reply(conn: Connection, text: Text, writer: Writer | None, now: datetime) -> tuple[int, ...]:
    if writer is None:
        return ()
    data = {"channel": CHANNEL, "text": text.text, "delivery": writer.delivery_id}
    name = f"{text.provider}:{text.name}"
    event = Event(writer.customer_id, REPLY, now, external_id=name, data=data)
    return (writer.customer_id,) if add_events(conn, [event], now) else ()
