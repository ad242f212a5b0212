"""Which column of a file is which field, and how its cells are read."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from outreach.documents import RefusalError, did_you_mean
from outreach.errors import UsageError
from outreach.imports import addresses, days, values
from outreach.imports.outcome import REJECTS_HEADER, Options
from outreach.imports.remembering import remembering
from outreach.imports.values import BadValueError, Read
from outreach.settings.attribute_names import FACTS, parse_attribute_name
from outreach.settings.company import Company
from outreach.settings.date_names import date_name, is_other_field
from outreach.settings.rules_file import ADD_TASK
from outreach.vocabulary import ConsentState

COLUMN: Final = "column"
ATTRIBUTE: Final = "attribute"
CONSENT: Final = "consent"
DATA: Final = "data"
DATE: Final = "date"
DAY, NOTE = "day", "note"  # the parts of a named date
_NO_MATTER = str.maketrans("", "", " -_")  # in the names of columns


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a column of the file fills."""

    name: str  # of the column, the attribute, `consent.<channel>.<topic>` or `date.<name>`
    source: str  # the column's name in the file
    kind: str  # COLUMN, ATTRIBUTE, CONSENT, DATE or DATA
    read: Read
    about: tuple[str, str] | None = None  # channel and topic of a consent; name and part of a date


def customer_reads(company: Company, options: Options) -> dict[str, Read]:
    """How each customer column is read; the phone number needs the country and comes apart."""
    zone = ZoneInfo(company.brand.timezone)
    reads: dict[str, Read] = dict.fromkeys(
        ("first_name", "last_name", "nickname", "title", "gender", "city", "tier", "owner"),
        values.text,
    )
    reads |= {"key": values.code, "phone": values.code}
    reads |= {
        "locale": addresses.locale,
        "timezone": addresses.timezone,
        "country": addresses.country,
        "tags": values.members,
        "interests": values.interests,
    }
    alike = ("title", "gender", "city", "tier", "owner", "locale", "timezone", "country")
    reads |= {name: remembering(reads[name]) for name in (*alike, "tags", "interests")}
    reads |= {
        "email": addresses.email,
        "birthday": remembering(partial(days.birthday, order=options.dates)),
        "created_at": partial(values.instant, zone=zone, order=options.dates),
    }
    if company.lifecycle == "given":
        reads["stage"] = values.text
    return reads


def attribute_read(kind: str, company: Company, options: Options) -> Read:
    """How the cells of a declared attribute are read."""
    zone = ZoneInfo(company.brand.timezone)
    reads: Mapping[str, Read] = {
        "text": values.text,
        "number": partial(values.number, comma=options.decimal_comma),
        "money": partial(values.money, comma=options.decimal_comma),
        "yes_no": values.yes_no,
        "date": partial(values.day, order=options.dates),
        "datetime": partial(values.moment, zone=zone, order=options.dates),
        "list": values.members,
    }
    return reads[kind]


def consent(raw: Any) -> ConsentState | None:
    """yes or no; a blank says nothing and is never a yes."""
    word = values.clean(raw).lower()
    if word == "yes":
        return ConsentState.GRANTED
    if word == "no":
        return ConsentState.WITHDRAWN
    if not word:
        return None
    raise BadValueError(f"`{word[:40]}` is neither yes nor no; leave it blank for no word at all")


def _plain(name: str) -> str:
    return name.casefold().translate(_NO_MATTER)


def notes_alone(dates: Mapping[tuple[str, str], str | None]) -> list[tuple[str, str]]:
    """Fields of notes whose date a row does not give, each with the field of that date."""
    return [
        (f"date.{name}.{NOTE}", f"date.{name}")
        for (name, part), text in dates.items()
        if part == NOTE and text is not None and dates.get((name, DAY)) is None
    ]


def _read_of_data(name: str, read: Read) -> Read:
    """How a column that is kept as data is read; refused where its name can not be kept."""
    try:
        values.clean(name)
    except BadValueError as error:
        return partial(_refuse, f"its name {error}")
    return read


def _refuse(message: str, raw: Any) -> Any:  # noqa: ARG001
    raise BadValueError(message)


def known_channels(company: Company) -> frozenset[str]:
    """The channels that a consent can be about."""
    return frozenset(("email", "sms")) | company.channels.keys()


