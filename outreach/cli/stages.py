"""`outreach stages`."""

from typing import Annotated

import typer

from outreach.app.stages import Standing, refresh_stages, stages_now
from outreach.cli.app import COMMANDS, group
from outreach.cli.call import call_of
from outreach.cli.progress import progress
from outreach.cli.screen import Screen

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


def _show_all(screen: Screen, found: Standing, title: str) -> None:
    _show(screen, found, title)
    for name, each in found.further.items():
        screen.line()
        screen.heading(f"lifecycles: {name}")
        _show(screen, each, title)


def _show(screen: Screen, found: Standing, title: str) -> None:
    screen.bars({stage or NOWHERE: count for stage, count in found.counts.items()})
    if found.lifecycle is not None:
        screen.line()
        screen.heading(f"Lifecycle {found.lifecycle.name}: {found.lifecycle.title}")
        screen.pairs(
            {
                stage.id: " ".join(stage.when.source.split()) if stage.when else "otherwise"
                for stage in found.lifecycle.stages
            }
        )
    if found.moves:
        screen.line()
        screen.heading(title)
        rows = sorted(found.moves.items(), key=lambda move: -move[1])
        screen.table(
            ["from", "to", "customers"],
            [(old or "(new)", new or NOWHERE, count) for (old, new), count in rows],
            right=["customers"],
        )
