"""Which rules and branches of a campaign no test touches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from outreach.campaign.model import Selection
from outreach.campaign.public_holidays import Holidays
from outreach.decisions.ruling import Ruling
from outreach.testing.deciding import Got
from outreach.vocabulary import Decision, Reason


@dataclass(frozen=True, slots=True)
class Untested:
    """A rule, channel or language of a campaign that no test comes to."""

    campaign: str
    rule: str


def untested(ruling: Ruling, found: Iterable[Got]) -> list[Untested]:
    """What of a campaign none of its cases came to, in the order asked."""
    touched = {name for each in found for name in _touched(ruling, each)}
    return [
        Untested(ruling.campaign.name, rule)
        for rule in dict.fromkeys(_to_test(ruling))
        if rule not in touched
    ]


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


def _touched(ruling: Ruling, got: Got) -> Iterator[str]:
    if got.reason is not None:
        yield got.reason
    if got.decision is Decision.SKIP or got.channel is None:
        return
    yield Decision.SEND  # what is held goes later
    yield f"channel {got.channel}"
    if got.variant is not None:
        yield f"variant {got.variant}"
    yield _language(got.channel, ruling.compiled.locale_for(got.channel, got.locale))
