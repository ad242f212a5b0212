"""`outreach events`."""

from typing import Annotated

import typer

from outreach.app.customers import told
from outreach.app.events import import_event_file, retract
from outreach.cli.app import COMMANDS, group
from outreach.cli.call import call_of
from outreach.cli.intake import (
    DatesOption,
    DecimalOption,
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

app = group(COMMANDS["events"])


@app.command("import")
def import_(
    ctx: typer.Context,
    file: File,
    renames: Renames = [],  # noqa: B006  typer copies it
    dry_run: DryRun = False,
    dates: DatesOption = None,
    decimal: DecimalOption = Decimals.POINT,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    rejects: RejectsOption = None,
) -> int:
    """Add what happened to customers: key, kind, at, amount, id, and any other column as data.

    An `id` is taken once. Exit code 1 if a row is refused.
    """
    call = call_of(ctx)
    options = options_of(
        renames,
        dry_run=dry_run,
        dates=dates,
        decimal=decimal,
        rejects=rejects,
        encoding=encoding,
        sheet=sheet,
    )
    with call.context() as context, progress() as bars:
        tell = bars.of(f"Importing {file.name}", size_of(file))
        found = import_event_file(context, file, options, tell, bars.of("Refreshing stages"))
    counts = {"created": found.created, "duplicate": found.duplicate}
    call.show(told(found), lambda screen: show_intake(screen, counts, found, dry_run=dry_run))
    return 1 if found.rejected else 0


@app.command("retract")
def retract_(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID …", help="The events' own ids")],
) -> None:
    """Take out events that never happened; facts and stages follow.

    The ids stay taken: the same file again does not bring them back.
    """
    call = call_of(ctx)
    with call.context() as context:
        found = retract(context, ids)
    names = ("id", "state", "key", "kind", "at")
    document = [{name: getattr(one, name) for name in names} for one in found]
    rows = [tuple(each.values()) for each in document]
    call.show(document, lambda screen: screen.table(names, rows))
