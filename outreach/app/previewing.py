"""The very messages that would go, for one customer or for a few of a plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from outreach.app.context import Context
from outreach.app.explaining import Explained, explain_first
from outreach.app.mail_parts import parsed
from outreach.app.project import campaign_named
from outreach.app.questions import questions_of
from outreach.app.rulings import ruling_of
from outreach.app.tasks import Card, card_of, cards_of
from outreach.app.unprinted import lacking_of
from outreach.channels.adapter import Message, Task, Text
from outreach.decisions.asking import Question
from outreach.decisions.candidate import ADDRESS_COLUMN
from outreach.decisions.ruling import Ruling
from outreach.dispatch.held import Held
from outreach.dispatch.letters import Signer, add_events
from outreach.planning.plan import in_turn
from outreach.rendering import Compiled, RenderError, Segments, build_context, segments
from outreach.rendering.context import customer_names
from outreach.rendering.made_up import TRIAL_ADDRESSES, made_up_customer
from outreach.store.customers import by_keys, contexts
from outreach.store.engine import reading
from outreach.vocabulary import Decision

SOME = 3  # messages a channel shown without --customer


@dataclass(frozen=True, slots=True)
class Preview:
    """One rendered message; `problem` says why there is none."""

    key: str
    channel: str
    to: str
    text: str  # the whole message as it would go
    problem: str = ""
    sender: str = ""
    subject: str = ""  # of a mail
    body: str = ""  # for reading: a mail's text part
    language: str = ""  # of the files it is made from
    speaks: str = ""  # the customer's locale, "" where it is not known
    segments: Segments | None = None  # of a text message
    verdict: str = ""  # of one customer who is asked about: `send`, else what is in the way
    chosen: bool = False  # would go; False on a channel that another one comes before
    variant: str = ""  # of an experiment
    step: str = ""  # of a campaign of several
    file: str = ""  # where it was written
    kind: str = ""  # of a task, as are the following
    due_at: datetime | None = None
    card: Card | None = None  # as its owner will see it, with what is known now

    @property
    def suffix(self) -> str:
        """The ending of its file."""
        return ".eml" if self.channel == "email" else ".txt"


class Chosen(NamedTuple):
    """Whose message is shown, by which channel, in which variant; and when its `late` is over.

    `delivery`: the one that it is; None: it is made as if it went now.
    """

    id: int
    channel: str
    late_at: datetime
    variant: str
    delivery: int | None = None


def preview_campaign(
    context: Context,
    name: str,
    key: str | None = None,
    out: Path | None = None,
    step: str | None = None,
) -> list[Preview]:
    """The messages for one customer on every channel with an address, or for a few of the plan.

    Of every step, or of one: later ones for the same customers, as if they came to it now; whether
    they will is decided then. With `out` they are written into that folder, one file each, as the
    bytes that would go.
    """
    steps = [each.id for each in campaign_named(context, name).steps]
    with reading(context.engine) as conn:
        load, explained = partial(ruling_of, context, conn, name), None
        if key is None:
            firsts = _of_plan(context, conn, name)
        else:
            explained, begun = explain_first(context, conn, load, key, ahead=False)
            firsts = {begun.ruling.step.id: _of_customer(conn, begun.ruling, explained)}
        chosen = [each for several in firsts.values() for each in several]
        found: list[Preview] = []
        for each in steps if step is None else [step]:
            ruling = load(each)
            own = firsts[each] if each in firsts else _as_if_there(ruling, chosen)
            made = messages_for(context, conn, ruling, own)
            if each in firsts:
                made = [_judged(one, explained) for one in made]
            several = len(steps) > 1
            found += [replace(one, step=each if several else "") for one in made]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        found = [_written(each, out) for each in found]
    return found


def _of_customer(conn: Connection, ruling: Ruling, explained: Explained) -> list[Chosen]:
    """The customer's own variant on every channel, or each where theirs is to be chosen."""
    customer_id = by_keys(conn, [explained.key])[explained.key]
    late_at = explained.at + ruling.campaign.schedule.late
    variants = [explained.variant or ""]
    if ruling.variants and not explained.variant:  # the winner is to be chosen
        variants = list(ruling.variants)
    return [
        Chosen(customer_id, channel, late_at, variant)
        for channel in ruling.channels
        for variant in variants
    ]


def _as_if_there(ruling: Ruling, chosen: Sequence[Chosen]) -> list[Chosen]:
    """The same customers in their variants on the channels of a later step, a few on each."""
    people = list(dict.fromkeys((each.id, each.variant, each.late_at) for each in chosen))
    few = people[: SOME * max(1, len(ruling.variants))]
    return [
        Chosen(id_, channel, late_at, variant)
        for channel in ruling.channels
        for id_, variant, late_at in few
    ]


def _judged(preview: Preview, explained: Explained | None) -> Preview:
    """With what the chain says; without a customer who is asked about it is one that would go."""
    if explained is None:
        return replace(preview, chosen=True)
    goes = explained.decision is not Decision.SKIP
    chosen = goes and preview.channel == explained.channel
    return replace(preview, verdict=_verdict(explained), chosen=chosen)


def _written(preview: Preview, out: Path) -> Preview:
    parts = (preview.key, preview.step, preview.channel, preview.variant)
    name = ".".join(part for part in parts if part) + preview.suffix
    path = out / name.replace("/", "_")
    path.write_bytes(preview.text.encode())
    return replace(preview, file=str(path))


