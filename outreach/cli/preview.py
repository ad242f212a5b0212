"""`outreach preview`."""

from pathlib import Path
from typing import Annotated

import typer

from outreach.app.previewing import Preview, preview_campaign
from outreach.cli.call import call_of
from outreach.cli.screen import Screen
from outreach.cli.tasks import facts_of, show_touches


def preview(
    ctx: typer.Context,
    campaign: Annotated[str, typer.Argument(help="The campaign's name")],
    customer: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="For this customer, on every channel; may be given again"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each message into this folder")
    ] = None,
    step: Annotated[
        str | None, typer.Option(metavar="ID", help="Of several steps only this one")
    ] = None,
) -> None:
    """The very messages that would go: for customers that are named, or for a few of the plan.

    Of several steps each, later ones as if those customers came to it now.
    """
    call = call_of(ctx)
    keys: list[str | None] = [*dict.fromkeys(customer or ())]
    with call.context() as context:
        found = [
            each
            for key in keys or [None]
            for each in preview_campaign(context, campaign, key, out, step)
        ]
    call.show(found, lambda screen: _show(screen, found))


def _show(screen: Screen, found: list[Preview]) -> None:
    if not found:
        screen.line("nobody would get it now")
    said: set[str] = set()
    for each in found:
        if each.verdict and each.key not in said:
            said.add(each.key)
            screen.heading(_said_of(each.key, each.verdict))
            screen.line()
        of = f", step {each.step}" if each.step else ""
        of += f", variant {each.variant}" if each.variant else ""
        whose = f"{'for' if each.card else 'to'} {each.key}"
        screen.heading(f"{each.channel} {whose}{of}{_judged(each)}")
        screen.pairs(_facts(each))
        screen.line()
        screen.line(each.problem or each.body.replace("\r\n", "\n").rstrip())
        if each.card is not None:
            show_touches(screen, each.card)
        screen.line()


def _judged(preview: Preview) -> str:
    """Of several channels, which one goes; nothing where none does."""
    if not preview.verdict.startswith(("send", "hold")):
        return ""
    return ": this one goes" if preview.chosen else ": not this one"


def _said_of(key: str, verdict: str) -> str:
    decision, _, rest = verdict.partition(" ")
    if decision == "send":
        return f"{key} would get this {rest}"
    if decision == "hold":
        return f"{key} would get this later: held {rest}"
    return f"{key} would not get this: {verdict}"


def _facts(preview: Preview) -> dict[str, object]:
    """What stands over a message: who, what about, which language, how long."""
    found: dict[str, object] = {"from": preview.sender, "to": preview.to, "kind": preview.kind}
    if preview.subject:
        found["title" if preview.card else "subject"] = preview.subject
    speaks = (
        f"{preview.key} speaks {preview.speaks}"
        if preview.speaks
        else f"{preview.key}'s is not known"
    )
    found["language"] = (
        preview.language if preview.language == preview.speaks else f"{preview.language}; {speaks}"
    )
    if preview.segments is not None:
        taken = preview.segments
        many = "" if taken.segments == 1 else "s"
        found["length"] = f"{taken.characters} characters, {taken.segments} segment{many}"
        if taken.encoding == "UCS-2":
            found["length"] = f"{found['length']} (UCS-2)"
    if preview.card is not None:
        found["due"] = preview.due_at
        found["customer"] = f"{preview.key} {preview.card.name}".rstrip()
        found |= facts_of(preview.card)
    found["written to"] = preview.file
    return {name: value for name, value in found.items() if value}
