"""`outreach consent`."""

from typing import Annotated

import typer

from outreach.app.consents import Ledger, Said, import_consent_file, ledger_of, say
from outreach.app.context import read_instant
from outreach.app.customers import told
from outreach.cli.app import COMMANDS, group
from outreach.cli.call import Call, call_of
from outreach.cli.intake import (
    DatesOption,
    Decimals,
    DryRun,
    EncodingOption,
    File,
    RejectsOption,
    Renames,
    SheetOption,
    options_of,
    show_intake,
    size_of,
)
from outreach.cli.progress import progress
from outreach.cli.screen import Screen
from outreach.vocabulary import ConsentState

app = group(COMMANDS["consent"])
Key = Annotated[str, typer.Argument(metavar="KEY", help="The customer's key")]
Channel = Annotated[str, typer.Option(metavar="C", help="email, sms …")]
Topic = Annotated[str, typer.Option(metavar="T", help="A topic of outreach.yaml")]
Source = Annotated[str, typer.Option(metavar="S", help="Where it was said: phone, web form …")]
Proof = Annotated[str | None, typer.Option(help="What shows it: a text's version, a recording")]
At = Annotated[str | None, typer.Option("--at", metavar="T", help="When it was said, if not now")]


@app.command()
def grant(
    ctx: typer.Context,
    key: Key,
    channel: Channel,
    topic: Topic,
    source: Source,
    proof: Proof = None,
    at: At = None,
    expires: Annotated[str | None, typer.Option(metavar="T", help="When the yes ends")] = None,
) -> None:
    """Record a customer's yes."""
    granted = ConsentState.GRANTED
    _say(call_of(ctx), granted, key, channel, topic, source, proof, at, expires)


@app.command()
def withdraw(
    ctx: typer.Context,
    key: Key,
    channel: Channel,
    topic: Topic,
    source: Source,
    proof: Proof = None,
    at: At = None,
) -> None:
    """Record a customer's no; it holds at once."""
    withdrawn = ConsentState.WITHDRAWN
    _say(call_of(ctx), withdrawn, key, channel, topic, source, proof, at)


def _say(
    call: Call,
    state: ConsentState,
    key: str,
    channel: str,
    topic: str,
    source: str,
    proof: str | None,
    at: str | None,
    expires: str | None = None,
) -> None:
    said_at = None if at is None else read_instant(at, "--at")
    ends_at = None if expires is None else read_instant(expires, "--expires")
    with call.context() as context:
        said = Said(
            key=key,
            channel=channel,
            topic=topic,
            state=state,
            source=source,
            proof=proof,
            at=said_at and context.instant(said_at),
            expires_at=ends_at and context.instant(ends_at),
        )
        found = say(context, said)
    what = "recorded" if found.recorded else "nothing new: it stands so already"
    if found.refused:
        what = "refused: only a newer yes of the person lifts a no"
    call.show(found, lambda screen: screen.line(f"{key}, {channel}, {topic}, {state}: {what}"))


@app.command("import")
def import_(
    ctx: typer.Context,
    file: File,
    renames: Renames = [],  # noqa: B006  typer copies it
    dry_run: DryRun = False,
    dates: DatesOption = None,
    encoding: EncodingOption = None,
    sheet: SheetOption = None,
    rejects: RejectsOption = None,
) -> int:
    """Record words of consent: key, channel, topic, state, at, source, proof, expires_at.

    Exit code 1 if a row is refused.
    """
    call = call_of(ctx)
    options = options_of(
        renames,
        dry_run=dry_run,
        dates=dates,
        decimal=Decimals.POINT,
        rejects=rejects,
        encoding=encoding,
        sheet=sheet,
    )
    with call.context() as context, progress() as bars:
        tell = bars.of(f"Importing {file.name}", size_of(file))
        found = import_consent_file(context, file, options, tell)
    counts = {"recorded": found.recorded, "unchanged": found.unchanged, "refused": found.refused}
    call.show(told(found), lambda screen: show_intake(screen, counts, found, dry_run=dry_run))
    return 1 if found.rejected else 0


@app.command()
def show(ctx: typer.Context, key: Key) -> None:
    """How a customer stands, every word said, and which addresses are suppressed."""
    call = call_of(ctx)
    with call.context() as context:
        found = ledger_of(context, key)
    call.show(found, lambda screen: _show(screen, found))


def _show(screen: Screen, found: Ledger) -> None:
    if not found.words:
        screen.line(f"{found.key} has said nothing: no for every topic that needs a yes")
    else:
        _show_words(screen, found)
    if found.suppressions:
        screen.line()
        screen.line("never used, whatever was said:")
        screen.table(
            ["channel", "address", "reason", "since", "source"],
            [(s.channel, s.address, s.reason, s.at, s.source) for s in found.suppressions],
        )


def _show_words(screen: Screen, found: Ledger) -> None:
    columns = ["channel", "topic", "stands", "since", "until"]
    screen.table(
        columns,
        [
            (s.channel, s.topic, "expired" if s.expired else s.state, s.at, s.expires_at)
            for s in found.standing
        ],
    )
    screen.line()
    screen.table(
        ["at", "channel", "topic", "said", "source", "proof"],
        [(w.at, w.channel, w.topic, w.state, w.source, w.proof) for w in found.words],
    )
