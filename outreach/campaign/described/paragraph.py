"""A campaign as one paragraph: all that its file says, and the defaults that matter."""

from collections.abc import Iterator
from datetime import timedelta

from outreach.campaign.approval import may_approve
from outreach.campaign.described.occasions import occasions
from outreach.campaign.described.speaker import Speaker, share
from outreach.campaign.described.way import ending, way
from outreach.campaign.experiment import Measure
from outreach.campaign.floor_audience import audience_of
from outreach.campaign.model import Campaign, Selection
from outreach.campaign.trials import waits_for_winner
from outreach.settings.company import Company, Topic
from outreach.spans import Cap
from outreach.vocabulary import Approval

_LISTS = ("stage", "tier", "owner", "tags", "country", "locale")
USUAL_PRIORITY = 50


def describe(campaign: Campaign, company: Company, language: str) -> str:
    """The campaign in sentences; `language` is one of LANGUAGES."""
    speaker = Speaker(language)
    sentences = [
        *_about(campaign, company, speaker),
        *(floors := list(_floors(campaign, company, speaker))),
        *occasions(campaign.schedule, speaker, owed=bool(floors)),
        *_limits(campaign, company, speaker),
        *way(campaign, speaker),
        *ending(campaign, speaker),
        *_experiment(campaign, speaker),
        *_brakes(campaign, company, speaker),
        *_content(campaign, speaker),
    ]
    return speaker.say("end").join(sentences)


def _about(campaign: Campaign, company: Company, speaker: Speaker) -> Iterator[str]:
    topic = company.topics.get(campaign.topic, Topic())
    about = speaker.say(
        "about", title=campaign.title, owner=campaign.owner, topic=topic.title or campaign.topic
    )
    yield speaker.say("status", about=about, status=speaker.say(campaign.status.value))
    whom = _parts(campaign.audience, speaker)
    said = speaker.say("audience", parts=whom) if whom else speaker.say("everyone")
    if campaign.exclude is not None:
        said += speaker.say("exclude", parts=_parts(campaign.exclude, speaker))
    yield said + ("。" if speaker.language == "zh" else ".")
    yield speaker.say("transactional" if topic.transactional else "consent")


def _floors(campaign: Campaign, company: Company, speaker: Speaker) -> Iterator[str]:
    """What begins it for customers whom nobody was in touch with, as outreach.yaml says."""
    for floor in company.floors:
        if floor.by == campaign.name:
            whom = _parts(audience_of(floor), speaker)
            said = speaker.say("owed_some", parts=whom) if whom else speaker.say("owed_all")
            yield speaker.say("owed", whom=said, span=speaker.span(timedelta(days=floor.days)))


def _parts(selection: Selection, speaker: Speaker) -> str:
    parts = [
        speaker.say(key, speaker.any_of(names))
        for key in _LISTS
        if (names := getattr(selection, key))
    ]
    if selection.where is not None:
        parts.append(speaker.say("where", speaker.quoted(selection.where.source)))
    return speaker.say("and").join(parts)


def _limits(campaign: Campaign, company: Company, speaker: Speaker) -> Iterator[str]:
    topic = company.topics.get(campaign.topic, Topic())
    if not (topic.transactional and topic.urgent):
        yield speaker.say("quiet")
    if topic.transactional:
        return
    caps = "; ".join(_cap(cap, speaker) for cap in campaign.cadence)
    yield speaker.say("caps", caps=caps) if caps else speaker.say("company_caps")
    yield speaker.say(f"capped_{campaign.when_capped}")
    if campaign.priority != USUAL_PRIORITY:
        yield speaker.say("priority", priority=campaign.priority)


def _cap(cap: Cap, speaker: Speaker) -> str:
    of = "" if cap.channel is None else speaker.say("of_channel", cap.channel)
    of += "" if cap.topic is None else speaker.say("of_topic", cap.topic)
    return speaker.say("cap", most=cap.at_most, per=speaker.per(cap.per), of=of)


def _experiment(campaign: Campaign, speaker: Speaker) -> Iterator[str]:
    if campaign.on_unknown == "resend":
        yield speaker.say("resend")
    if campaign.holdout:
        yield speaker.say("holdout", share=share(campaign.holdout))
    total = sum(each.weight for each in campaign.variants)
    if campaign.variants:
        parts = (
            speaker.say("variant", name=each.name, weight=each.weight, total=total)
            for each in campaign.variants
        )
        yield speaker.say("variants", parts=", ".join(parts))
    if campaign.winner is not None:
        winner = campaign.winner
        done = "by_goal_more" if winner.by is Measure.GOAL else "by_more"
        yield speaker.say(
            "winner" if waits_for_winner(campaign) else "winner_on_the_way",
            share=share(winner.test),
            span=speaker.span(winner.after),
            better=speaker.say(done, by=speaker.say(f"by_{winner.by}")),
            first=campaign.variants[0].name,
        )


def _brakes(campaign: Campaign, company: Company, speaker: Speaker) -> Iterator[str]:
    if campaign.budget is not None:
        yield speaker.say("budget", budget=campaign.budget, currency=company.brand.currency)
    if campaign.brake:
        yield speaker.say("brake", share=share(campaign.brake))
    yield from _approval(campaign, company, speaker)


def _approval(campaign: Campaign, company: Company, speaker: Speaker) -> Iterator[str]:
    rules = company.approval
    always = max(campaign.approval, rules.least, key=lambda each: each.people)
    if always.people:
        yield speaker.say(
            f"approve_{always}", people=_approvers(campaign, company, always, speaker)
        )
    if rules.audience is not None and rules.above.people > always.people:
        yield speaker.say(
            "approve_above", audience=f"{rules.audience:,}",
            number=speaker.say(f"number_{rules.above}"),
            people=_approvers(campaign, company, rules.above, speaker),
        )  # fmt: skip


def _approvers(campaign: Campaign, company: Company, many: Approval, speaker: Speaker) -> str:
    return ", ".join(may_approve(campaign, company, many.people)) or speaker.say("nobody")


def _content(campaign: Campaign, speaker: Speaker) -> Iterator[str]:
    if campaign.attachments:
        names = (each.name or each.file for each in campaign.attachments)
        yield speaker.say("attachments", files=", ".join(names))
    if campaign.images:
        yield speaker.say(campaign.images)
    tracking = campaign.tracking
    for key, counted in (("links", tracking.links), ("opens", tracking.opens)):
        if counted is not None:
            yield speaker.say(f"{key}_{'yes' if counted else 'no'}")
    if tracking.utm is not None:
        yield speaker.say("utm")
