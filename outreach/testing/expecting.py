"""What must come of a case, as it is written."""

from collections.abc import Callable, Iterator
from typing import Any

from outreach.campaign.case_file import ExpectFile
from outreach.campaign.model import Campaign, Wait
from outreach.campaign.openings import openings
from outreach.documents import did_you_mean
from outreach.testing.cases import NEVER
from outreach.vocabulary import Decision

Fault = tuple[str, str, str]  # the key, what is wrong, how to mend it
INSTANTS = ("until", "next")


def expected(told: ExpectFile, read: Callable[[str, str], object]) -> dict[str, Any]:
    """By its keys; `read` is given a key with an instant as it is written."""
    found = told.model_dump(exclude_none=True)
    for name in INSTANTS:
        written = found.get(name)
        if written is not None and (name, written) != ("next", NEVER):
            found[name] = read(name, written)
    return found


def faults_of(told: ExpectFile, campaign: Campaign, *, under_way: bool) -> Iterator[Fault]:
    """What can not come of the campaign, be it as it may."""
    if told.decision is Decision.SEND and told.reason is not None:
        yield "reason", "what is sent has no reason", "take one of them out"
    if told.decision is Decision.SKIP and (told.text or told.not_text):
        name = "text" if told.text else "not_text"
        yield name, "what is left out has no text", "take one of them out"
    firsts = [each.step for each in openings(campaign) if each.step is not None]
    steps = campaign.steps if under_way else firsts
    channels = list(dict.fromkeys(channel for step in steps for channel in step.channels))
    if told.channel is not None and told.channel not in channels:
        hint = did_you_mean(told.channel, channels, listing="it has")
        yield "channel", f"the campaign has no channel `{told.channel}`", hint
    waits = (stop.what for stop in campaign.stops if isinstance(stop.what, Wait))
    names = [*(each.id for each in campaign.steps), *(each.id for each in waits if each.is_named)]
    if told.step is not None and told.step not in names:
        hint = did_you_mean(told.step, names, listing="there are")
        yield "step", f"the campaign has no step `{told.step}`", hint
    if told.ended is not None and not under_way:
        yield "ended", "this is of who is under way", "write where they stand: `journey: …`"
