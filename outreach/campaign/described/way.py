"""The way through a campaign of several steps, as sentences: messages, waits, branches, its end."""

from collections.abc import Iterator, Sequence

from outreach.campaign.described.speaker import Speaker
from outreach.campaign.model import Branch, Campaign, Selection, Step, Stop, Wait, Way
from outreach.campaign.triggers import Moment, ReentryKind


def way(campaign: Campaign, speaker: Speaker) -> Iterator[str]:
    """The sentences about a campaign's steps, in the file's order."""
    is_everyone = campaign.audience == Selection() and campaign.exclude is None
    if len(campaign.steps) > 1 and not is_everyone:
        yield speaker.say("asked_again")
    yield from _part(campaign.stops, (0, len(campaign.stops)), "", speaker)


def ending(campaign: Campaign, speaker: Speaker) -> Iterator[str]:
    """The sentences about who leaves early, comes in again, and is counted."""
    if campaign.exit is not None:
        yield speaker.say("exit", when=speaker.quoted(campaign.exit.source))
    if campaign.reentry.kind is not ReentryKind.ALWAYS:
        span = speaker.span(campaign.reentry.span)
        yield speaker.say(f"reentry_{campaign.reentry.kind.value}", span=span)
    if campaign.goal is not None:
        within = speaker.span(campaign.goal.within)
        yield speaker.say("goal", when=speaker.quoted(campaign.goal.when.source), within=within)
    if campaign.migrates:
        yield speaker.say("migrates")


def _part(
    stops: Sequence[Stop], between: tuple[int, int], within: str, speaker: Speaker
) -> Iterator[str]:
    """What stands one behind the other, in the whole file or `within` a way of that name.

    `between`: the position of the first stop, and the one behind the last.
    """
    position, end = between
    parted = 0  # ways that have a name
    while position < end:
        what, behind = stops[position].what, min(stops[position].then, end)
        if isinstance(what, Step):
            yield from _step(what, speaker)
        elif isinstance(what, Wait):
            yield _wait(what, speaker)
        else:
            names = [f"{within}{parted + number}" for number in range(1, len(what.ways) + 1)]
            yield from _branch(stops, what, behind, names, speaker)
            if behind < end or not within:
                yield _behind(what, names, speaker, goes_on=behind < end)
            parted += len(names)
        position = behind


def _branch(
    stops: Sequence[Stop], branch: Branch, behind: int, names: Sequence[str], speaker: Speaker
) -> Iterator[str]:
    """For whom each way is, then each way with what stands on it."""
    told = [_way(each, name, speaker) for each, name in zip(branch.ways, names, strict=True)]
    if not _takes_all(branch):
        told.append(speaker.say("way_none"))
    yield speaker.say("branch", ways=speaker.say("ways").join(told))
    ends = [*(each.to for each in branch.ways[1:]), behind]
    for each, end, name in zip(branch.ways, ends, names, strict=True):
        yield speaker.say("way_begins", name=name)
        yield from _part(stops, (each.to, end), f"{name}.", speaker)


def _behind(branch: Branch, names: Sequence[str], speaker: Speaker, *, goes_on: bool) -> str:
    """Where the ways end, and that all go on together there, or that it is over."""
    key = "together" if goes_on else "over"
    key += "" if _takes_all(branch) else "_passed"
    each = (speaker.say("one_way", name=name) for name in names)
    return speaker.say(key, ways=speaker.say("and_way").join(each))


def _takes_all(branch: Branch) -> bool:
    """Whether nobody goes past all of its ways."""
    return any(each.when is None for each in branch.ways)


def _step(step: Step, speaker: Speaker) -> Iterator[str]:
    channels = speaker.say("else").join(step.channels)
    key = "step" if len(step.channels) > 1 else "step_alone"
    yield speaker.say(key, channels=channels, template=step.template, id=step.id)
    if step.when is not None:
        yield speaker.say("when", when=speaker.quoted(step.when.source))


def _wait(wait: Wait, speaker: Speaker) -> str:
    name = speaker.say("named", wait.id) if wait.is_named else ""
    if wait.span is not None:
        return speaker.say("wait", span=speaker.span(wait.span), name=name)
    if wait.moment is not None:
        return speaker.say("wait_moment", moment=_moment(wait.moment, speaker), name=name)
    until = "" if wait.until is None else speaker.quoted(wait.until.source)
    most = "" if wait.at_most is None else speaker.say("at_most", speaker.span(wait.at_most))
    return speaker.say("wait_until", until=until, most=most, name=name)


def _moment(moment: Moment, speaker: Speaker) -> str:
    at = f"{moment.at:%H:%M}"
    if moment.weekday is None:
        return speaker.say("moment", at=at)
    return speaker.say("moment_on", day=speaker.weekdays([moment.weekday]), at=at)


def _way(each: Way, name: str, speaker: Speaker) -> str:
    """For whom one way is."""
    if each.when is None:
        return speaker.say("way_else", name=name)
    return speaker.say("way", when=speaker.quoted(each.when.source), name=name)
