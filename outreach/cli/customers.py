"""`outreach customers`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from outreach.app.assigning import Assigned, assign_customers
from outreach.app.customers import customer_history, import_customer_file, told, who_is
from outreach.app.erasing import forget as erase_customer
from outreach.app.exporting import export_customers
from outreach.app.merging import merge_customers
from outreach.cli.app import COMMANDS, group
from outreach.cli.asking import check_somebody_is_there, is_agreed
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
from outreach.cli.screen import Screen, shown
from outreach.vocabulary import number_of

app = group(COMMANDS["customers"])
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")]


@app.command("import")
def import_(
    ctx: typer.Context,
    file: File,
    renames: Renames = [],  # noqa: B006  typer copies it
    dry_run: DryRun = False,
    blank: Annotated[
        bool, typer.Option("--blank-clears", help="A blank cell empties the field")
    ] = False,
    dates: DatesOption = None,
    decimal: DecimalOption = Decimals.POINT,
    consent_source: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Where the yeses of the file were given")
    ] = None,
    interests_source: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Where new interests were learnt")
    ] = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    rejects: RejectsOption = None,
) -> int:
    """Create customers, or bring them up to date, by `key`.

    The same file again changes nothing. Rows that can not be meant are refused, each with its
    line, and the rest is imported; exit code 1 if there are any.
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
        blank_clears=blank,
        consent_source=consent_source,
        interests_source=interests_source,
    )
    with call.context() as context, progress() as bars:
        tell = bars.of(f"Importing {file.name}", size_of(file))
        found = import_customer_file(context, file, options, tell, bars.of("Refreshing stages"))
    counts = {
        "created": found.created,
        "updated": found.updated,
        "unchanged": found.unchanged,
        "consents recorded": found.consents_recorded,
        "consents refused": found.consents_refused,
    }
    call.show(told(found), lambda screen: show_intake(screen, counts, found, dry_run=dry_run))
    return 1 if found.rejected else 0


@app.command()
def show(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The customer's key")],
) -> None:
    """One customer: data, consents, suppressions, stages, dates, interests, messages, events."""
    call = call_of(ctx)
    with call.context() as context:
        found = customer_history(context, key)
    call.show(found, lambda screen: _show(screen, found))


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file to be written")],
) -> None:
    """Write all customers to a CSV file: columns, attributes, dates, consents.

    `customers import` reads it again; no spreadsheet takes a cell of it for a formula.
    """
    call = call_of(ctx)
    with call.context() as context, progress() as bars:
        found = export_customers(context, file, bars.of("Exporting customers"))
    call.show(
        found,
        lambda screen: screen.line(f"{number_of(found.customers, 'customer')} in {found.file}"),
    )


@app.command("merge")
def merge_(
    ctx: typer.Context,
    closed: Annotated[str, typer.Argument(metavar="FROM", help="The key to be closed")],
    kept: Annotated[str, typer.Argument(metavar="INTO", help="The key that stays")],
    yes: Yes = False,
) -> None:
    """Two records of one person: FROM is closed, its events and touches count for INTO.

    A no of either is a no. What was about to go to FROM is cancelled. It asks first: a merge can
    not be undone.
    """
    call = call_of(ctx)
    if not yes:
        check_somebody_is_there(call, "merge them")
    with call.context() as context:
        if not yes:
            closing, staying = (who_is(context, key) for key in (closed, kept))
            if not is_agreed(f"Close {closing} for good, in favour of {staying}?"):
                return
        found = merge_customers(context, closed, kept)
    counts = {
        "events": found.events,
        "messages cancelled": found.cancelled,
        "consents withdrawn": found.withdrawn,
    }
    call.show(found, lambda screen: screen.pairs(counts))


@app.command()
def assign(
    ctx: typer.Context,
    from_: Annotated[str, typer.Option("--from", metavar="A", help="Whose they are")],
    to: Annotated[str, typer.Option("--to", metavar="B", help="Whose they shall be")],
    only: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="Only this customer; several times")
    ] = None,
) -> None:
    """Hand customers and their tasks over to another owner; the audit log keeps it.

    Who is not A's is left alone. The same again goes on where it stopped.
    """
    call = call_of(ctx)
    with call.context() as context:
        found = assign_customers(context, from_, to, only)
    call.show(found, lambda screen: _show_assigned(screen, found))


@app.command()
def forget(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The customer's key")],
    yes: Yes = False,
) -> None:
    """Erase a customer for good: names, addresses, texts. Counts stay, and every opt-out.

    It asks first. When it ends no message to them begins any more.
    """
    call = call_of(ctx)
    if not yes:
        check_somebody_is_there(call, "erase them")
    with call.context() as context:
        if not yes and not is_agreed(f"Erase {who_is(context, key)} for good?"):
            return
        found = erase_customer(context, key)
    call.show(
        found,
        lambda screen: screen.pairs(
            {
                "erased": found.key,
                "messages stopped": found.stopped,
                "captured messages deleted": found.files,
                "opt-outs kept as hashes": found.kept,
            }
        ),
    )


def _show_assigned(screen: Screen, found: Assigned) -> None:
    screen.pairs({"customers": found.customers, "tasks": found.tasks})
    if found.left:
        screen.line(f"left alone, not of {found.from_owner}: {', '.join(found.left)}")


def _show(screen: Screen, found: Mapping[str, Any]) -> None:
    about = {
        name: value
        for name, value in found["customer"].items()
        if _says(value) and name not in _PARTS
    }
    if "typical_gap" in about:
        days = about["typical_gap"]
        about["typical_gap"] = f"{days} day{'s' * (days != 1)}"
    screen.pairs(about)
    for part, columns in _PARTS.items():
        if found[part]:
            screen.line()
            screen.heading(part)
            rows = [[_cell(row, column) for column in columns] for row in found[part]]
            screen.table([column.replace("_", " ") for column in columns], rows)
        elif part == "consents":
            screen.line()
            screen.line("no consent: only messages of transactional topics may be sent")


def _cell(row: Mapping[str, Any], column: str) -> str:
    text = shown(row[column])
    return f"{text} (expired)" if column == "state" and row.get("expired") else text


def _says(value: object) -> bool:
    return value is not None and value not in ([], "")


_PARTS = {
    "consents": ("at", "channel", "topic", "state", "source", "expires_at"),
    "suppressions": ("channel", "address", "reason", "at", "source"),
    "lifecycles": ("model", "stage", "since"),
    "stages": ("at", "model", "from_stage", "to_stage"),
    "dates": ("name", "date", "note"),
    "interests": ("interest", "source", "at"),
    "deliveries": ("planned_at", "run_id", "step", "channel", "state", "reason", "fell_from"),
    "reactions": ("at", "kind", "run_id", "step", "link"),
    "tasks": ("task", "due_at", "kind", "title", "owner", "state"),
    "events": ("kind", "count", "first_at", "last_at"),
}
