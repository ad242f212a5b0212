"""Files of campaign tests as cases, or every problem of them at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from outreach.campaign.case_file import CaseFile, CasesFile, EventFile
from outreach.campaign.model import Campaign
from outreach.campaign.occurrences import CUSTOMER
from outreach.documents import Document, Path, RefusalError, did_you_mean, load, validate
from outreach.errors import Problem
from outreach.imports.fields import known_channels
from outreach.imports.outcome import Options
from outreach.imports.parsing import EventParser
from outreach.lifecycle.model import Lifecycles
from outreach.settings.company import Company
from outreach.settings.geography import zones
from outreach.testing.cases import Case, Happened, Person, Said, Touched, UnderWay
from outreach.testing.expecting import expected, faults_of
from outreach.testing.instants import Moments
from outreach.testing.people import KEY, PeopleReader, written_zone
from outreach.testing.underway import WayReader
from outreach.vocabulary import ConsentState

ARMS = ("holdout", "control_group")
A_YEAR_AGO = "-365 days"


@dataclass(frozen=True, slots=True)
class Known:
    """What a test may name of the project."""

    company: Company
    campaigns: Mapping[str, Campaign]
    lifecycles: Lifecycles
    faulty: frozenset[str] = frozenset()  # campaigns whose own files are at fault


def read_cases(known: Known, file: str, content: bytes) -> tuple[list[Case], list[Problem]]:
    """The cases of one file, and all that is wrong with it: its cases are not run then."""
    document, problems = load(file, content)
    if document is None:
        return [], problems
    written, faults = validate(document, CasesFile)
    problems = [*problems, *faults]
    if written is None:
        return [], sorted(set(problems))
    campaign = known.campaigns.get(written.campaign)
    if campaign is None:
        message = f"there is no campaign `{written.campaign}`"
        hint = did_you_mean(written.campaign, known.campaigns, listing="there are")
        if written.campaign in known.faulty:
            message, hint = "this campaign is at fault itself", "see `outreach check`"
        problems.append(document.problem(("campaign",), "unknown-campaign", message, hint))
        return [], sorted(set(problems))
    cases = []
    for number, each in enumerate(written.cases):
        reader = _CaseReader(known, document, written, each, number, campaign)
        cases.append(reader.case())
        problems += reader.problems
    found = [each for each in cases if each is not None]
    return ([] if problems else found), sorted(set(problems))


@dataclass(slots=True)
class _CaseReader:
    """Reads one case on top of what the file gives."""

    known: Known
    document: Document
    written: CasesFile
    this: CaseFile
    number: int
    campaign: Campaign
    problems: list[Problem] = field(default_factory=list)

    def case(self) -> Case | None:
        """The case; None where something is wrong with it."""
        zone = self._zone()
        at = self._at(Moments(zone))
        if at is None:
            return None
        moments = Moments(zone, at)
        people = self._people(moments)
        keys = {each.row.key for each in people}
        events = tuple(self._events(moments, people, keys))
        found = Case(
            file=self.document.file,
            line=self.document.place(("cases", self.number))[0],
            name=self.this.name,
            campaign=self.campaign.name,
            at=at,
            people=tuple(people),
            arm=self._arm(),
            words=tuple(self._words(moments, people, keys)),
            suppressions=tuple(self._suppressions(people)),
            events=events,
            touches=tuple(self._touches(moments, people, keys)),
            way=self._way(moments, events, people[0].row.key if people else KEY),
            expect=self._expected(moments),
        )
        return None if self.problems else found

    def _path(self, key: str) -> Path:
        """Where a key holds from: the case's own, else what is given."""
        own: Path = ("cases", self.number, key)
        return own if getattr(self.this, key) is not None else ("given", key)

    def _value(self, key: str) -> Any:
        own = getattr(self.this, key)
        return getattr(self.written.given, key) if own is None else own

    def _refuse(self, path: Path, message: str, hint: str = "", *, key: bool = False) -> None:
        self.problems.append(self.document.problem(path, "bad-value", message, hint, key=key))

    def _moment(self, path: Path, written: str, moments: Moments) -> datetime | None:
        try:
            return moments.read(written)
        except RefusalError as error:
            self._refuse(path, error.message, error.hint)
            return None

    def _zone(self) -> ZoneInfo:
        """The clock of what has no offset: the customer's, where the campaign goes by it."""
        zone = written_zone(self.written.given, self.this)
        own = self.campaign.schedule.timezone == CUSTOMER and zone in zones()
        return ZoneInfo(zone if own and zone else self.known.company.brand.timezone)

    def _at(self, moments: Moments) -> datetime | None:
        path: Path = ("cases", self.number, "at") if self.this.at is not None else ("at",)
        written = self.this.at or self.written.at
        if written is None:
            hint = "write `at:` above `cases` for all of them, for example `2026-07-03T17:00+02:00`"
            self._refuse(("cases", self.number), "it is not said when: `at` is missing", hint)
            return None
        return self._moment(path, written, moments)

    def _people(self, moments: Moments) -> list[Person]:
        reader = PeopleReader(self.known.company, self.known.lifecycles)
        given, own = self.written.given.customer or {}, self.this.customer or {}
        asked, faults = reader.read({**given, **own}, moments, KEY)
        for where, message, hint in faults:
            base: Path = ("cases", self.number) if where[0] in own else ("given",)
            self._refuse((*base, "customer", *where), message, hint, key=True)
        found = [] if asked is None else [asked]
        for number, each in enumerate(self._value("others") or ()):
            other, faults = reader.read(each, moments, None)
            for where, message, hint in faults:
                self._refuse((*self._path("others"), number, *where), message, hint, key=True)
            found += [] if other is None else [other]
        keys = [each.row.key for each in found]
        for key in sorted({each for each in keys if keys.count(each) > 1}):
            self._refuse(self._path("others"), f"two customers have the key `{key}`")
        return found

    def _arm(self) -> str | None:
        arm, path = self.this.arm, ("cases", self.number, "arm")
        if arm is None:
            return None
        shares = {
            "holdout": self.campaign.holdout,
            "control_group": self.known.company.control_group,
        }
        there = [each for each in ARMS if shares[each]]
        there += [each.name for each in self.campaign.variants]
        if arm not in there:
            hint = did_you_mean(arm, there, listing="there are") or "take it out"
            self._refuse(path, f"the campaign has no arm `{arm}`", hint)
        return arm

    def _whose(self, key: str | None, path: Path, people: list[Person], keys: set[str]) -> str:
        """The key of whom a record is about; of who is asked about where none is written."""
        if key is None or key in keys:
            return key or (people[0].row.key if people else KEY)
        hint = did_you_mean(key, keys, listing="there are") or "write them under `others`"
        self._refuse(path, f"there is no customer `{key}`", hint)
        return key

    def _words(self, moments: Moments, people: list[Person], keys: set[str]) -> list[Said]:
        found = []
        base = self._path("consents")
        for number, each in enumerate(self._value("consents") or ()):
            path = (*base, number)
            if (each.yes is None) == (each.no is None):
                self._refuse(path, "this is neither one yes nor one no", "write `yes: email/…`")
                continue
            about = self._about(each.yes or each.no or "", path)
            at = self._moment((*path, "at"), each.at or A_YEAR_AGO, moments)
            ends = each.expires_at and self._moment((*path, "expires_at"), each.expires_at, moments)
            key = self._whose(each.customer, (*path, "customer"), people, keys)
            if about is not None and at is not None:
                state = ConsentState.GRANTED if each.yes else ConsentState.WITHDRAWN
                found.append(Said(key, *about, state, at, each.source, each.proof, ends or None))
        return found

    def _about(self, written: str, path: Path) -> tuple[str, str] | None:
        """Channel and topic."""
        channel, _, topic = written.partition("/")
        channels, topics = known_channels(self.known.company), self.known.company.topics
        if channel not in channels:
            hint = did_you_mean(channel, channels, listing="there are")
            self._refuse(path, f"there is no channel `{channel}`", hint)
        elif topic not in topics:
            hint = did_you_mean(topic, topics, listing="there are")
            message = f"there is no topic `{topic}`" if topic else "the topic is missing"
            self._refuse(path, message, hint)
        else:
            return channel, topic
        return None

    def _suppressions(self, people: list[Person]) -> list[tuple[str, str]]:
        found = []
        base, own = self._path("suppressions"), people[0].row.values if people else {}
        for number, written in enumerate(self._value("suppressions") or ()):
            channel, _, address = written.partition("/")
            column = {"email": "email", "sms": "phone"}.get(channel)
            address = address or str(own.get(column or "") or "")
            if column is None:
                hint = did_you_mean(channel, ("email", "sms"), listing="there are")
                self._refuse((*base, number), f"no address of `{channel}` is suppressed", hint)
            elif not address:
                self._refuse((*base, number), f"the customer has no `{column}`", "write it there")
            else:
                found.append((channel, address))
        return found

    def _events(self, moments: Moments, people: list[Person], keys: set[str]) -> list[Happened]:
        found = []
        base = self._path("events")
        parser = EventParser(self.known.company, Options(), moments.at or datetime.now(UTC))
        for number, each in enumerate(self._value("events") or ()):
            path = (*base, number)
            key = self._whose(each.customer, (*path, "customer"), people, keys)
            at = self._moment((*path, "at"), each.at, moments)
            if at is None:
                continue
            cells = {"key": key, "kind": each.kind, "at": at.isoformat(), **_rest(each)}
            row = parser.parse(number, [(parser.fields.of(k), v) for k, v in cells.items()], [])
            if isinstance(row, list):
                for name, message in row:
                    self._refuse((*path, name), f"`{name}` {message}")
            else:
                found.append(Happened(key, at, row.values, row.data))
        return found

    def _touches(self, moments: Moments, people: list[Person], keys: set[str]) -> list[Touched]:
        found = []
        base = self._path("touches")
        for number, each in enumerate(self._value("touches") or ()):
            path = (*base, number)
            name = each.campaign or self.campaign.name
            of = self.known.campaigns.get(name)
            at = self._moment((*path, "at"), each.at, moments)
            key = self._whose(each.customer, (*path, "customer"), people, keys)
            if of is None and each.topic is None:
                hint = did_you_mean(name, self.known.campaigns)
                hint = hint or "of one that is gone write the `topic` too"
                self._refuse((*path, "campaign"), f"there is no campaign `{name}`", hint)
                continue
            of = of or self.campaign
            channel, topic = each.channel or of.steps[0].channels[0], each.topic or of.topic
            if channel != "task" and self._about(f"{channel}/{topic}", path) is None:
                continue
            priority = of.priority if each.priority is None else each.priority
            if at is not None:
                found.append(Touched(key, at, name, channel, topic, priority, each.open))
        return found

    def _way(self, moments: Moments, events: Sequence[Happened], key: str) -> UnderWay | None:
        written = self._value("journey")
        if written is None:
            return None
        own = [each for each in events if each.key == key]
        reader = WayReader(self.campaign, moments, self._refuse)
        return reader.read(written, self._path("journey"), own)

    def _expected(self, moments: Moments) -> dict[str, Any]:
        path: Path = ("cases", self.number, "expect")
        under_way = self._value("journey") is not None
        for key, *said in faults_of(self.this.expect, self.campaign, under_way=under_way):
            self._refuse((*path, key), *said)
        return expected(self.this.expect, lambda key, at: self._moment((*path, key), at, moments))


def _rest(event: EventFile) -> dict[str, Any]:
    """What else is written of an event: its amount and its data."""
    return dict(event.model_extra or {})
