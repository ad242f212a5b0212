"""Clicks and openings that are asked for and can not be counted: told by `check`, no fault."""

from collections.abc import Iterator

from outreach.campaign.experiment import Measure
from outreach.campaign.model import Campaign
from outreach.documents import Document
from outreach.errors import WARNING, Problem
from outreach.rendering.links import tracking_of
from outreach.settings.company import Company

_CODE = f"{WARNING}no-effect"
_KEYS = ("track_links", "track_opens")
_HINT = "write `public_url: https://…` into outreach.yaml, where `outreach web` answers"


def uncounted(document: Document, campaign: Campaign, public_url: str) -> Iterator[Problem]:
    """What a campaign asks to be counted, and no page of ours could count."""
    asked = dict(zip(_KEYS, (campaign.tracking.links, campaign.tracking.opens), strict=True))
    for key in (key for key, wanted in asked.items() if wanted):
        if not public_url:
            message = f"`{key}` has no effect: links can not lead to us without a public URL"
            yield document.problem((key,), _CODE, message, _HINT)
        elif key == "track_opens" and all("email" not in s.channels for s in campaign.steps):
            message = "`track_opens` has no effect: this campaign sends no mails"
            yield document.problem((key,), _CODE, message, "take it out")


def untold(
    document: Document, campaign: Campaign, company: Company, public_url: str
) -> Iterator[Problem]:
    """Variants of which nothing will ever tell which is the better one."""
    tracked = (
        tracking_of(campaign, company, channel).links
        for step in campaign.steps
        for channel in step.channels
    )
    by_reply = campaign.winner is not None and campaign.winner.by is Measure.REPLIED
    counted = bool(public_url) and any(tracked)
    if campaign.variants and not (counted or by_reply or campaign.goal):
        message = (
            "nothing tells these apart but replies: no links are counted, and there is no `goal`"
        )
        hint = "add a `goal`, or `track_links: true`"
        hint += "" if public_url else " with a `public_url` in outreach.yaml"
        yield document.problem(("experiment", "variants"), _CODE, message, hint)


def company_uncounted(document: Document, company: Company, public_url: str) -> Iterator[Problem]:
    """What outreach.yaml asks to be counted, and no page of ours could count."""
    for name, settings in company.channels.items() if not public_url else ():
        for key in (each for each in _KEYS if getattr(settings, each)):
            message = f"`{key}` has no effect: links can not lead to us without a public URL"
            yield document.problem(("channels", name, key), _CODE, message, _HINT)
