"""`outreach correct`."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import typer

from outreach.app.beside import Beside
from outreach.app.comes_again import ComesAgain
from outreach.app.correcting import (
    Corrected,
    CorrectionPlan,
    Reached,
    correct_all,
    plan_correction,
)
from outreach.app.previewing import Preview
from outreach.app.sending import is_anyone_sending
from outreach.cli.call import Call, call_of
from outreach.cli.screen import Screen
from outreach.errors import UsageError

FIRST_LINES = 4  # of a message, shown beside its correction


def correct(
    ctx: typer.Context,
    run: Annotated[
        list[int], typer.Argument(help="The run that went wrong, or several: see `outreach runs`")
    ],
    template: Annotated[
        str, typer.Option(metavar="NAME", help="What corrects it: a folder under templates/")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")] = False,
) -> int:
    """Stop a run, and send a correction to those who got it or may have got it.

    What is unsent is cancelled. The correction goes by the same channel; consent, quiet hours and
    all other rules hold, limits do not, this once, which the audit log notes. Called again it goes
    on where it stopped, and tells how both runs stand. Where the campaign is still active with the
    wrong template, it says when that comes again.
    """
    call = call_of(ctx)
    if not yes and call.json:
        raise _nobody_to_ask()
    with call.context() as context:
        if not yes:
            plans = [plan_correction(context, each, template) for each in dict.fromkeys(run)]
            if not _agreed(call, plans):
                return 0
        found = correct_all(context, run, template)
        if not is_anyone_sending(context):
            sys.stderr.write("nothing is sent yet, for no worker is alive: run `outreach run`\n")
    call.show(found if len(found) > 1 else found[0], lambda screen: _show(screen, found))
    return 0


def _agreed(call: Call, plans: Sequence[CorrectionPlan]) -> bool:
    call.show(plans, lambda screen: _show_plans(screen, plans))
    if not sys.stdin.isatty():
        raise _nobody_to_ask()
    many = sum(each.send + each.hold for plan in plans for each in plan.channels.values())
    unsent = sum(plan.reached.unsent for plan in plans)
    runs = ", ".join(str(plan.run) for plan in plans)
    cancels = f"Cancel {unsent:,} unsent messages of run {runs}"
    return typer.confirm(f"{cancels}, and send {many:,} corrections?")


def _nobody_to_ask() -> UsageError:
    return UsageError("nobody can be asked whether to correct", "add `--yes`")


def _show_plans(screen: Screen, plans: Sequence[CorrectionPlan]) -> None:
    for plan in plans:
        _show_plan(screen, plan)
        screen.line()
    _show_again(screen, (plan.comes_again for plan in plans))


def _show_plan(screen: Screen, plan: CorrectionPlan) -> None:
    screen.heading(f"Run {plan.run} of {plan.campaign}")
    _show_reached(screen, plan.reached)
    for channel, funnel in plan.channels.items():
        screen.line()
        screen.heading(f"Correction by {channel}: {plan.template}")
        screen.pairs({"send": funnel.send, "hold": funnel.hold})
        screen.bars({reason.value: many for reason, many in funnel.skip.items()})
        if channel in plan.beside:
            _show_beside(screen, plan.beside[channel])


def _show(screen: Screen, found: Sequence[Corrected]) -> None:
    for each in found:
        _show_one(screen, each)
        screen.line()
    _show_again(screen, (each.comes_again for each in found))


def _show_one(screen: Screen, found: Corrected) -> None:
    screen.heading(f"Run {found.run} of {found.campaign}")
    _show_reached(screen, found.reached)
    if not found.corrections:
        screen.line("nobody got it: there is nothing to correct")
    for each in found.corrections:
        screen.line()
        screen.heading(f"Run {each.run} corrects it by {each.channel}: {found.template}")
        screen.pairs({"send": each.send, "hold": each.hold})
        screen.bars({**each.skip})


def _show_again(screen: Screen, found: Iterable[ComesAgain | None]) -> None:
    for said in dict.fromkeys(f"{each.said}: {each.mend}" for each in found if each is not None):
        screen.heading(said)


def _show_beside(screen: Screen, both: Beside) -> None:
    screen.line()
    for words, each in (("got", both.sent), ("would get", both.correction)):
        screen.line(f"{each.key} {words}:")
        for line in _begins(each):
            screen.line(f"    {line}")


def _begins(made: Preview) -> Iterator[str]:
    """The subject and the first lines of a message; or why it can not be made."""
    lines = [line.strip() for line in made.body.splitlines() if line.strip()]
    yield from filter(None, (made.problem, made.subject, *lines[:FIRST_LINES]))


def _show_reached(screen: Screen, reached: Reached) -> None:
    screen.pairs(
        {
            "got it": reached.got,
            "may have got it": reached.maybe,
            "unsent": reached.unsent,
            "cancelled": reached.cancelled,
        }
    )
