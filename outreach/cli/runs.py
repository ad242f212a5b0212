"""`outreach runs`."""

from collections.abc import Callable
from typing import Annotated

import typer

from outreach.app.context import Context
from outreach.app.runs import (
    RunShown,
    cancel_run,
    list_runs,
    pause_run,
    resume_run,
    show_run,
)
from outreach.cli.app import COMMANDS, group
from outreach.cli.call import call_of
from outreach.cli.screen import Screen, shown

app = group(COMMANDS["runs"])
NEWEST = 20


@app.callback(invoke_without_command=True)
def runs(ctx: typer.Context) -> None:
    """Runs and their states; without a sub-command the newest of them."""
    if ctx.invoked_subcommand is None:
        _list(ctx, None, NEWEST)


@app.command("list")
def list_(
    ctx: typer.Context,
    campaign: Annotated[str | None, typer.Argument(help="Of one campaign only")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many")] = NEWEST,
) -> None:
    """The newest runs, with how many of their messages are in each state."""
    _list(ctx, campaign, limit)


@app.command()
def show(ctx: typer.Context, run: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """One run: what it is for, how its messages stand, who was left out and why."""
    call = call_of(ctx)
    with call.context() as context:
        found = show_run(context, run)
    call.show(found, lambda screen: _show(screen, found))


@app.command()
def pause(ctx: typer.Context, run: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Stop a run: nothing more of it goes out until it is resumed."""
    _change(ctx, pause_run, run)


@app.command()
def resume(ctx: typer.Context, run: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Let a paused or held run go on; nothing is repeated."""
    _change(ctx, resume_run, run)


@app.command()
def cancel(ctx: typer.Context, run: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """End a run for good: what went out stays, the rest is cancelled."""
    _change(ctx, cancel_run, run)


def _change(ctx: typer.Context, change: Callable[[Context, int], RunShown], run: int) -> None:
    call = call_of(ctx)
    with call.context() as context:
        found = change(context, run)
    call.show(found, lambda screen: _show(screen, found))


def _list(ctx: typer.Context, campaign: str | None, limit: int) -> None:
    call = call_of(ctx)
    with call.context() as context:
        found = list_runs(context, campaign, limit)

    def people(screen: Screen) -> None:
        columns = ["run", "campaign", "for", "state", "planned", "messages", "reason"]
        screen.table(columns, [_row(each) for each in found], right=["run", "planned"])

    call.show(found, people)


def _row(run: RunShown) -> tuple[object, ...]:
    states = {state.value: count for state, count in run.states.items()}
    return (run.id, run.campaign, _for(run), run.state.value, run.planned, states, run.reason)


def _for(run: RunShown) -> str:
    """An instant in UTC, or a wall-clock time of the customers' own zones."""
    if run.occurrence.tzinfo is None:
        return f"{run.occurrence:%Y-%m-%d %H:%M} local"
    return shown(run.occurrence)


def _show(screen: Screen, run: RunShown) -> None:
    screen.heading(f"Run {run.id} of {run.campaign} for {_for(run)}")
    about = {"state": run.state.value, "reason": run.reason, "kind": run.kind.value}
    screen.pairs({name: value for name, value in about.items() if value})
    screen.pairs({name: value for name, value in run.params.items() if value})
    screen.line()
    screen.pairs({"planned": run.planned, **{s.value: n for s, n in run.states.items()}})
    if run.skipped:
        screen.line()
        screen.heading("Left out for")
        screen.bars(run.skipped)
