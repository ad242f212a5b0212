"""What the commands that take files in have in common: options, and what they show."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from outreach.cli.screen import Screen
from outreach.errors import UsageError
from outreach.imports import Intake, Options

SHOWN = 20  # refused rows on the screen; the file of refused rows has all


class Dates(StrEnum):
    """How dates such as 03/04/2026 are meant."""

    DMY = "dmy"  # the 3rd of April
    MDY = "mdy"  # the 4th of March
    ISO = "iso"  # as 2026-04-03 alone: any other is refused, as without the option


class Decimals(StrEnum):
    """What stands before a number's decimals."""

    POINT = "point"  # 12.50
    COMMA = "comma"  # 12,50


File = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV with a header, .xlsx, or JSON lines")
]
Renames = Annotated[
    list[str], typer.Option("--map", metavar="COL=FIELD", help="A column under another name")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count everything, write nothing")]
DatesOption = Annotated[
    Dates | None, typer.Option("--dates", help="How 03/04/2026 is meant; else it is refused")
]
DecimalOption = Annotated[Decimals, typer.Option("--decimal", help="12.50 or 12,50")]
EncodingOption = Annotated[
    str | None,
    typer.Option("--encoding", metavar="NAME", help="Of a CSV that is not UTF-8: cp1252 …"),
]
SheetOption = Annotated[
    str | None,
    typer.Option("--sheet", metavar="NAME", help="The sheet of a workbook, if not the first"),
]
RejectsOption = Annotated[
    Path | None,
    typer.Option("--rejects", metavar="FILE", help="Where refused rows go: FILE.rejects.csv"),
]


def options_of(
    renames: Sequence[str],
    *,
    dry_run: bool,
    dates: Dates | None,
    decimal: Decimals,
    rejects: Path | None,
    encoding: str | None = None,
    sheet: str | None = None,
    blank_clears: bool = False,
    consent_source: str | None = None,
    interests_source: str | None = None,
) -> Options:
    """The options of an import; UsageError for a `--map` that is no `COL=FIELD`."""
    renamed = {}
    for each in renames:
        column, equals, name = each.rpartition("=")
        if not (column.strip() and equals and name.strip()):
            raise UsageError(
                f"`--map {each}` says too little", 'write `--map "Vorname=first_name"`'
            )
        renamed[column.strip()] = name.strip()
    return Options(
        map=renamed,
        dry_run=dry_run,
        blank_clears=blank_clears,
        dates=None if dates in (None, Dates.ISO) else dates.value,
        decimal_comma=decimal is Decimals.COMMA,
        encoding=encoding,
        sheet=sheet,
        consent_source=consent_source,
        interests_source=interests_source,
        rejects_path=rejects,
    )


def size_of(file: Path) -> int | None:
    """The file's size in bytes; None where it is no file."""
    return file.stat().st_size if file.is_file() else None


def show_intake(screen: Screen, counts: Mapping[str, int], found: Intake, *, dry_run: bool) -> None:
    """What came of an import: counts, warnings, the first refused rows."""
    if dry_run:
        screen.heading("A dry run: nothing is written")
    screen.pairs({**counts, "rejected": found.rejected})
    for warning in found.warnings:
        screen.line(f"warning: {warning}")
    if not found.rejected:
        return
    screen.line()
    for reject in found.rejects[:SHOWN]:
        column = f", {reject.column}" if reject.column else ""
        screen.line(f"line {reject.line}{column}: {reject.message}")
    if found.rejected > SHOWN:
        screen.line("…")
    screen.line(f"Every refused row: {found.rejects_path}")
