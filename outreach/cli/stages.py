"""`outreach stages`."""

from collections.abc import Sequence
from typing import Annotated

import typer

from outreach.app.stages import Standing, refresh_stages, stages_now
from outreach.app.standing import StageExplained, why_stage
from outreach.campaign.model import Expression
from outreach.cli.app import COMMANDS, group
from outreach.cli.call import call_of
from outreach.cli.progress import progress
from outreach.cli.screen import Screen, shown
from outreach.lifecycle.load import GIVEN
from outreach.lifecycle.model import Lifecycle, Stage
from outreach.lifecycle.moving import Keeper
from outreach.lifecycle.why import RuleAnswer

app = group(COMMANDS["stages"])
NOWHERE = "(in none)"
ModelOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="One of `lifecycles`; left out: the main one")
]


@app.command()
def refresh(ctx: typer.Context) -> None:
    """Bring facts and stages of all customers up to now."""
    call = call_of(ctx)
    with call.context() as context, progress() as bars:
        found = refresh_stages(context, bars.of("Refreshing stages"))
    call.show(found.counts, lambda screen: _show_all(screen, found, "Moved now"))


@app.command()
def show(ctx: typer.Context, model: ModelOption = None) -> None:
    """How many customers stand in each stage, and the moves of the last 30 days."""
    call = call_of(ctx)
    with call.context() as context:
        found = stages_now(context).of(model)
    call.show(found.counts, lambda screen: _show_all(screen, found, "Moved in the last 30 days"))


@app.command()
def why(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The customer's key")],
    model: ModelOption = None,
) -> None:
    """Why a customer stands in their stage: every rule, what it looked at, what keeps them."""
    call = call_of(ctx)
    with call.context() as context:
        found = why_stage(context, key, model)
    call.show(found, lambda screen: _show_why(screen, found))


def _show_why(screen: Screen, found: StageExplained) -> None:
    since = f" since {shown(found.since)}" if found.since else ""
    screen.heading(f"{found.key} in {found.lifecycle}: {found.stage or NOWHERE}{since}")
    screen.line(_verdict(found))
    if found.rules:
        screen.line()
        _show_rules(screen, found.rules)
    if found.moves:
        screen.line()
        screen.table(
            ["moved at", "from", "to"],
            [(each.at, each.from_stage or "", each.to_stage or NOWHERE) for each in found.moves],
        )


def _show_rules(screen: Screen, rules: Sequence[RuleAnswer]) -> None:
    width = max(len(each.stage) for each in rules)
    for each in rules:
        screen.line(f"{shown(each.holds):<3}  {each.stage:<{width}}  {each.when}")
        if told := _facts(each):
            screen.line(f"{'':<{width + 7}}{told}")


def _verdict(found: StageExplained) -> str:
    if found.lifecycle == GIVEN:
        return "The customers' file gives the stages; there are no rules."
    said = f"The rules say {found.said or NOWHERE}"
    ends = {
        Keeper.LEAST_DAYS: f"who came to {found.next} stays until {shown(found.kept_until)}",
        Keeper.MOVES: f"from {found.next} one may not go there",
        Keeper.HIGH_WATER: f"from {found.next} nobody goes back",
    }
    if found.kept_by is not None:
        said += f", but {ends[found.kept_by]}"
    if found.next != found.stage:
        return f"{said}. The next refresh moves to {found.next or NOWHERE}."
    return f"{said}."


def _facts(rule: RuleAnswer) -> str:
    told = [_fact(name, value) for name, value in rule.facts.items()]
    if rule.least_days:
        unless = "" if rule.unless is None else f" unless {rule.unless}"
        holds = " (holds)" if rule.unless_holds else ""
        told.append(f"stays {rule.least_days} days{unless}{holds}")
    return "; ".join(told)


def _fact(name: str, value: object) -> str:
    if value is None:
        return f"{name} is missing"
    return f"{name} = {shown(value)}" + (" days" if name == "typical_gap" else "")


def _show_all(screen: Screen, found: Standing, title: str) -> None:
    _show(screen, found, title)
    for name, each in found.further.items():
        screen.line()
        screen.heading(f"lifecycles: {name}")
        _show(screen, each, title)


def _show_lifecycle(screen: Screen, lifecycle: Lifecycle) -> None:
    """What people read of the stages, the rules as they are asked, and what else decides."""
    said = {stage.id: _read(stage) for stage in lifecycle.stages}
    screen.pairs({id_: words for id_, words in said.items() if words})
    screen.line()
    screen.pairs({stage.id: _rule(stage) for stage in lifecycle.rules})
    if lifecycle.evaluation:
        screen.line(f"in the order in which they are asked; of life: {' '.join(lifecycle.ids)}")
    for stage, ways in lifecycle.moves.items():
        screen.line(f"moves: from {stage} only to {' '.join(ways)}")
    if lifecycle.high_water:
        screen.line("high_water: nobody goes back to an earlier stage")


def _read(stage: Stage) -> str:
    """Its title and what it means, as far as they are written."""
    title = stage.title if stage.title != stage.id else ""
    return ": ".join(filter(None, (title, stage.meaning)))


def _rule(stage: Stage) -> str:
    said = _source(stage.when) if stage.when else "otherwise"
    if stage.least:
        said += f"; least_days: {stage.least.days}"
        said += f" unless {_source(stage.unless)}" if stage.unless else ""
    return said


def _source(expression: Expression) -> str:
    return " ".join(expression.source.split())


def _show(screen: Screen, found: Standing, title: str) -> None:
    screen.bars({stage or NOWHERE: count for stage, count in found.counts.items()})
    if found.lifecycle is not None:
        screen.line()
        screen.heading(f"Lifecycle {found.lifecycle.name}: {found.lifecycle.title}")
        _show_lifecycle(screen, found.lifecycle)
    if found.moves:
        screen.line()
        screen.heading(title)
        rows = sorted(found.moves.items(), key=lambda move: -move[1])
        screen.table(
            ["from", "to", "customers"],
            [(old or "(new)", new or NOWHERE, count) for (old, new), count in rows],
            right=["customers"],
        )
