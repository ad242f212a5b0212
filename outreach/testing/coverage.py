"""Which rules and branches of a campaign no test touches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from outreach.campaign.model import Branch, Campaign, Selection, Wait
from outreach.campaign.public_holidays import Holidays
from outreach.decisions.ruling import Ruling
from outreach.testing.deciding import Got
from outreach.testing.enrolment import ended_by, way_named
from outreach.vocabulary import Decision, Reason


@dataclass(frozen=True, slots=True)
class Untested:
    """A rule, channel or language of a campaign that no test comes to."""

    campaign: str
    rule: str


def untested(rulings: Sequence[Ruling], found: Iterable[Got]) -> list[Untested]:
    """What of a campaign none of its cases came to, in the order asked.

    `rulings`: of all of its messages, the first one's first.
    """
    first, *later = rulings
    by_step = {each.step.id: each for each in later}
    touched = {name for each in found for name in _touched(first, by_step, each)}
    wanted = dict.fromkeys([*_to_test(first), *_on_the_way(first.campaign), *_later(later)])
    return [Untested(first.campaign.name, rule) for rule in wanted if rule not in touched]


def _on_the_way(campaign: Campaign) -> Iterator[str]:
    """Ways of branches, and what ends waits; `exit`."""
    for stop in campaign.stops:
        if isinstance(stop.what, Branch):
            yield from (way_named(stop.what, number) for number in range(len(stop.what.ways)))
        elif isinstance(stop.what, Wait) and stop.what.until is not None:
            yield from (ended_by(stop.what, by_time=by_time) for by_time in (False, True))
    if campaign.exit is not None:
        yield Reason.EXITED


def _later(rulings: Sequence[Ruling]) -> Iterator[str]:
    """Of messages behind the first: whether anybody gets them, by which channel, and their `when`."""
    for ruling in rulings:
        if ruling.step.when is not None:
            yield _of(Reason.WHEN_FALSE, ruling)
        yield _of(Decision.SEND, ruling)
        if len(ruling.channels) > 1:
            yield from (_of(f"channel {channel}", ruling) for channel in ruling.channels)


def _of(name: str, ruling: Ruling) -> str:
    return f"{name} of {ruling.step.id}"


def _to_test(ruling: Ruling) -> Iterator[str]:
    """What the campaign's own files bring about; the company's rules are not each campaign's to test."""
    campaign, schedule = ruling.campaign, ruling.campaign.schedule
    own_days = schedule.on_date is not None or schedule.on_holiday is not None
    if not _is_everyone(campaign.audience) or own_days:
        yield Reason.NOT_IN_AUDIENCE
    if campaign.exclude is not None:
        yield Reason.EXCLUDED
    if ruling.step.when is not None:
        yield Reason.WHEN_FALSE
    if not ruling.topic.transactional:
        yield Reason.NO_CONSENT
    if _needs_anything(ruling):
        yield Reason.MISSING_DATA
    if campaign.cadence:
        yield Reason.CAPPED
    if campaign.holdout:
        yield Reason.HOLDOUT
    if any(each is not None for each in (schedule.window, schedule.days, schedule.starts, schedule.ends)):  # fmt: skip
        yield Reason.OUTSIDE_WINDOW
    if schedule.holidays is not Holidays.IGNORE:
        yield Reason.HOLIDAY
    yield Decision.SEND
    yield from (f"variant {name}" for name in ruling.variants)
    for channel in ruling.channels:
        if len(ruling.channels) > 1:
            yield f"channel {channel}"
        languages = ruling.compiled.locales(channel)
        if len(languages) > 1:
            yield from (_language(channel, each) for each in languages)


def _needs_anything(ruling: Ruling) -> bool:
    """Whether any template of it prints what a customer may lack."""
    compiled = [ruling.compiled.of(name) for name in ruling.variants or (None,)]
    needs = (need for each in compiled for name in ruling.channels for need in each.needs(name))
    return any(need.names or need.any_of for need in needs)


def _is_everyone(audience: Selection) -> bool:
    names = ("stage", "tier", "owner", "tags", "country", "locale", "where")
    return not any(getattr(audience, name) for name in names)


def _language(channel: str, name: str) -> str:
    return f"{channel} in {name}" if name else f"{channel} in no language of its own"


def _touched(first: Ruling, later: Mapping[str, Ruling], got: Got) -> Iterator[str]:
    yield from got.passed
    ruling = later.get(got.message or "")
    if ruling is not None:
        yield from _touched_later(ruling, got)
        return
    if got.reason is not None:
        yield got.reason
    if got.decision in (None, Decision.SKIP) or got.channel is None:
        return
    yield Decision.SEND  # what is held goes later
    yield f"channel {got.channel}"
    if got.variant is not None:
        yield f"variant {got.variant}"
    yield _language(got.channel, first.compiled.locale_for(got.channel, got.locale))


def _touched_later(ruling: Ruling, got: Got) -> Iterator[str]:
    if got.reason is not None:
        yield _of(got.reason, ruling) if got.reason is Reason.WHEN_FALSE else got.reason
    if got.decision is not Decision.SKIP:
        yield from (_of(name, ruling) for name in (Decision.SEND, f"channel {got.channel}"))
