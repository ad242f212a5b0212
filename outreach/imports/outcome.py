"""What an import was told, and what came of it."""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

REJECTS_HEADER = ("line", "column", "message")  # what a file of refused rows begins with
SHOWN_REJECTS = 100
MOST_TOUCHED = 200_000  # beyond that a refresh of everyone is the cheaper one


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is to be read."""

    map: Mapping[str, str] = field(default_factory=dict)  # column of the file → field
    dry_run: bool = False  # count everything, write nothing but the file of refused rows
    blank_clears: bool = False  # a blank cell empties the field; else it says nothing
    dates: str | None = None  # "dmy" or "mdy"; ISO dates are read in any case
    decimal_comma: bool = False  # 12,50 instead of 12.50
    encoding: str | None = None  # of a file without a mark; None: as it looks
    sheet: str | None = None  # of a workbook; None: the first
    consent_source: str | None = None  # where the yeses of consent columns come from
    interests_source: str | None = None  # where interests were learnt; None: from the file
    rejects_path: Path | None = None  # default: beside the file, <file>.rejects.csv


@dataclass(frozen=True, slots=True)
class Reject:
    """Why a row was refused: the line it begins at (from 1), the column's name, what is wrong."""

    line: int
    column: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What every import tells; `rejects` are the first 100, all are in `rejects_path`."""

    rejected: int  # rows
    rejects: tuple[Reject, ...]
    rejects_path: Path | None  # None when no row was refused
    warnings: tuple[str, ...]
    customers: tuple[int, ...] | None  # whose rows or events are new or changed; None: very many


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult(Intake):
    """Of a customer file: created + updated + unchanged + rejected are its rows.

    A dry run counts a new key once for each batch of rows it comes in.
    """

    created: int
    updated: int
    unchanged: int
    consents_recorded: int
    consents_unchanged: int
    consents_refused: int  # would have turned a no into a yes


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsResult(Intake):
    """Of an event file: created + duplicate + rejected are its rows."""

    created: int
    duplicate: int  # an `id` that was taken before


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentsResult(Intake):
    """Of a consent file: recorded + unchanged + refused + rejected are its rows."""

    recorded: int
    unchanged: int
    refused: int  # would have turned a no into a yes


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionsResult(Intake):
    """Of a file of suppressions: created + unchanged + rejected are its rows."""

    created: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatesResult(Intake):
    """Of a file of named dates: created + updated + unchanged + rejected are its rows."""

    created: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestsResult(Intake):
    """Of a file of interests; a row may tell of several."""

    learnt: int
    unchanged: int  # were known


class Touched:
    """Ids of customers, each once, as long as they are not very many."""

    def __init__(self) -> None:
        self._ids: array[int] | None = array("q")

    def add(self, ids: Iterable[int]) -> None:
        """Note the ids."""
        if self._ids is None:
            return
        self._ids.extend(set(ids))
        if len(self._ids) > MOST_TOUCHED:
            unique = set(self._ids)
            self._ids = array("q", unique) if len(unique) <= MOST_TOUCHED // 2 else None

    def ids(self) -> tuple[int, ...] | None:
        """The ids, rising; None when they are very many."""
        return None if self._ids is None else tuple(sorted(set(self._ids)))
