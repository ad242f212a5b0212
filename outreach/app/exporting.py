"""All customers as a file that `customers import` reads again, and no spreadsheet runs."""

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from outreach.app.context import Context
from outreach.errors import SetupError
from outreach.imports.fields import DAY, NOTE, known_channels
from outreach.imports.intake import neutral
from outreach.store.customer_export import Exported, customers_after
from outreach.store.customers import PLAIN_COLUMNS, restore
from outreach.store.engine import reading
from outreach.store.named_dates import NameInUse, names_in_use
from outreach.vocabulary import ConsentState

BATCH = 2_000
_WORDS = {ConsentState.GRANTED: "yes", ConsentState.WITHDRAWN: "no"}


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """What was written."""

    file: Path
    customers: int
    columns: tuple[str, ...]


def export_customers(
    context: Context, path: Path, progress: Callable[[int], None] | None = None
) -> ExportedFile:
    """Write every customer to a CSV file, which appears whole or not at all.

    Columns, declared attributes, stage, `date.<name>` and its note, and
    `consent.<channel>.<topic>` as yes, no or blank.
    SetupError where it can not be written.
    """
    company = context.company()
    topics = [
        (channel, topic) for channel in sorted(known_channels(company)) for topic in company.topics
    ]
    consents = [f"consent.{channel}.{topic}" for channel, topic in topics]
    with reading(context.engine) as conn:
        dates = _date_columns(names_in_use(conn))
    columns = ("key", *PLAIN_COLUMNS, *company.attributes, "stage", *dates, *consents)
    rows = (_row(one, company.attributes, dates.values(), topics) for one in _all(context))
    return ExportedFile(path, write_csv(path, columns, rows, progress), columns)


def write_csv(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write a file that appears whole or not at all, and that no spreadsheet runs; how many rows.

    SetupError where it can not be written.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    count = 0
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(map(neutral, columns))
            for row in rows:
                writer.writerow([neutral(_text(cell)) for cell in row])
                count += 1
                if progress is not None and count % BATCH == 0:
                    progress(count)
        draft.replace(path)
    except OSError as error:
        hint = "name a place that this user may write to"
        raise SetupError(f"`{path}` can not be written: {error.strerror}", hint) from error
    finally:
        draft.unlink(missing_ok=True)
    return count


def _all(context: Context) -> Iterator[Exported]:
    """Every customer; a transaction for each part, so that nobody waits for the whole."""
    after = 0
    while True:
        with reading(context.engine) as conn:
            found = customers_after(conn, after, BATCH)
        if not found:
            return
        yield from found
        after = found[-1].id


def _date_columns(names: Iterable[NameInUse]) -> dict[str, tuple[str, str]]:
    """Columns for every name of a date, and for its notes if it has any: name and part by column."""
    columns: dict[str, tuple[str, str]] = {}
    for each in names:
        columns[f"date.{each.name}"] = (each.name, DAY)
        if each.with_note:
            columns[f"date.{each.name}.{NOTE}"] = (each.name, NOTE)
    return columns


def _row(
    one: Exported,
    types: Mapping[str, str],
    dates: Iterable[tuple[str, str]],
    topics: list[tuple[str, str]],
) -> list[object]:
    cells = [one.columns[name] for name in ("key", *PLAIN_COLUMNS)]
    cells += [restore(kind, one.attributes.get(name)) for name, kind in types.items()]
    cells.append(one.columns["stage"])
    cells += [getattr(one.dates.get(name), part, None) for name, part in dates]
    cells += [_WORDS[one.consents[about]] if about in one.consents else None for about in topics]
    return cells


def _text(cell: Any) -> str:
    """A cell as an import reads it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, list):
        return ";".join(map(str, cell))
    return cell.isoformat() if isinstance(cell, datetime) else str(cell)
