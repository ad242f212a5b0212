"""Customers of a file by columns: a batch goes to another process and into a table as a few lists."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

from outreach.ids import bucket
from outreach.store.places import Place
from outreach.vocabulary import ConsentState

ToldDates = dict[tuple[str, str], str | None]  # by name and part: the day, the note


class CustomerRow(NamedTuple):
    """One customer as a file tells it; a field that it does not mention is not in `values`."""

    line: int
    key: str
    values: dict[str, Any]
    attributes: dict[str, Any]
    consents: dict[tuple[str, str], ConsentState]  # by channel and topic
    dates: ToldDates
    place: Place  # by what this row says


@dataclass(frozen=True, slots=True)
class CustomerRows:
    """The same of many, each list in the order of the file; what no row tells has no list.

    None in a list: that row does not tell it, unless `emptied` names it.
    """

    lines: list[int]
    keys: list[str]
    buckets: list[int]
    places: list[Place]
    values: dict[str, list[Any]]
    consents: dict[tuple[str, str], list[str | None]]  # as stored
    attributes: list[dict[str, Any]] | None
    dates: list[ToldDates] | None
    emptied: list[tuple[str, ...]] | None  # by row, fields whose blank cell is to empty them

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[CustomerRow]:
        return map(self._row, range(len(self)))

    def __getitem__(self, part: slice) -> "CustomerRows":
        return self._each(lambda values: values[part])

    def only(self, wanted: Sequence[bool]) -> "CustomerRows":
        """The rows for which it is true."""
        return self if all(wanted) else self._each(lambda values: list(compress(values, wanted)))

    def given(self, name: str) -> set[Any]:
        """The values that any row gives to the field."""
        return set(self.values.get(name, ())) - {None}

    def names_of_dates(self) -> set[str]:
        """The names of all dates that any row tells."""
        return {name for told in self.dates or () for name, _ in told}

    def words(self) -> Iterator[tuple[str, str, str, ConsentState]]:
        """(key, channel, topic, state) of each consent."""
        for (channel, topic), states in self.consents.items():
            for key, state in zip(self.keys, states, strict=True):
                if state is not None:
                    yield key, channel, topic, ConsentState(state)

    def _each(self, take: Any) -> "CustomerRows":
        return CustomerRows(
            take(self.lines),
            take(self.keys),
            take(self.buckets),
            take(self.places),
            {name: take(values) for name, values in self.values.items()},
            {about: take(states) for about, states in self.consents.items()},
            self.attributes and take(self.attributes),
            self.dates and take(self.dates),
            self.emptied and take(self.emptied),
        )

    def _row(self, place: int) -> CustomerRow:
        emptied = self.emptied[place] if self.emptied else ()
        values = {name: values[place] for name, values in self.values.items()}
        consents = {about: states[place] for about, states in self.consents.items()}
        return CustomerRow(
            self.lines[place],
            self.keys[place],
            {name: v for name, v in values.items() if v is not None or name in emptied},
            self.attributes[place] if self.attributes else {},
            {about: ConsentState(state) for about, state in consents.items() if state is not None},
            self.dates[place] if self.dates else {},
            self.places[place],
        )


def in_columns(rows: Iterable[CustomerRow]) -> CustomerRows:
    """The rows by columns."""
    rows = list(rows)
    lines, keys, values, attributes, consents, dates, places = (
        map(list, zip(*rows, strict=True)) if rows else ([] for _ in CustomerRow._fields)
    )
    emptied = [tuple(name for name, v in each.items() if v is None) for each in values]
    return CustomerRows(
        lines,
        keys,
        list(map(bucket, keys)),
        places,
        _by_name(values),
        {about: list(map(_stored, states)) for about, states in _by_name(consents).items()},
        attributes if any(attributes) else None,
        dates if any(dates) else None,
        emptied if any(emptied) else None,
    )


def _by_name(rows: Sequence[dict[Any, Any]]) -> dict[Any, list[Any]]:
    """A list for each name that any of them has; None where one has it not."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _stored(state: ConsentState | None) -> str | None:
    """A word's state as it is stored; `.value` is slow, and this is hot."""
    if state is None:
        return None
    return "withdrawn" if state is ConsentState.WITHDRAWN else "granted"
