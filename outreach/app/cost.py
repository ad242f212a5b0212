"""What a plan's messages would cost: prices by the number's country, SMS by their segments."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from statistics import variance

from sqlalchemy import ColumnElement, Connection, case, func, null, select

from outreach.app.context import Context
from outreach.decisions.asking import Question
from outreach.dispatch.letters import add_events
from outreach.planning.funnel import Funnel
from outreach.rendering import Recipient, RenderError, build_context, segments
from outreach.rendering.links import CLICKED
from outreach.rendering.segments import outside_gsm
from outreach.settings.company import ChannelSettings, Company
from outreach.store.customers import contexts
from outreach.store.tables import customers

DEFAULT = "default"  # the price of countries without one of their own
SAMPLE = 50  # messages rendered to learn how many segments they take
FIRST_RANGE = 1_000  # ids looked at for them at first
PARTS = 20  # of the base, each with a sample of its own, where it is looked at closely
_TOKEN = 16  # characters of a token, of a delivery in the millions
MOST_UNUSUAL = 20  # characters listed


_Sample = dict[int, tuple[str, str | None]]  # by customer: number and variant


@dataclass(frozen=True, slots=True)
class SegmentsTaken:
    """What text messages of a sample take; `unusual`: characters that cost UCS-2, frequent first."""

    messages: int  # rendered
    average: Decimal
    error: Decimal  # of the average, either way, in 95 of 100 samples; 0: all were rendered
    most: int
    unusual: str


def priced_regions(company: Company, channels: Iterable[str]) -> tuple[str, ...]:
    """The countries that a channel has a price of their own for."""
    prices = _prices(company, channels).values()
    return tuple(sorted({region for each in prices for region in each if region != DEFAULT}))


def _prices(company: Company, channels: Iterable[str]) -> dict[str, dict[str, Decimal]]:
    found = {name: company.channels.get(name, ChannelSettings()).price for name in channels}
    return {name: prices for name, prices in found.items() if prices}


def is_priced(company: Company, channels: Iterable[str]) -> bool:
    """Whether a message on any of the channels has a price."""
    return bool(_prices(company, channels))


def price_of(prices: Mapping[str, Decimal], region: str | None) -> Decimal:
    """What a message to a country costs: its own price, else the default."""
    return prices.get(region or DEFAULT, prices.get(DEFAULT, Decimal(0)))


def region_number(regions: Sequence[str]) -> ColumnElement[int]:
    """Which of the countries, counted from 1, a customer's number belongs to; 0: none of them.

    An import notes the number's own country; where there is none the customer's counts.
    """
    region = func.coalesce(customers.c.phone_region, customers.c.country)
    return case({name: number for number, name in enumerate(regions, 1)}, value=region, else_=0)


def cost_of(
    company: Company,
    channels: Iterable[str],
    funnel: Funnel,
    regions: Sequence[str],
    taken: SegmentsTaken | None,
) -> tuple[Decimal, dict[str, Decimal]]:
    """Total and by channel, in brand.currency, of all that would be sent or held.

    The funnel is counted by `region_number`; `taken` is segments_taken's: an SMS costs its average.
    """
    prices = _prices(company, channels)
    found = {name: Decimal(0) for name in prices}
    for (channel, number), messages in funnel.by.items():
        if channel in prices:
            region = regions[number - 1] if number else DEFAULT
            found[channel] += price_of(prices[channel], region) * messages
    if found.get("sms") and taken is not None:
        found["sms"] *= taken.average
    found = {name: value.quantize(Decimal("0.01")) for name, value in found.items()}
    return sum(found.values(), Decimal(0)), found


def segments_taken(
    context: Context, conn: Connection, question: Question, messages: int, *, closely: bool = False
) -> SegmentsTaken | None:
    """The segments of up to 50 rendered text messages; None where none can be rendered.

    `messages` is how many there are. `closely`: of up to 1,000 from all over the base.
    """
    ruling = question.ruling
    if closely and messages > SAMPLE:
        sample = _spread_sample(conn, question)
    else:
        sample = _sample(conn, question, min(messages, SAMPLE))
    about = contexts(conn, list(sample), ruling.company.attributes)
    add_events(conn, about, ruling.compiled, context.now())
    links = links_of(context)
    counts: list[int] = []
    unusual: Counter[str] = Counter()
    for id_, (address, variant) in sample.items():
        made = build_context(about[id_], ruling.company, ruling.campaign, context.now())
        recipient = Recipient(0, "", address, "", "<plan@outreach.invalid>", links=links)
        try:
            message = ruling.compiled.of(variant).render("sms", made, recipient)
        except RenderError:
            continue
        counts.append(segments(message.text).segments)
        unusual.update(outside_gsm(message.text))
    if not counts:
        return None
    often = sorted(unusual, key=lambda each: (-unusual[each], each))
    shown = "".join(often[:MOST_UNUSUAL])
    average = Decimal(sum(counts)) / len(counts)
    error = _error(counts, messages) if len(sample) < messages else Decimal(0)
    return SegmentsTaken(len(counts), average, error, max(counts), shown)


def segments_of_all(parts: Sequence[tuple[SegmentsTaken, int]]) -> SegmentsTaken | None:
    """What the texts of several templates take together; with each, how many there are of it."""
    if len(parts) < 2:
        return parts[0][0] if parts else None
    texts = sum(many for _, many in parts)
    average = sum((each.average * many for each, many in parts), Decimal(0)) / texts
    spread = sum(((each.error * many) ** 2 for each, many in parts), Decimal(0)).sqrt() / texts
    return SegmentsTaken(
        sum(each.messages for each, _ in parts),
        average,
        spread.quantize(Decimal("0.01"), ROUND_UP),
        max(each.most for each, _ in parts),
        "".join(dict.fromkeys("".join(each.unusual for each, _ in parts)))[:MOST_UNUSUAL],
    )


def _error(counts: Sequence[int], messages: int) -> Decimal:
    """How far off the average of a sample may be: 1.96 standard errors, less as it is more of all.

    Where all of it took as many, 3 in so many may still take one more: the rule of three (Hanley,
    Lippman-Hand, JAMA 249, 1983).
    """
    many = len(counts)
    if min(counts) == max(counts):
        unseen = Decimal(messages - many) / messages
        return min(Decimal(3) / many, unseen).quantize(Decimal("0.01"), ROUND_UP)
    spread = Decimal(variance(counts)) / many * (Decimal(messages - many) / (messages - 1))
    return (Decimal("1.96") * spread.sqrt()).quantize(Decimal("0.01"))


def links_of(context: Context) -> str:
    """Where links that are counted begin, as long as they are: segments depend on it."""
    here = context.public_url
    return f"{here}{CLICKED}{'0' * _TOKEN}/" if here else ""


def _sample(conn: Connection, question: Question, wanted: int) -> _Sample:
    """The first so many who would get a text, with number and variant: the same on each database.

    The chain is asked in ranges of ids that double, and no further than to the last that is wanted.
    """
    end = _last_id(conn)
    found: _Sample = {}
    first, size = 0, FIRST_RANGE
    while len(found) < wanted and first < end:
        found |= _in_range(conn, question, first, first + size, wanted - len(found))
        first, size = first + size, size * 2
    return found


def _spread_sample(conn: Connection, question: Question) -> _Sample:
    """A few from each part of the base, old customers and new."""
    step = max(1, -(-_last_id(conn) // PARTS))
    found: _Sample = {}
    for number in range(PARTS):
        first = number * step
        last = first + min(step, FIRST_RANGE * PARTS)
        found |= _in_range(conn, question, first, last, SAMPLE)
    return found


def _last_id(conn: Connection) -> int:
    return conn.execute(select(func.max(customers.c.id))).scalar() or 0


def _in_range(conn: Connection, question: Question, first: int, last: int, most: int) -> _Sample:
    """So many who would get a text, of the customers with ids in a range, the lowest first."""
    sms, names = question.ruling.channels.index("sms"), question.ruling.variants
    rows = question.among(first, last).subquery()
    number = rows.c.variant if names else null()
    query = select(rows.c.id, rows.c.address, number.label("variant"))
    query = query.where(rows.c.code.is_(None), rows.c.number == sms)
    return {
        row.id: (row.address, None if row.variant is None else names[row.variant])
        for row in conn.execute(query.order_by(rows.c.id).limit(most))
    }
