"""`outreach send`."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from outreach.app.rehearsing import send_test
from outreach.app.sending import (
    Asked,
    PlanByHand,
    Sent,
    earlier_of_run,
    is_anyone_sending,
    plan_by_hand,
    send_by_hand,
    waiting_of_run,
)
from outreach.cli.call import Call, call_of
from outreach.cli.screen import Screen
from outreach.cli.waiting import show_held
from outreach.errors import UsageError
from outreach.reports.funnel import Waiting
from outreach.store.repeats import Earlier
from outreach.vocabulary import Reason, number_of


def send(
    ctx: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's name: its file's, without .yaml")],
    to: Annotated[
        list[str],
        typer.Option(metavar="KEY", help="Only to this customer of its audience; again for more"),
    ] = [],  # noqa: B006  typer copies it
    where: Annotated[
        str | None,
        typer.Option(metavar="EXPR", help="Only to those of its audience for whom it holds"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Also to who got it within the last 24 hours, or has it waiting"
        ),
    ] = False,
    test: Annotated[
        list[str],
        typer.Option(
            metavar="ADDRESS", help="Only a test to this one of `testers`; again for more"
        ),
    ] = [],  # noqa: B006  typer copies it
    as_: Annotated[
        str | None, typer.Option("--as", metavar="KEY", help="With --test: what this customer gets")
    ] = None,
) -> int:
    """Send a campaign by hand, now: shows the plan, asks, and plans the run; workers send it.

    The campaign must be active; whatever its schedule, all its rules hold. With --test staff get
    one message, marked [TEST]; drafts too, and no touch is counted.
    """
    call = call_of(ctx)
    if test:
        return _test(call, campaign, test, as_)
    if as_ is not None:
        raise UsageError("`--as` stands without `--test`", "say who is to get the test")
    asked = Asked(campaign, tuple(to), where, again)
    if not yes and call.json:
        raise _nobody_to_ask()
    with call.context() as context:
        if not yes and not _agreed(call, plan_by_hand(context, asked)):
            return 0
        found = send_by_hand(context, asked)
        if found.run is None:
            plan = plan_by_hand(context, asked)
            call.show(found, lambda screen: _show_plan(screen, plan))
            return 0
        if not is_anyone_sending(context):
            sys.stderr.write("nothing is sent yet, for no worker is alive: run `outreach run`\n")
        earlier = earlier_of_run(context, found.run) if "duplicate" in found.skip else ()
        waits = waiting_of_run(context, found.run)
    call.show(found, lambda screen: _show(screen, found, waits, earlier))
    return 0


def _test(call: Call, campaign: str, addresses: list[str], key: str | None) -> int:
    with call.context() as context:
        found = send_test(context, campaign, addresses, key)
    for fault in found.faults:
        sys.stderr.write(f"not sent: {fault}\n")
    call.show({"sent": found.sent}, lambda screen: screen.pairs({"sent": found.sent}))
    return 1 if found.faults else 0


def _agreed(call: Call, plan: PlanByHand) -> bool:
    """Whether a person says yes to the plan; nobody is asked about a plan that reaches nobody."""
    call.show(plan, lambda screen: _show_plan(screen, plan))
    if not plan.funnel.send + plan.funnel.hold:
        return False
    if not sys.stdin.isatty():
        raise _nobody_to_ask()
    return typer.confirm(f"Send {number_of(plan.funnel.send + plan.funnel.hold, 'message')}?")


def _nobody_to_ask() -> UsageError:
    return UsageError("nobody can be asked whether to send", "add `--yes`")


def _show_plan(screen: Screen, by_hand: PlanByHand) -> None:
    plan = by_hand.funnel
    screen.pairs({"audience": plan.audience, "send": plan.send, "hold": plan.hold})
    show_held(screen, {why.value: number for why, number in plan.held.items()}, by_hand.held_until)
    _show_skipped(screen, {reason.value: count for reason, count in plan.skip.items()})
    _show_earlier(screen, by_hand.earlier, plan.skip.get(Reason.DUPLICATE, 0))
    if not plan.audience:
        screen.line("the audience picks nobody: no run is made")
    elif not plan.send + plan.hold:
        screen.line("nobody would get it: no run is made")


def _show(screen: Screen, found: Sent, waits: Waiting, earlier: Sequence[Earlier]) -> None:
    screen.heading(f"Run {found.run}")
    screen.pairs({"send": found.send, "hold": found.hold, "left out": sum(found.skip.values())})
    show_held(screen, waits.held, waits.until)
    _show_skipped(screen, found.skip)
    _show_earlier(screen, earlier, found.skip.get(Reason.DUPLICATE, 0))


def _show_skipped(screen: Screen, counts: dict[str, int]) -> None:
    if counts:
        screen.heading("Left out for")
        screen.bars(counts)


def _show_earlier(screen: Screen, earlier: Sequence[Earlier], duplicates: int) -> None:
    """Who is left out as `duplicate`: because of another run, or of who shares the address."""
    for each in earlier:
        if each.run is not None:
            screen.line(f"duplicate: for {each.customers:,} it waits in run {each.run}")
        elif each.on_its_way:
            screen.line(f"duplicate: to {each.customers:,} it is on its way")
        else:
            screen.line(f"duplicate: {each.customers:,} got it within 24 hours")
    if sharing := duplicates - sum(each.customers for each in earlier):
        how = "share an address with somebody" if sharing > 1 else "shares an address with somebody"
        screen.line(f"duplicate: {sharing:,} {how} who has it or gets it")