@dataclass(slots=True)
class Fields:
    """Resolves the names of columns, each once; unknown ones are told in `warnings`."""

    reads: Mapping[str, Read]
    attributes: Mapping[str, Read] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    company: Company | None = None  # where consent columns are read
    others: Callable[[Any], Any] | None = None  # reads the columns that are kept as data
    ignored: Mapping[str, str] = field(default_factory=dict)  # column → why it is not read
    warnings: list[str] = field(default_factory=list)
    _found: dict[str, Field | None] = field(default_factory=dict)

    def names(self) -> list[str]:
        """The names that a column of the file may have, as far as they can be listed."""
        return [*self.reads, *self.attributes, *self.options.map]

    def check_map(self, names: Collection[str] | None = None) -> None:
        """Refuse `--map` to a field that is not there, and of a column that is not in the file.

        `names` are the file's columns where they are known before its rows.
        """
        for source, name in self.options.map.items():
            known = [*self.reads, *self.attributes]
            dotted = name.startswith(("consent.", "date."))
            if name not in known and not dotted and self.others is None:
                message = f"`--map {source}={name}`: there is no field `{name}`"
                raise UsageError(message, did_you_mean(name, known))
            if names is not None and source not in names:
                message = f"`--map {source}={name}`: the file has no column `{source}`"
                raise UsageError(message, did_you_mean(source, names, listing="its columns:"))

    def unmet(self) -> list[str]:
        """Warnings of names in `--map` that no line had so far."""
        return [
            f"no line has `{source}`, which `--map {source}={name}` names"
            for source, name in self.options.map.items()
            if source not in self._found
        ]

    def header(self, names: Collection[str], required: Collection[str]) -> list[Field | None]:
        """The field of each column of a CSV file; None: it is not read."""
        self.check_map(names)
        if tuple(names)[: len(REJECTS_HEADER)] == REJECTS_HEADER:
            # A mended file of refused rows comes back: its own columns are no news.
            self._found.update(dict.fromkeys(REJECTS_HEADER))
        found = [self.of(name) for name in names]
        seen: dict[str, str] = {}
        for each in found:
            if each is not None and seen.setdefault(each.name, each.source) != each.source:
                message = f"two columns are `{each.name}`: `{seen[each.name]}` and `{each.source}`"
                raise UsageError(message, "leave one out, or rename one with `--map`")
        if len({name for name in names if name}) < len([name for name in names if name]):
            twice = next(name for name in names if list(names).count(name) > 1)
            raise UsageError(f"two columns are called `{twice}`", "leave one out")
        for name in required:
            if name not in seen:
                hint = f'rename one with `--map "<its name>={name}"`'
                raise UsageError(f"the file has no column `{name}`", hint)
        return found

    def source_of(self, name: str) -> str:
        """What the file calls the field; its own name where no column was it."""
        found = (each.source for each in self._found.values() if each and each.name == name)
        return next(found, name)

    def of(self, source: str) -> Field | None:
        """The field that the column of this name fills; None when it fills none."""
        if source not in self._found:
            if len(self._found) > 10_000:  # JSON lines may have any number of names
                self._found.clear()
            self._found[source] = self._resolve(source)
        return self._found[source]

    def _resolve(self, source: str) -> Field | None:
        name = self.options.map.get(source) or self._known_as(source.strip())
        if name in self.reads:
            return Field(name, source, COLUMN, self.reads[name])
        if name in self.attributes:
            return Field(name, source, ATTRIBUTE, self.attributes[name])
        if _plain(name.partition(".")[0]) == "consent" and self.company is not None:
            return self._consent(name, source, self.company)
        if _plain(name.partition(".")[0]) == "date" and "." in name and self.company is not None:
            return self._date(name, source, self.company)
        if self.others is not None and name:
            return Field(name, source, DATA, _read_of_data(name, self.others))
        self._warn(name)
        return None

    def _known_as(self, name: str) -> str:
        """The one field that is written so but for case, spaces, `-` and `_`; else the name itself."""
        if name in self.reads or name in self.attributes:
            return name
        alike = [each for each in (*self.reads, *self.attributes) if _plain(each) == _plain(name)]
        return alike[0] if len(alike) == 1 else name

    def _consent(self, name: str, source: str, company: Company) -> Field:
        """A consent column; one that can not be meant is refused: a no in it must not be lost."""
        word, _, about = name.partition(".")
        channel, _, topic = about.partition(".")
        if word != "consent" or not topic:
            topic = next(iter(company.topics), "<topic>")
            raise UsageError(f"`{source}` is no consent column", f"write `consent.email.{topic}`")
        if channel not in known_channels(company):
            hint = did_you_mean(channel, known_channels(company), listing="channels:")
            hint = ADD_TASK if channel == "task" else hint
            raise UsageError(f"`{source}`: there is no channel `{channel}`", hint)
        if topic not in company.topics:
            hint = did_you_mean(topic, company.topics, listing="topics:")
            raise UsageError(f"`{source}`: outreach.yaml has no topic `{topic}`", hint)
        if not self.options.consent_source:
            message = f"`{source}` is a consent, and a yes needs to say where it was given"
            raise UsageError(message, 'add `--consent-source "web form, January 2026"`')
        return Field(name, source, CONSENT, remembering(consent), (channel, topic))

    def _date(self, column: str, source: str, company: Company) -> Field:
        """A column of named dates, or of their notes."""
        called, _, part = column.partition(".")[2].partition(".")
        name, part = date_name(called), part.casefold() or DAY
        if name is None or part not in (DAY, NOTE):
            hint = "write `date.wedding`, for its note `date.wedding.note`"
            raise UsageError(f"`{source}` is no column of a date", hint)
        if is_other_field(name, company):
            hint = "choose another name" if name in FACTS else f"call it `{name}`"
            raise UsageError(f"`{source}`: `{name}` is a field of its own", hint)
        if part == NOTE:
            return Field(f"date.{name}.{NOTE}", source, DATE, values.text, (name, NOTE))
        read = remembering(partial(days.named_date, order=self.options.dates))
        return Field(f"date.{name}", source, DATE, read, (name, DAY))

    def _warn(self, name: str) -> None:
        if len(self.warnings) >= 100:
            return
        if name in self.ignored:
            self.warnings.append(f"column `{name}` is not read: {self.ignored[name]}")
        elif name in FACTS:
            why = "it is a fact, which is counted from the customers' events; import those"
            self.warnings.append(f"column `{name}` is not read: {why}")
        elif name:
            guess = did_you_mean(name, [*self.reads, *self.attributes])
            hint = guess or _declared(name)
            self.warnings.append(f"column `{name}` is not read: there is no such field; {hint}")


def _declared(name: str) -> str:
    """How a column is kept as an attribute: under its own name where an attribute may have it."""
    try:
        parse_attribute_name(name)
    except RefusalError:
        hint = "declare it under `attributes` in outreach.yaml by another name to keep it"
        return f'{hint}, and say `--map "{name}=<its name>"`'
    return "declare it under `attributes` in outreach.yaml to keep it"
