"""The customers of a test, read as a file of customers is."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from outreach.campaign.case_file import GivenFile
from outreach.documents import RefusalError, did_you_mean
from outreach.errors import UsageError
from outreach.imports.outcome import Options
from outreach.imports.parsing import CustomerParser
from outreach.lifecycle.model import Lifecycles
from outreach.settings.company import Company
from outreach.testing.cases import Person
from outreach.testing.instants import Moments

KEY = "customer"  # of who is asked about, where no other is written
KNOWN_FOR = timedelta(days=365)  # before `at`, where `created_at` is not written
NONE = "none"  # a value that is taken away again
_OWN = ("stage", "stage_since", "dates")  # read here, not as columns
Faults = Iterator[tuple[tuple[str, ...], str, str]]  # where in the customer, what, how to mend


class PeopleReader:
    """Reads customers by the company's rules."""

    def __init__(self, company: Company, lifecycles: Lifecycles) -> None:
        self._company, self._lifecycles = company, lifecycles

    def read(
        self, written: Mapping[str, Any], moments: Moments, key: str | None
    ) -> tuple[Person | None, list[tuple[tuple[str, ...], str, str]]]:
        """The customer, or what is wrong with it; `key` where it may be left out."""
        told = {**({} if key is None else {"key": key}), **written}
        told = {name: value for name, value in told.items() if value != NONE}
        faults = list(self._stage_faults(told))
        stage_since, more = _instant(told, "stage_since", moments)
        faults += more
        parser = CustomerParser(self._company, Options(consent_source="test"))
        pairs = []
        for name, value in self._columns(told):
            fields = parser.fields
            try:
                field = fields.of(name)
            except UsageError as error:
                faults.append(((name,), error.message, error.hint))
                continue
            if field is None:
                known = [*fields.names(), *_OWN]
                hint = did_you_mean(name, known, listing="there are")
                faults.append(((name,), f"customers have no `{name}`", hint))
                continue
            pairs.append((field, value))
        row = parser.parse(0, pairs, [])
        if isinstance(row, list):
            faults += [(_path(name, told), f"`{name}` {message}", "") for name, message in row]
        if faults or isinstance(row, list):
            return None, faults
        row.values.setdefault("created_at", _since(moments) - KNOWN_FOR)
        stage = told.get("stage")
        return Person(row, None if stage is None else str(stage), stage_since), []

    def _columns(self, told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, value in told.items():
            if name == "dates" and isinstance(value, Mapping):
                yield from ((f"date.{each}", day) for each, day in value.items())
            elif name not in _OWN:
                yield name, value

    def _stage_faults(self, told: Mapping[str, Any]) -> Faults:
        stage, lifecycle = told.get("stage"), self._lifecycles.main
        if stage is None or lifecycle is None or stage in lifecycle.ids:
            return
        hint = did_you_mean(str(stage), lifecycle.ids, listing="there are")
        yield ("stage",), f"lifecycle `{lifecycle.name}` has no stage `{stage}`", hint


def _since(moments: Moments) -> datetime:
    if moments.at is None:
        raise ValueError("a customer is read at an instant")
    return moments.at


def _path(name: str, told: Mapping[str, Any]) -> tuple[str, ...]:
    """Where in the customer a field is written."""
    if name.startswith("date.") and name not in told:
        return ("dates", name.split(".")[1])
    return (name,)


def _instant(
    told: Mapping[str, Any], name: str, moments: Moments
) -> tuple[datetime | None, list[tuple[tuple[str, ...], str, str]]]:
    if told.get(name) is None:
        return None, []
    try:
        return moments.read(str(told[name])), []
    except RefusalError as error:
        return None, [((name,), error.message, error.hint)]


def written_zone(given: GivenFile, case: GivenFile) -> str | None:
    """The time zone that the customer of a case has as written."""
    for each in (case.customer, given.customer):
        if each is not None and each.get("timezone") is not None:
            return str(each["timezone"])
    return None
