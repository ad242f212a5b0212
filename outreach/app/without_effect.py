"""What is written and has no effect: told by `check` from the files alone, no fault."""

from collections.abc import Iterator, Sequence

from outreach.campaign.model import Campaign
from outreach.documents import Document, Path
from outreach.errors import WARNING, Problem
from outreach.settings.company import Company
from outreach.spans import Cap

_CODE = f"{WARNING}no-effect"


def without_effect(document: Document, campaign: Campaign, company: Company) -> Iterator[Problem]:
    """Keys of a campaign that change nothing."""
    topic = company.topics.get(campaign.topic)
    if topic is not None and topic.transactional:
        yield from _of_transactional(document, campaign)
        return
    yield from _caps_of_transactional(document, campaign.cadence, company)
    for number, cap in enumerate(campaign.cadence):
        other = "" if cap.topic is None or _is_transactional(cap, company) else cap.topic
        if other and other != campaign.topic:
            message = (
                f"the limit counts messages of `{other}`, and stops none of `{campaign.topic}`"
            )
            hint = f"write `topic: {campaign.topic}`, or take `topic` out: then all count"
            yield _problem(document, ("cadence", number, "topic"), message, hint)
        if cap.channel is not None and cap.channel not in campaign.steps[0].channels:
            message = f"the limit is of `{cap.channel}`, by which this campaign sends nothing"
            hint = "name one of its `channels`, or take `channel` out: then all count"
            yield _problem(document, ("cadence", number, "channel"), message, hint)


def company_without_effect(document: Document, company: Company) -> Iterator[Problem]:
    """Limits of outreach.yaml that count nothing."""
    yield from _caps_of_transactional(document, company.cadence, company)


def _of_transactional(document: Document, campaign: Campaign) -> Iterator[Problem]:
    topic = f"`{campaign.topic}` is transactional"
    take_out = "take it out, or choose a topic that is not transactional"
    if campaign.cadence:
        message = f"`cadence` has no effect: {topic}, and no limit counts or stops its messages"
        yield _problem(document, ("cadence",), message, take_out, key=True)
    if campaign.when_capped == "hold":
        message = f"`when_capped` has no effect: {topic}, and no limit stops its messages"
        yield _problem(document, ("when_capped",), message, take_out)
    if campaign.holdout:
        message = f"`holdout` has no effect: {topic}, and its messages go to everybody"
        yield _problem(document, ("experiment", "holdout"), message, take_out)


def _caps_of_transactional(
    document: Document, caps: Sequence[Cap], company: Company
) -> Iterator[Problem]:
    for number, cap in enumerate(caps):
        if _is_transactional(cap, company) and document.has(("cadence", number, "topic")):
            message = f"the limit counts nothing: `{cap.topic}` is transactional"
            hint = "name a topic that is not, or take the limit out"
            yield _problem(document, ("cadence", number, "topic"), message, hint)


def _is_transactional(cap: Cap, company: Company) -> bool:
    topic = company.topics.get(cap.topic or "")
    return topic is not None and topic.transactional


def _problem(
    document: Document, path: Path, message: str, hint: str, *, key: bool = False
) -> Problem:
    return document.problem(path, _CODE, message, hint, key=key)
