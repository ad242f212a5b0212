"""`outreach tasks`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from outreach.app.context import read_instant
from outreach.app.task_export import export_tasks
from outreach.app.tasks import (
    Card,
    TasksApart,
    TaskShown,
    company_zone,
    drop_task,
    finish_task,
    list_tasks,
    show_task,
    tasks_apart,
)
from outreach.cli.app import COMMANDS, group
from outreach.cli.call import call_of
from outreach.cli.screen import Screen
from outreach.vocabulary import TaskState

app = group(COMMANDS["tasks"])
MOST = 100
Id = Annotated[int, typer.Argument(metavar="ID", help="The task: see `outreach tasks`")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="What came of it")]
COLUMNS = [
    "id", "urgency", "due", "owner", "escalated to", "kind", "customer", "name", "phone", "stage",
    "title", "why",
]  # fmt: skip


@app.callback(invoke_without_command=True)
def tasks(ctx: typer.Context) -> None:
    """Calls, visits and letters for people; without a sub-command those that are open."""
    if ctx.invoked_subcommand is None:
        list_(ctx)


@app.command("list")
def list_(
    ctx: typer.Context,
    owner: Annotated[
        str | None, typer.Option(metavar="O", help="Of one person only; `none`: of nobody")
    ] = None,
    due: Annotated[
        str | None, typer.Option(metavar="T", help="Only what is due before this instant")
    ] = None,
    state: Annotated[TaskState, typer.Option(help="Which")] = TaskState.OPEN,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many")] = MOST,
) -> None:
    """Tasks with their customers' cards: open ones by when they are due, others the latest first."""
    call = call_of(ctx)
    until = None if due is None else read_instant(due, "--due")
    with call.context() as context:
        before = until and context.instant(until)
        found = list_tasks(context, state, owner, before, limit)
        apart = tasks_apart(context, owner)
        zone = company_zone(context)
    call.show(found, lambda screen: _list(screen, found, state, apart, zone))


@app.command()
def show(ctx: typer.Context, task: Id) -> None:
    """One task: what to do, why, and what to know of the customer."""
    call = call_of(ctx)
    with call.context() as context:
        found = show_task(context, task)
        zone = company_zone(context)
    call.show(found, lambda screen: _show(screen, found, zone))


@app.command()
def done(
    ctx: typer.Context,
    task: Id,
    note: Note,
    interests: Annotated[
        list[str] | None,
        typer.Option("--interest", metavar="TEXT", help="What they like; several times"),
    ] = None,
) -> None:
    """Close a task that was done; its note becomes an event, and facts and stages follow.

    An interest is kept with where it was learnt: in this conversation.
    """
    call = call_of(ctx)
    with call.context() as context:
        found = finish_task(context, task, note, interests or ())
    kind = found.task.kind.event
    call.show(found, lambda screen: screen.line(f"task {task} done: event `{kind}` added"))


@app.command()
def drop(ctx: typer.Context, task: Id, note: Note) -> None:
    """Close a task that will not be done; that of a campaign still counts as a touch."""
    call = call_of(ctx)
    with call.context() as context:
        found = drop_task(context, task, note)
    call.show(found, lambda screen: screen.line(f"task {task} dropped"))


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Ends with .csv or .ics")],
    owner: Annotated[str | None, typer.Option(metavar="O", help="Of one person only")] = None,
) -> None:
    """Write the open tasks to a CSV file, or as to-dos for a calendar (.ics)."""
    call = call_of(ctx)
    with call.context() as context:
        found = export_tasks(context, file, owner)
    call.show(found, lambda screen: screen.line(f"{found.file}: {found.tasks:,} to do"))


def _list(
    screen: Screen, found: list[TaskShown], state: TaskState, apart: TasksApart, zone: ZoneInfo
) -> None:
    if found:
        screen.table(COLUMNS, [_row(each, zone) for each in found])
    else:
        screen.line(f"no task is {state.value}")
    if state is TaskState.OPEN:
        for count, told in (
            (apart.waiting, "waiting, for enough urgent ones are open: {} (--state waiting)"),
            (apart.promised, "promises that are not due yet: {} (--state promised)"),
        ):
            if count:
                screen.line(told.format(f"{count:,}"))


def _row(each: TaskShown, zone: ZoneInfo) -> list[object]:
    task, card = each.task, each.card
    return [
        str(task.id), each.urgency, _local(task.due_at, zone), task.owner, task.escalated_to, task.kind,
        task.customer, card.name, card.phone, card.stage, task.title, each.reason,
    ]  # fmt: skip


def _local(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M} {zone}"


def _show(screen: Screen, found: TaskShown, zone: ZoneInfo) -> None:
    task, card = found.task, found.card
    # The title of a long promise or answer is only the beginning of its words.
    screen.heading(task.kind if found.is_title_in_words else f"{task.kind}: {task.title}")
    if task.words:
        screen.line(task.words)
    screen.line()
    screen.pairs(
        {
            "task": f"{task.id}, {task.state} {found.urgency}".rstrip(),
            "owner": task.owner,
            "why": found.reason,
            "given": _local(task.given_at, zone),
            "due": _local(task.due_at, zone),
            "escalated": _local(task.escalated_at, zone),
            "escalated to": task.escalated_to,
            "customer": f"{task.customer} {card.name}".rstrip(),
            **facts_of(card),
            "closed": _local(task.closed_at, zone),
            "by": task.closed_by,
            "note": task.note,
        }
    )
    show_touches(screen, card)


def facts_of(card: Card) -> dict[str, object]:
    """What a card says of its customer but for the name and the touches."""
    return {
        "phone": card.phone,
        "email": card.email,
        "stage": card.stage,
        "tier": card.tier,
        "orders": card.orders,
        "spend": card.spend,
        "last order": card.last_order_at,
        "interests": card.interests,
    }


def show_touches(screen: Screen, card: Card) -> None:
    """The last touches of a card's customer."""
    if card.touches:
        screen.line()
        rows = [(each.at, each.channel, each.topic, each.state) for each in card.touches]
        screen.table(["last touches", "channel", "topic", "state"], rows)
