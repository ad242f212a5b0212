"""`outreach correct`."""

import sys
from typing import Annotated

import typer

from outreach.app.correcting import (
    Corrected,
    CorrectionPlan,
    Reached,
    plan_correction,
)
from outreach.app.correcting import (
    correct as correct_run,
)
from outreach.app.sending import is_anyone_sending
from outreach.cli.call import Call, call_of
from outreach.cli.screen import Screen
from outreach.errors import UsageError


def correct(
    ctx: typer.Context,
    run: Annotated[int, typer.Argument(help="The run that went wrong: see `outreach runs`")],
    template: Annotated[
        str, typer.Option(metavar="NAME", help="What corrects it: a folder under templates/")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")] = False,
) -> int:
    """Stop a run, and send a correction to those who got it or may have got it.

    What is unsent is cancelled. The correction goes by the same channel; consent, quiet hours and
    all other rules hold, limits do not, this once, which the audit log notes. Called again it goes
    on where it stopped, and tells how both runs stand.
    """
    call = call_of(ctx)
    if not yes and call.json:
        raise _nobody_to_ask()
    with call.context() as context:
        if not yes and not _agreed(call, plan_correction(context, run, template)):
            return 0
        found = correct_run(context, run, template)
        if not is_anyone_sending(context):
            sys.stderr.write("nothing is sent yet, for no worker is alive: run `outreach run`\n")
    call.show(found, lambda screen: _show(screen, found))
    return 0


def _agreed(call: Call, plan: CorrectionPlan) -> bool:
    call.show(plan, lambda screen: _show_plan(screen, plan))
    if not sys.stdin.isatty():
        raise _nobody_to_ask()
    many = sum(each.send + each.hold for each in plan.channels.values())
    cancels = f"Cancel {plan.reached.unsent:,} unsent messages of run {plan.run}"
    return typer.confirm(f"{cancels}, and send {many:,} corrections?")


def _nobody_to_ask() -> UsageError:
    return UsageError("nobody can be asked whether to correct", "add `--yes`")


def _show_plan(screen: Screen, plan: CorrectionPlan) -> None:
    screen.heading(f"Run {plan.run} of {plan.campaign}")
    _show_reached(screen, plan.reached)
    for channel, funnel in plan.channels.items():
        screen.line()
        screen.heading(f"Correction by {channel}: {plan.template}")
        screen.pairs({"send": funnel.send, "hold": funnel.hold})
        screen.bars({reason.value: many for reason, many in funnel.skip.items()})


def _show(screen: Screen, found: Corrected) -> None:
    screen.heading(f"Run {found.run} of {found.campaign}")
    _show_reached(screen, found.reached)
    if not found.corrections:
        screen.line("nobody got it: there is nothing to correct")
    for each in found.corrections:
        screen.line()
        screen.heading(f"Run {each.run} corrects it by {each.channel}: {found.template}")
        screen.pairs({"send": each.send, "hold": each.hold})
        screen.bars({**each.skip})


def _show_reached(screen: Screen, reached: Reached) -> None:
    screen.pairs(
        {
            "got it": reached.got,
            "may have got it": reached.maybe,
            "unsent": reached.unsent,
            "cancelled": reached.cancelled,
        }
    )
