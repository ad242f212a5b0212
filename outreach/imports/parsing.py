"""Rows of a file as values, or as faults: no database, so that it can run in another process."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from outreach.documents import did_you_mean
from outreach.imports import addresses, values
from outreach.imports.customer_rows import CustomerRow
from outreach.imports.fields import (
    ATTRIBUTE,
    COLUMN,
    CONSENT,
    DATA,
    DATE,
    Field,
    Fields,
    attribute_read,
    customer_reads,
    known_channels,
    notes_alone,
)
from outreach.imports.outcome import Options
from outreach.imports.remembering import remembering
from outreach.imports.seen_keys import SeenKeys
from outreach.imports.values import BadValueError, Read
from outreach.settings.company import Company
from outreach.store.facts import ORDER, REFUND
from outreach.vocabulary import ConsentState, TaskCause

CLOCK_SKEW = timedelta(minutes=5)
EVENT_SKEW = timedelta(days=1)  # a clock or a zone may be wrong; a year is
Fault = tuple[str, str]  # the field's name, what is wrong
Cells = Iterable[tuple[Field | None, Any]]


class EventRow(NamedTuple):
    """One event of a file."""

    line: int
    key: str
    values: dict[str, Any]  # kind, at, amount, id, due_at of a promise, as far as given
    data: dict[str, Any]
    cells: list[str]


class ConsentRow(NamedTuple):
    """One word of a consent file."""

    line: int
    key: str
    values: dict[str, Any]  # channel, topic, state, at, source, proof, expires_at
    cells: list[str]


class Parser(Protocol):
    """Reads the rows of one sort of file."""

    fields: Fields
    required: tuple[str, ...]

    def parse(self, line: int, cells: Cells, raw: list[str]) -> Any | list[Fault]:
        """The row, or everything that is wrong with it."""
        ...


def read_cells(cells: Cells, clears: bool, into: dict[str, dict[Any, Any]]) -> list[Fault]:
    """Read each cell into the dictionary of its field's kind; blanks only where they clear."""
    faults: list[Fault] = []
    for field, raw in cells:
        if field is None:
            continue
        try:
            value = field.read(raw)
        except BadValueError as error:
            faults.append((field.name, str(error)))
            continue
        if value is not None or (clears and field.kind in (COLUMN, ATTRIBUTE, DATE)):
            into[field.kind][field.about or field.name] = value
    return faults


class CustomerParser:
    """Reads customers."""

    required: tuple[str, ...] = ("key",)

    def __init__(self, company: Company, options: Options) -> None:
        self._home = company.brand.country
        self._clears = options.blank_clears
        self._seen = SeenKeys()
        self._lists = {name for name, kind in company.attributes.items() if kind == "list"}
        ignored = {} if company.lifecycle == "given" else {
            "stage": f"the lifecycle `{company.lifecycle}` decides it",
        }  # fmt: skip
        self.fields = Fields(
            reads=customer_reads(company, options),
            attributes={
                name: attribute_read(kind, company, options)
                for name, kind in company.attributes.items()
            },
            options=options,
            company=company,
            ignored=ignored,
        )

    def parse(self, line: int, cells: Cells, raw: list[str]) -> CustomerRow | list[Fault]:  # noqa: ARG002
        """The customer; the number is read last, for it needs the country.

        A key that comes again is refused: which row held would depend on where a transaction ends,
        and the same file again would change what the later one says back and forth.
        """
        found: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        consents: dict[tuple[str, str], ConsentState] = {}
        dates: dict[tuple[str, str], str | None] = {}
        into: dict[str, dict[Any, Any]] = {
            COLUMN: found,
            ATTRIBUTE: attributes,
            CONSENT: consents,
            DATE: dates,
        }
        faults = read_cells(cells, self._clears, into)
        key = found.pop("key", None)
        told = {column for column, _ in faults}
        if key is None and "key" not in told:
            faults.append(("key", "is blank"))
        if "phone" in found:
            hint = found.get("country") or self._home
            try:
                # the country: what a text message to it costs
                number, region = addresses.phone_and_region(found["phone"], hint)
                found["phone"], found["phone_region"] = number, region
            except BadValueError as error:
                faults.append(("phone", str(error)))
        faults += [
            (note, "is a note without its date")
            for note, date in notes_alone(dates)
            if date not in told
        ]
        if faults or key is None:
            return faults
        earlier = self._seen.earlier(key, line)
        if earlier is not None:
            message = f"stands on line {earlier} already: one row a customer"
            return [("key", message)]
        for name in ("tags", "interests"):
            if name in found and found[name] is None:
                found[name] = []
        if "created_at" in found and found["created_at"] is None:
            del found["created_at"]
        place = addresses.place(found.get("timezone"), found.get("country"), found.get("phone"))
        return CustomerRow(line, key, found, attributes, consents, dates, place)


OF_PROMISES = ("due", "promise", "what", "text")  # columns that are data, by whatever case