def _of_plan(context: Context, conn: Connection, name: str) -> dict[str, list[Chosen]]:
    """By each message that comes first for some, a few whose it is."""
    asked = questions_of(context, conn, name, None)
    return {
        step.id: _of_question(conn, question)
        for question, step in zip(in_turn(conn, asked.questions), asked.steps, strict=True)
        if step is not None
    }


def _of_question(conn: Connection, question: Question) -> list[Chosen]:
    rows = question.filled().subquery()
    chosen: list[Chosen] = []
    for number, channel in enumerate(question.ruling.channels):
        sent = select(rows.c.id, rows.c.late_at).where(rows.c.code.is_(None))
        sent = sent.where(rows.c.number == number)
        for arm, variant in enumerate(question.ruling.variants or ("",)):
            query = sent.where(rows.c.variant == arm) if variant else sent
            found = conn.execute(query.limit(SOME))
            chosen += [Chosen(row.id, channel, row.late_at, variant) for row in found]
    return chosen


def made_up_messages(
    context: Context, ruling: Ruling, locale: str, *, all_known: bool
) -> list[Preview]:
    """The message on every channel for a made-up customer who reads the files of `locale`.

    Of whom everything is known, or just what the templates need; no database is asked.
    """
    signer, found = signer_of(context), []
    for channel, variant in product(ruling.channels, ruling.variants or ("",)):
        compiled, read = ruling.compiled.of(variant), locale
        if locale not in compiled.locales(channel):
            read = compiled.locale_for(channel, locale or None)
        customer = made_up_customer(compiled, channel, ruling.company, read, all_known=all_known)
        address = TRIAL_ADDRESSES[channel]
        made = _message(context, ruling, compiled, signer, customer, channel, address)
        made = replace(made, variant=variant)
        if channel == Task.channel:
            names = dict.fromkeys(customer_names(ruling.company))
            card, late = card_of({**names, **customer}, []), ruling.campaign.schedule.late
            to = str(customer.get("owner") or "nobody")
            made = replace(made, to=to, due_at=context.now() + late, card=card)
        found.append(made)
    return found


def signer_of(context: Context) -> Signer:
    """What signs the links of messages that are only looked at."""
    keys = [key.get_secret_value() for key in context.environment.secret_keys()]
    return Signer(keys, context.public_url)


def messages_for(
    context: Context, conn: Connection, ruling: Ruling, chosen: Sequence[Chosen]
) -> list[Preview]:
    """The messages for these customers."""
    signer = signer_of(context)
    own = [each.delivery for each in chosen if each.delivery is not None]
    about = contexts(conn, [each.id for each in chosen], ruling.company.attributes, own)
    add_events(conn, about, ruling.compiled, context.now(), own or None)
    cards = cards_of(conn, [each.id for each in chosen if each.channel == Task.channel])
    found = []
    for id_, channel, late_at, variant, _ in chosen:
        customer = about[id_]
        address = customer.get(ADDRESS_COLUMN[channel])
        if isinstance(address, str) and address:
            compiled = ruling.compiled.of(variant)
            made = _message(context, ruling, compiled, signer, customer, channel, address)
            made = replace(made, variant=variant)
            if channel == Task.channel:  # its owner reads it, with the customer's card
                to = str(customer["owner"] or "nobody")
                made = replace(made, to=to, due_at=late_at, card=cards[id_])
            found.append(made)
    return found


def _message(
    context: Context,
    ruling: Ruling,
    compiled: Compiled,
    signer: Signer,
    customer: Mapping[str, object],
    channel: str,
    address: str,
) -> Preview:
    now = context.now()
    held = Held(
        id=0, fence=0, run_id=0, customer_id=0, channel=channel, address=address, locale=None,
        due_at=now, late_at=now, lapses=0, tries=0, resend=False,
    )  # fmt: skip
    recipient = signer.recipient(held, ruling)
    made = build_context(customer, ruling.company, ruling.campaign, now)
    key, speaks = str(customer["key"]), str(customer["locale"] or "")
    language = compiled.locale_for(channel, speaks or None) or ruling.company.brand.locale
    try:
        message = compiled.render(channel, made, recipient)
    except RenderError as error:
        problem = lacking_of(compiled, channel, made, speaks) or str(error)
        return Preview(key, channel, address, "", problem, language=language, speaks=speaks)
    return _read(
        Preview(key, channel, address, message.text, "", language=language, speaks=speaks), message
    )


def _read(preview: Preview, message: Message) -> Preview:
    """With what people read of it: who it is from, subject and text."""
    if isinstance(message, Task):
        kind = message.kind.value
        return replace(preview, kind=kind, subject=message.title, body=message.words)
    if isinstance(message, Text):
        taken = segments(message.text)
        return replace(preview, sender=message.sender, body=message.text, segments=taken)
    mail = parsed(message.content)
    part = mail.get_body(("plain",))
    body = "" if part is None else str(part.get_content())
    return replace(preview, sender=str(mail["From"]), subject=str(mail["Subject"]), body=body)


def _verdict(found: Explained) -> str:
    """What the chain says of a customer: send, held until when, or the rule in the way."""
    if found.decision is Decision.SEND:
        return f"send by {found.channel}"
    if found.decision is Decision.HOLD and found.until and found.reason:
        local = found.until.astimezone(ZoneInfo(found.timezone)).isoformat(" ", "minutes")
        when = f"hold by {found.channel} until {local}"
        return f"{when} {found.timezone}: {found.reason.value}"
    return found.reason.value if found.reason else found.decision.value
