"""`outreach demo`."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from outreach.app.logs import set_up_logs
from outreach.cli.call import call_of
from outreach.cli.screen import Screen
from outreach.demo.lifecycles import SAMPLES_OWN
from outreach.demo.loop import Shown, left_out, run_demo
from outreach.settings.environment import LogFormat
from outreach.vocabulary import State

HTML = "Content-Type: text/html"
CHANNELS = ("sms", "email", "task")
NOT_OUT = (State.FAILED, State.UNKNOWN, State.EXPIRED, State.CANCELLED)


def demo(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Option("--in", metavar="DIR", help="Where its project is made")
    ] = Path(".outreach/demo"),
    made_up: Annotated[
        bool, typer.Option("--made-up", help="A small made-up base instead of real purchases")
    ] = False,
    lifecycle: Annotated[
        str, typer.Option(metavar="NAME", help="Under another lifecycle that ships")
    ] = SAMPLES_OWN,
) -> None:
    """The whole loop on a sample base; nothing leaves the machine.

    Its project is made anew each time: what an earlier demo left in the folder is gone.
    """
    call = call_of(ctx)
    set_up_logs(LogFormat.CONSOLE, least=logging.ERROR)
    shown = run_demo(folder, _tell, real=not made_up, lifecycle=lifecycle)
    document = {
        "folder": shown.folder,
        "source": shown.source,
        "now": shown.now,
        "lifecycle": lifecycle,
        "stages": shown.standing.counts,
        "plans": shown.plans,
        "reports": shown.reports,
    }
    call.show(document, lambda screen: _show(screen, shown))


def _tell(step: str) -> None:
    sys.stderr.write(f"… {step}\n")


def _show(screen: Screen, shown: Shown) -> None:
    _show_base(screen, shown)
    _show_sent(screen, shown)
    screen.line()
    screen.heading("One mail, as it would have gone out (its text part)")
    screen.line(shown.mail.partition(HTML)[0].replace("\r\n", "\n").rstrip("-\n"))
    screen.line()
    screen.heading("One SMS")
    screen.line(shown.text.strip())
    _show_next(screen, shown)


def _show_base(screen: Screen, shown: Shown) -> None:
    screen.line()
    if shown.source == "cdnow":
        screen.heading("Real purchases: 69,659 orders of 23,570 customers of CDNOW, 1997 to 1998")
        screen.line(
            "(names, addresses, consents and the orders of July are made up; no address can exist)"
        )
    else:
        screen.heading("A small made-up base: the package with the real purchases is not there")
    screen.line()
    rows = [
        (name, each.rejected, each.rejects[0].message if each.rejects else "")
        for name, each in shown.imports.items()
    ]
    screen.table(["imported", "rows refused", "the first one"], rows, right=["rows refused"])
    screen.line()
    lifecycle = shown.standing.lifecycle
    named = "Given stages" if lifecycle is None else f"Stages ({lifecycle.name})"
    screen.heading(f"{named} on {shown.now:%A %d %B %Y}")
    screen.bars(shown.standing.counts)


def _show_sent(screen: Screen, shown: Shown) -> None:
    screen.line()
    screen.heading("Who was sent what, on which channel")
    others = [s for s in NOT_OUT if any(s in each.states for each in shown.reports.values())]
    rows = [
        (name, each.planned, each.sent, *(each.channels.get(channel, 0) for channel in CHANNELS),
         *(each.states.get(state, 0) for state in others), sum(each.skipped.values()), each.open)
        for name, each in shown.reports.items()
    ]  # fmt: skip
    columns = ["campaign", "audience", "sent", *CHANNELS]
    columns += [*(state.value for state in others), "left out", "held"]
    screen.table(columns, rows, right=columns[1:])
    screen.line()
    screen.heading("Why the others were left out")
    screen.bars(dict(left_out(shown).most_common()))


def _show_next(screen: Screen, shown: Shown) -> None:
    command = "python3 dev.py run" if Path("dev.py").exists() else "outreach"
    project = f"--project {shown.folder} --now {shown.ended:%Y-%m-%dT%H:%MZ}"
    screen.line()
    screen.heading("Where to look next (the demo's clock stands where it ended)")
    for about, words in (  # no comments behind commands: zsh would take them for arguments
        ("why one customer, why not", "explain weekly-greeting C00007"),
        ("the Friday after", "plan weekly-greeting"),
        ("what came of a campaign", "report win-back"),
        ("two variants of a journey", "report onboarding"),
        ("one customer", "customers show C00007"),
        ("the letters to write", "tasks"),
    ):
        screen.line(f"{about}:")
        screen.line(f"    {command} {words} {project}")
    screen.line(f"the messages: {shown.folder}/.outreach/outbox")
