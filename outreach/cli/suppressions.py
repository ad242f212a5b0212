"""`outreach suppressions`."""

from typing import Annotated

import typer

from outreach.app.customers import told
from outreach.app.suppressions import (
    add_suppression,
    import_suppression_file,
    lift_suppression,
    show_suppressions,
)
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
from outreach.cli.screen import Screen

app = group(COMMANDS["suppressions"])
Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="email, sms …")]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="An address, or a number")]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why: it is kept")]


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
    """Never use these addresses: channel, address, reason, at. Nothing is ever lifted by it.

    When it ends no message to them begins any more. Exit code 1 if a row is refused.
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
        found = import_suppression_file(context, file, options, tell)
    counts = {"created": found.created, "unchanged": found.unchanged}
    call.show(told(found), lambda screen: show_intake(screen, counts, found, dry_run=dry_run))
    return 1 if found.rejected else 0


@app.command()
def add(ctx: typer.Context, channel: Channel, address: Address, reason: Why) -> None:
    """Never use an address; when it ends no message to it begins any more."""
    call = call_of(ctx)
    with call.context() as context:
        found = add_suppression(context, channel, address, reason)
    what = "suppressed" if found.added else "suppressed already"
    call.show(found, lambda screen: screen.line(f"{found.channel} {found.address}: {what}"))


@app.command()
def lift(
    ctx: typer.Context,
    channel: Channel,
    address: Address,
    reason: Why,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also a complaint or an opt-out of the person's")
    ] = False,
) -> None:
    """Let an address be used again. It is no consent: a no stays a no."""
    call = call_of(ctx)
    with call.context() as context:
        found = lift_suppression(context, channel, address, reason, anyway=anyway)
    what = f"lifted ({', '.join(found.lifted)})" if found.lifted else "was not suppressed"
    call.show(found, lambda screen: screen.line(f"{found.channel} {found.address}: {what}"))


@app.command("list")
def list_(
    ctx: typer.Context,
    channel: Annotated[str | None, typer.Option(metavar="C", help="Of one channel only")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many")] = 50,
) -> None:
    """The latest suppressions: address, reason, where it comes from."""
    call = call_of(ctx)
    with call.context() as context:
        found = show_suppressions(context, channel, limit)
    columns = ["channel", "address", "reason", "source", "at"]
    rows = [(s.channel, s.address, s.reason, s.source, s.at) for s in found.suppressions]

    def people(screen: Screen) -> None:
        screen.table(columns, rows)
        if found.count > len(rows):
            screen.line(f"… of {found.count:,}")

    call.show(found, people)
