"""The way through a campaign of several steps, as sentences: messages, waits, branches, its end."""

from collections.abc import Iterator

from outreach.campaign.described.speaker import Speaker
from outreach.campaign.model import Branch, Campaign, Step, Wait, Way
from outreach.campaign.triggers import Moment, ReentryKind


def way(campaign: Campaign, speaker: Speaker) -> Iterator[str]:
    """The sentences about a campaign's steps, in the file's order."""
    if not campaign.path:
        for step in campaign.steps:
            yield from _step(step, speaker)
    for stop in campaign.path:
        if isinstance(stop.what, Step):
            yield from _step(stop.what, speaker)
        elif isinstance(stop.what, Wait):
            yield _wait(stop.what, speaker)
        else:
            ways = (_way(campaign, each, speaker) for each in stop.what.ways)
            yield speaker.say("branch", ways=speaker.say("ways").join(ways))


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


def _way(campaign: Campaign, each: Way, speaker: Speaker) -> str:
    """For whom one way is, and the step that it begins with."""
    to = campaign.path[each.to].what if each.to < len(campaign.path) else None
    first = speaker.say("the_end") if to is None or isinstance(to, Branch) else to.id
    if each.when is None:
        return speaker.say("way_else", first=first)
    return speaker.say("way", when=speaker.quoted(each.when.source), first=first)
