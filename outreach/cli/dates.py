"""`outreach dates`."""

import typer

from outreach.app.customers import told
from outreach.app.dates import import_date_file, list_dates
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

app = group(COMMANDS["dates"])


@app.command("import")
def import_(
    ctx: typer.Context,
    file: File,
    renames: Renames = [],  # noqa: B006  typer copies it
    dry_run: DryRun = False,
    dates: DatesOption = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    rejects: RejectsOption = None,
) -> int:
    """Keep important days of customers: key, name, date (YYYY-MM-DD or MM-DD), note.

    A name that a customer has already takes the new day. Exit code 1 if a row is refused.
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
    )
    with call.context() as context, progress() as bars:
        tell = bars.of(f"Importing {file.name}", size_of(file))
        found = import_date_file(context, file, options, tell, bars.of("Refreshing stages"))
    counts = {"created": found.created, "updated": found.updated, "unchanged": found.unchanged}
    call.show(told(found), lambda screen: show_intake(screen, counts, found, dry_run=dry_run))
    return 1 if found.rejected else 0


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """The names of customers' dates: how many have each, and how many of them with its year."""
    call = call_of(ctx)
    with call.context() as context:
        found = list_dates(context)
    rows = [(each.name, each.customers, each.with_year) for each in found]
    call.show(
        [each._asdict() for each in found],
        lambda screen: screen.table(["name", "customers", "with year"], rows),
    )