class EventParser:
    """Reads events; columns it does not know are kept as data."""

    required: tuple[str, ...] = ("key", "kind", "at")

    def __init__(self, company: Company, options: Options, now: datetime) -> None:
        self._latest = now + EVENT_SKEW
        self._currency = company.brand.currency
        zone = ZoneInfo(company.brand.timezone)
        self._due = partial(values.end, zone=zone, order=options.dates)
        datum = remembering(_datum)
        self.fields = Fields(
            reads={
                "key": values.code,
                "kind": remembering(values.text),
                "at": partial(values.instant, zone=zone, order=options.dates),
                "amount": remembering(partial(values.amount, comma=options.decimal_comma)),
                "id": values.code,
                **dict.fromkeys(OF_PROMISES, datum),
            },
            options=options,
            others=datum,
        )

    def parse(self, line: int, cells: Cells, raw: list[str]) -> EventRow | list[Fault]:
        """The event: past, and an order or a refund with its amount, not with a sign."""
        found: dict[str, Any] = {}
        data: dict[str, Any] = {}
        faults = read_cells(cells, False, {COLUMN: found, DATA: data})
        faults += missing(found, self.required, faults)
        data |= {name: found.pop(name) for name in OF_PROMISES if name in found}
        if found.get("kind") == TaskCause.PROMISE and "due" in data:
            try:
                found["due_at"] = self._due(data["due"])
            except BadValueError as error:
                faults.append(("due", str(error)))
        if "at" in found and found["at"] > self._latest:
            faults.append(("at", "lies in the future"))
        if found.get("kind") in (ORDER, REFUND) and found.get("amount", 0) < 0:
            faults.append(
                ("amount", "is below 0; what was paid back is an event `refund`, above 0")
            )
        currency = data.get("currency")
        if currency is not None and currency != self._currency:
            message = (
                f"`{currency}` is not the company's {self._currency}; rates are not supported yet"
            )
            faults.append(("currency", message))
        if faults:
            return faults
        return EventRow(line, found.pop("key"), found, data, raw)


class ConsentParser:
    """Reads words of consent, each with its own date and source."""

    required: tuple[str, ...] = ("key", "channel", "topic", "state", "at")

    def __init__(self, company: Company, options: Options, now: datetime) -> None:
        self._latest = now + CLOCK_SKEW
        self._source = options.consent_source
        zone = ZoneInfo(company.brand.timezone)
        instant = partial(values.instant, zone=zone, order=options.dates)
        channels, topics = known_channels(company), frozenset(company.topics)
        alike: dict[str, Read] = {
            "channel": partial(one_of, known=channels, what="channel"),
            "topic": partial(one_of, known=topics, what="topic"),
            "state": partial(one_of, known=frozenset(ConsentState), what="state"),
            "source": values.text,
            "proof": values.text,
            "expires_at": instant,
        }
        reads = {name: remembering(read) for name, read in alike.items()}
        self.fields = Fields(
            reads={"key": values.code, "at": instant, **reads},
            options=options,
        )

    def parse(self, line: int, cells: Cells, raw: list[str]) -> ConsentRow | list[Fault]:
        """The word; a yes needs a source, and none can be said in the future."""
        found: dict[str, Any] = {}
        faults = read_cells(cells, False, {COLUMN: found})
        faults += missing(found, self.required, faults)
        if "at" in found and found["at"] > self._latest:
            faults.append(("at", "lies in the future"))
        if "at" in found and "expires_at" in found and found["expires_at"] <= found["at"]:
            faults.append(("expires_at", "is not after `at`"))
        if (
            found.get("state") == ConsentState.GRANTED
            and self._source is None
            and "source" not in found
        ):
            faults.append(("source", "is blank; a yes needs to say where it was given"))
        if faults:
            return faults
        found.setdefault("source", self._source or "import")
        return ConsentRow(line, found.pop("key"), found, raw)


def missing(found: dict[str, Any], required: tuple[str, ...], faults: list[Fault]) -> list[Fault]:
    """Faults for the required fields that are blank, but for those that have one already."""
    if not faults and all(name in found for name in required):
        return []
    told = {column for column, _ in faults}
    return [(name, "is blank") for name in required if name not in found and name not in told]


def one_of(raw: Any, known: frozenset[str], what: str) -> str | None:
    """One of the known words; None when blank."""
    word = values.clean(raw)
    if not word or word in known:
        return word or None
    hint = did_you_mean(word, known, listing=f"{what}s:")
    raise BadValueError(f"there is no {what} `{word[:40]}`" + (f"; {hint}" if hint else ""))


def _datum(raw: Any) -> Any:
    """A value of an event's other columns: JSON's own scalars stay what they are."""
    if isinstance(raw, bool | int):
        return raw
    if isinstance(raw, str) or raw is None:
        return values.prose(raw)
    return values.number(raw)
