"""`outreach runs`."""

import sys
from collections.abc import Callable, Iterable
from datetime import datetime, tzinfo
from functools import partial
from typing import Annotated

import typer

from outreach.app.company_clock import clock_of, company_clock
from outreach.app.context import Context
from outreach.app.held_channels import resume_channel, told
from outreach.app.runs import (
    RunShown,
    cancel_run,
    list_runs,
    pause_run,
    resume_run,
    settle_unknown,
    show_run,
)
from outreach.cli.app import COMMANDS, group
from outreach.cli.call import Call, call_of
from outreach.cli.screen import Screen
from outreach.cli.waiting import show_held
from outreach.errors import UsageError
from outreach.store.channel_holds import ChannelHold
from outreach.vocabulary import RunState

app = group(COMMANDS["runs"])
NEWEST = 20
Id = Annotated[int, typer.Argument(metavar="ID", help="The run: see `outreach runs`")]


@app.callback(invoke_without_command=True)
def runs(ctx: typer.Context) -> None:
    """Runs and their states; without a sub-command those held or paused, then the newest."""
    if ctx.invoked_subcommand is None:
        _list(ctx, None, NEWEST)


@app.command("list")
def list_(
    ctx: typer.Context,
    campaign: Annotated[str | None, typer.Argument(help="Of one campaign only")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many")] = NEWEST,
) -> None:
    """Held and paused runs, then the newest, with how many of their messages are in each state."""
    _list(ctx, campaign, limit)


@app.command()
def show(ctx: typer.Context, run: Id) -> None:
    """One run: what it is for, how its messages stand, who was left out and why."""
    call = call_of(ctx)
    with call.context() as context:
        found = show_run(context, run)
        zone = company_clock(context)
    call.show(found, lambda screen: _show(screen, found, zone))


@app.command()
def pause(ctx: typer.Context, run: Id) -> None:
    """Stop a run: nothing more of it goes out until it is resumed."""
    _change(ctx, pause_run, run)


@app.command()
def resume(
    ctx: typer.Context,
    run: Annotated[
        int | None, typer.Argument(metavar="[ID]", help="The run, if not a channel")
    ] = None,
    channel: Annotated[
        str | None, typer.Option(metavar="C", help="A channel that is held: try it at once")
    ] = None,
) -> None:
    """Let a paused or held run, or a held channel, go on; nothing is repeated."""
    if (run is None) == (channel is None):
        raise UsageError("a run's ID or `--channel` is needed, and one of them", "see `--help`")
    if run is not None:
        _change(ctx, resume_run, run)
    elif channel is not None:
        _resume_channel(call_of(ctx), channel)


def _resume_channel(call: Call, channel: str) -> None:
    with call.context() as context:
        resumed = resume_channel(context, channel)
    said = "goes on" if resumed else "is not held"
    document = {"channel": channel, "resumed": resumed}
    call.show(document, lambda screen: screen.line(f"{channel} {said}"))


@app.command()
def cancel(ctx: typer.Context, run: Id) -> None:
    """End a run for good: what went out stays, the rest is cancelled."""
    call = call_of(ctx)
    with call.context() as context:
        before = show_run(context, run).state
        found = cancel_run(context, run)
        zone = company_clock(context)
    if before is RunState.CANCELLED:
        sys.stderr.write(f"run {run} is cancelled already\n")
    call.show(found, lambda screen: _show(screen, found, zone))


@app.command()
def settle(
    ctx: typer.Context,
    run: Id,
    sent: Annotated[bool, typer.Option("--sent", help="They went out: count them as sent")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Send them again: who got one gets it twice")
    ] = False,
) -> None:
    """Say of a run's `unknown` messages what nobody but a person can."""
    if sent == again:
        raise UsageError("`--sent` or `--again` is needed, and one of them", "see `--help`")
    _change(ctx, partial(settle_unknown, again=again), run)


def _change(ctx: typer.Context, change: Callable[[Context, int], RunShown], run: int) -> None:
    call = call_of(ctx)
    with call.context() as context:
        found = change(context, run)
        zone = company_clock(context)
    call.show(found, lambda screen: _show(screen, found, zone))


def _list(ctx: typer.Context, campaign: str | None, limit: int) -> None:
    call = call_of(ctx)
    with call.context() as context:
        found = list_runs(context, campaign, limit)
        zone = company_clock(context)

    def people(screen: Screen) -> None:
        if not found:
            of = f" of {campaign}" if campaign else ""
            screen.line(f"no run{of} yet: `outreach run` makes them as they fall due")
            return
        columns = ["run", "campaign", "for", "state", "planned", "messages", "reason"]
        screen.table(columns, [_row(each, zone) for each in found], right=["run", "planned"])
        _show_holds(screen, [hold for each in found for hold in each.channels_held], zone)

    call.show(found, people)


def _show_holds(screen: Screen, holds: Iterable[ChannelHold], zone: tzinfo) -> None:
    by_channel = {hold.channel: hold for hold in holds}
    if by_channel:
        screen.line()
    for channel, hold in sorted(by_channel.items()):
        screen.line(f"{channel} is {told(hold, zone)}")


def _row(run: RunShown, zone: tzinfo) -> tuple[object, ...]:
    states = {state.value: count for state, count in run.states.items()}
    campaign = f"{run.campaign}: {run.step}" if run.step else run.campaign
    return (run.id, campaign, _for(run, zone), run.state.value, run.planned, states, run.reason)


def _for(run: RunShown, zone: tzinfo) -> str:
    """An instant by company time, or a wall-clock time of the customers' own zones."""
    if run.occurrence.tzinfo is None:
        return f"{run.occurrence:%Y-%m-%d %H:%M} local"
    return clock_of(run.occurrence, zone)


def _asked(run: RunShown, zone: tzinfo) -> dict[str, object]:
    """What it was asked for, and since when its campaign was active, as people read it."""
    found = {name.replace("_", " "): value for name, value in run.params.items() if value}
    since = found.get("active since")
    if isinstance(since, str):
        found["active since"] = clock_of(datetime.fromisoformat(since), zone)
    return found


def _show(screen: Screen, run: RunShown, zone: tzinfo) -> None:
    screen.heading(f"Run {run.id} of {run.campaign} for {_for(run, zone)}")
    about = {
        "step": run.step,
        "state": run.state.value,
        "reason": run.reason,
        "kind": run.kind.value,
    }
    asked = _asked(run, zone)
    screen.pairs({name: value for name, value in (about | asked).items() if value})
    screen.line()
    screen.pairs({"planned": run.planned, **{s.value: n for s, n in run.states.items()}})
    _show_holds(screen, run.channels_held, zone)
    show_held(screen, run.held, run.held_until)
    if run.skipped:
        screen.line()
        screen.heading("Left out for")
        screen.bars(run.skipped)
