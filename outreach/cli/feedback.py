"""`outreach feedback`."""

import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from outreach.app.feedback import Watch, source_of, take_mail
from outreach.cli.app import COMMANDS, group
from outreach.cli.call import call_of
from outreach.errors import UsageError
from outreach.feedback.mail import MOST_BYTES
from outreach.feedback.notice import Kind
from outreach.feedback.origin import BY_RETURN_PATH
from outreach.feedback.taking import Taken
from outreach.supervisor import stop_on_signals

app = group(COMMANDS["feedback"])
PIECE_BYTES = 64 * 1024
_SAY_NOTHING = {
    Kind.AUTOMATIC: "a machine answers",
    Kind.NOTHING: "it says nothing of a message",
    Kind.UNREADABLE: "it is no mail, or hard to read",
}


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
    if file is not None and file.is_dir():
        hint = f"name one mail; for all mails of a folder: `outreach feedback watch {file}`"
        raise UsageError(f"`{file}` is a folder", hint)
    raw = _stdin() if file is None else file.read_bytes()
    with call.context() as context:
        taken = take_mail(context, raw, recipient)
    call.show(taken, lambda screen: screen.line(in_words(taken)))


@app.command()
def watch(
    ctx: typer.Context,
    where: Annotated[
        str | None,
        typer.Argument(
            metavar="[DIR|URL]",
            help="A folder or imaps://user@host/INBOX; left out: as in outreach.yaml",
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Take what is there, and end")] = False,
) -> None:
    """Take the mails of a folder or an IMAP mailbox, until Ctrl-C or SIGTERM.

    `run` and `scheduler` do the same where `channels.email.feedback` is set. A folder's mails are
    moved to `done/` or `strange/`, a mailbox's are marked as seen.
    """
    call, stop = call_of(ctx), threading.Event()
    stop_on_signals(stop)
    with call.context(chatty=not once) as context:
        if where is None and source_of(context) is None:
            hint = "name a folder, or set `channels.email.feedback` in outreach.yaml"
            raise UsageError("it is not said where mails come back", hint)
        watching = Watch(lambda: context, where)
        seconds = watching.look(stop)  # what is wrong from the beginning ends it
        if not once and not stop.wait(seconds):
            watching.keep_looking(stop)
    kinds = dict(watching.taken)
    document = {"mails": sum(kinds.values()), "kinds": kinds}
    call.show(document, lambda screen: screen.pairs({"mails": sum(kinds.values()), **kinds}))


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
        return f"{said}: nothing changes; {_why(taken)}"
    if taken.again:
        return f"{said}: delivery {taken.delivery}, known already"
    moved = f" is {taken.state.value}" if taken.state else ""
    came = [f"delivery {taken.delivery}{moved}"]
    came += [f"its address is suppressed: {taken.suppressed}"] if taken.suppressed else []
    came += [f"run {taken.run_held} is held"] if taken.run_held else []
    return f"{said}: {', '.join(came)}"


def _why(taken: Taken) -> str:
    """Why a mail changes nothing."""
    if taken.kind in _SAY_NOTHING:
        return _SAY_NOTHING[taken.kind]
    if taken.delivery is not None:
        return f"this database has no delivery {taken.delivery}"
    if taken.kind in BY_RETURN_PATH:
        return "not believed: no signed return path"
    return "not believed: no signed return path, and no signed Message-ID"
