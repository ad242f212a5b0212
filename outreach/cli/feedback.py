"""`outreach feedback`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from outreach.app.feedback import take_mail
from outreach.cli.app import COMMANDS, group
from outreach.cli.call import call_of
from outreach.feedback.mail import MOST_BYTES
from outreach.feedback.taking import Taken

app = group(COMMANDS["feedback"])
PIECE_BYTES = 64 * 1024


@app.callback()
def feedback() -> None:
    """What comes back by mail: bounces, complaints, answers. Nobody is ever answered."""


@app.command()
def receive(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A mail; left out: stdin", exists=True)
    ] = None,
    recipient: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="The envelope's recipient; else its headers are asked"
        ),
    ] = None,
) -> None:
    """Take one mail, as a mail server's pipe hands it over.

    Exit code 0 also for a mail that says nothing to us: it is taken, and changes nothing.
    """
    call = call_of(ctx)
    raw = _stdin() if file is None else file.read_bytes()
    with call.context() as context:
        taken = take_mail(context, raw, recipient)
    call.show(taken, lambda screen: screen.line(in_words(taken)))


def _stdin() -> bytes:
    """The beginning of the mail; the rest is read too, or its sender would see a broken pipe."""
    raw = sys.stdin.buffer.read(MOST_BYTES)
    while sys.stdin.buffer.read(PIECE_BYTES):
        pass
    return raw


def in_words(taken: Taken) -> str:
    """What a mail said and what came of it, in one line."""
    said = taken.kind.value.replace("_", " ") + (f" ({taken.status})" if taken.status else "")
    if not taken.believed:
        return f"{said}: nothing changes"
    if taken.again:
        return f"{said}: delivery {taken.delivery}, known already"
    came = [f"delivery {taken.delivery}"]
    came += [f"is {taken.state.value}"] if taken.state else []
    came += [f"its address is suppressed: {taken.suppressed}"] if taken.suppressed else []
    came += [f"run {taken.run_held} is held"] if taken.run_held else []
    return f"{said}: {', '.join(came)}"
