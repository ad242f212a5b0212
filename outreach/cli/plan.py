"""`outreach plan`."""

from pathlib import Path
from typing import Annotated

import typer

from outreach.app.comparing import compare_plans
from outreach.app.cost import SegmentsTaken
from outreach.app.planning import Plan, plan_campaign
from outreach.cli.arms import show_variants
from outreach.cli.call import call_of
from outreach.cli.planned_closely import show_closely
from outreach.cli.planned_diff import markdown, show_diff
from outreach.cli.screen import Screen
from outreach.cli.waiting import show_cost, show_held, show_status
from outreach.errors import UsageError
from outreach.vocabulary import number_of

_NOBODY_YET = "there are no customers yet: `outreach customers import FILE` brings them in"
_OVER = (
    "its schedule has no time to come any more, so no further run is made by itself; "
    "this is whom `outreach send` would reach now"
)


def plan(
    ctx: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's name: its file's, without .yaml")],
    at: Annotated[
        str | None, typer.Option(help="For this instant instead of the next occurrence")
    ] = None,
    rows: Annotated[
        Path | None, typer.Option(help="Write a line for each customer into this CSV file")
    ] = None,
    closely: Annotated[
        bool, typer.Option("--closely", help="By stage and domain too, and what rules cost")
    ] = False,
    diff: Annotated[
        str | None, typer.Option(metavar="REV", help="Beside the plan of this git revision")
    ] = None,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="With --diff: as Markdown, for a pull request")
    ] = False,
) -> None:
    """Who would get a campaign, and why the others would not. Writes nothing.

    With --closely: also by stage and mail domain, and how many customers each rule alone keeps out;
    that takes two more passes over the audience. With --diff: whom the files as they stand add and lose
    beside those of a revision; --rows then lists exactly these customers.
    """
    call = call_of(ctx)
    if diff is not None:
        with call.context() as context:
            differing = compare_plans(context, campaign, diff, at, rows)
        if as_markdown:
            call.show(differing, lambda screen: screen.line(markdown(differing)))
        else:
            call.show(differing, lambda screen: show_diff(screen, differing))
        return
    if as_markdown:
        raise UsageError("`--markdown` is for `--diff`", "add `--diff REV`")
    with call.context() as context:
        found = plan_campaign(context, campaign, at, rows, closely=closely)
    call.show(found, lambda screen: show_plan(screen, found))


def show_plan(screen: Screen, found: Plan) -> None:
    """The plan for people: the funnel first, then channels, languages and cost."""
    show_status(screen, found.status)
    screen.heading(f"{found.campaign}: {found.when}")
    if found.over:
        screen.line(_OVER)
    if found.trigger:
        screen.line(f"as if `{found.trigger}` came to all its audience then")
    if found.steps:
        screen.line(f"the first message on each customer's way: {_on_ways(found)}")
    elif found.step:
        screen.line(f"its first message, `{found.step}`: what comes behind it is decided then")
    if found.stages_as_of:
        screen.line(f"stages as of {found.stages_as_of}: who moves until then is asked again")
    screen.pairs({"audience": found.audience, "send": found.send, "hold": found.hold})
    for why in found.held_back:
        screen.line(f"the run would be held for a person: {why}")
    if not found.audience:
        screen.line(_NOBODY_YET if found.nobody_yet else "nobody is picked by the audience")
    held = {why.value: count for why, count in found.held.items()}
    show_held(screen, held, found.held_until, own_clocks=found.occurrence.tzinfo is None)
    if found.skip:
        screen.line()
        screen.heading("Left out for")
        screen.bars({reason.value: count for reason, count in found.skip.items()})
    if found.channels:
        screen.line()
        screen.heading("By channel")
        screen.bars(found.channels)
    show_variants(screen, found.variants, found.sample)
    show_closely(screen, found)
    if found.cost.channels:
        screen.line()
        show_cost(screen, found.cost)
    for each in found.later:
        most = f"{each.total:,} {found.cost.currency} for {number_of(each.messages, 'message')}"
        screen.line(f"at most, as if all who come in came to it: `{each.step}` {most}")
    if found.segments:
        screen.line()
        screen.line(_said_of(found.segments))


def _on_ways(found: Plan) -> str:
    """How many are sent or held each first message."""
    return ", ".join(f"`{step}` {many:,}" for step, many in found.steps.items())


def _said_of(taken: SegmentsTaken) -> str:
    said = f"Text messages take {taken.average:.1f} segments on average, {taken.most} at most"
    said += f" among {taken.messages:,} rendered"
    if taken.error:
        said += f"; give or take {taken.error} for all, if the others are like these"
    if taken.most > 1 and taken.unusual:
        letters = " ".join(f"`{each}`" for each in taken.unusual)
        said += f"; {letters} fit no plain text message: 70 characters a segment instead of 160"
    return said
