"""`outreach interests`."""

from pathlib import Path
from typing import Annotated

import typer

from outreach.app.customers import told
from outreach.app.interests import export_interests, import_interest_file
from outreach.cli.app import COMMANDS, group
from outreach.cli.call import call_of
from outreach.cli.intake import (
    DatesOption,
    Decimals,
    DryRun,
    EncodingOption,
    File,
    RejectsOption,
    Renames,
    SheetOption,
    options_of,
    show_intake,
    size_of,
)
from outreach.cli.progress import progress
from outreach.vocabulary import number_of

app = group(COMMANDS["interests"])


@app.command("import")
def import_(
    ctx: typer.Context,
    file: File,
    renames: Renames = [],  # noqa: B006  typer copies it
    dry_run: DryRun = False,
    dates: DatesOption = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Where those were learnt that do not say so"),
    ] = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    rejects: RejectsOption = None,
) -> int:
    """Add interests to customers, with where each was learnt: key, interest, source, at.

    None is ever taken away, the same file again adds nothing. Exit code 1 if a row is refused.
    """
    call = call_of(ctx)
    options = options_of(
        renames,
        dry_run=dry_run,
        dates=dates,
        decimal=Decimals.POINT,
        rejects=rejects,
        encoding=encoding,
        sheet=sheet,
        interests_source=source,
    )
    with call.context() as context, progress() as bars:
        tell = bars.of(f"Importing {file.name}", size_of(file))
        found = import_interest_file(context, file, options, tell, bars.of("Refreshing stages"))
    counts = {"learnt": found.learnt, "unchanged": found.unchanged}
    call.show(told(found), lambda screen: show_intake(screen, counts, found, dry_run=dry_run))
    return 1 if found.rejected else 0


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file to be written")],
) -> None:
    """Write all interests to a CSV file, with where each was learnt and when.

    `interests import` reads it again; no spreadsheet takes a cell of it for a formula.
    """
    call = call_of(ctx)
    with call.context() as context, progress() as bars:
        found = export_interests(context, file, bars.of("Exporting interests"))
    call.show(
        found,
        lambda screen: screen.line(f"{number_of(found.interests, 'interest')} in {found.file}"),
    )
