"""What a plan's messages would cost: prices by country, SMS by segments of rendered messages."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, func, select

from outreach.app.context import Context
from outreach.decisions.asking import Question
from outreach.rendering import Recipient, RenderError, build_context, segments
from outreach.rendering.segments import outside_gsm
from outreach.settings.company import ChannelSettings
from outreach.store.customers import contexts
from outreach.store.tables import customers

SAMPLE = 50  # messages rendered to learn how many segments they take

MOST_UNUSUAL = 20  # characters listed


@dataclass(frozen=True, slots=True)
class SegmentsTaken:
    """What text messages of a sample take; `unusual` are characters that cost UCS-2."""

    messages: int  # rendered, up to SAMPLE
    average: Decimal
    most: int
    unusual: str


def cost_of(
    context: Context, conn: Connection, question: Question, taken: SegmentsTaken | None
) -> tuple[Decimal, dict[str, Decimal]]:
    """Total and by channel, in brand.currency, of all that would be sent or held.

    `taken` is segments_taken's: an SMS costs its average.
    """
    company = context.company()
    prices = {
        name: company.channels[name].price
        for name in question.ruling.channels
        if company.channels.get(name, ChannelSettings()).price
    }
    if not prices:
        return Decimal(0), {}
    found = {name: Decimal(0) for name in prices}
    for name, country, number in _messages(conn, question):
        if name in prices:
            price = prices[name].get(country or "", prices[name].get("default", Decimal(0)))
            found[name] += price * number
    if found.get("sms") and taken is not None:
        found["sms"] *= taken.average
    found = {name: value.quantize(Decimal("0.01")) for name, value in found.items()}
    return sum(found.values(), Decimal(0)), found


def _messages(conn: Connection, question: Question) -> list[tuple[str, str | None, int]]:
    rows = question.filled().subquery()
    query = (
        select(rows.c.number, customers.c.country, func.count())
        .join(customers, customers.c.id == rows.c.id)
        .where(rows.c.code.is_(None))
        .group_by(rows.c.number, customers.c.country)
    )
    channels = question.ruling.channels
    return [(channels[number], country, count) for number, country, count in conn.execute(query)]


def segments_taken(context: Context, conn: Connection, question: Question) -> SegmentsTaken | None:
    """The segments of up to 50 rendered text messages; None where none can be rendered."""
    ruling, rows = question.ruling, question.filled().subquery()
    query = select(rows.c.id, rows.c.address).where(
        rows.c.code.is_(None), rows.c.number == ruling.channels.index("sms")
    )
    sample = {row.id: row.address for row in conn.execute(query.limit(SAMPLE))}
    about = contexts(conn, list(sample), ruling.company.attributes)
    counts, unusual = [], ""
    for id_, address in sample.items():
        made = build_context(about[id_], ruling.company, ruling.campaign, context.now())
        recipient = Recipient(0, "", address, "", "<plan@outreach.invalid>")
        try:
            message = ruling.compiled.render("sms", made, recipient)
        except RenderError:
            continue
        counts.append(segments(message.text).segments)
        unusual += outside_gsm(message.text)
    if not counts:
        return None
    unusual = "".join(dict.fromkeys(unusual))
    return SegmentsTaken(
        len(counts), Decimal(sum(counts)) / len(counts), max(counts), unusual[:MOST_UNUSUAL]
    )
