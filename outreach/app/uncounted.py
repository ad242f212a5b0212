"""Clicks and openings that are asked for and can not be counted: told by `check`, no fault."""

from collections.abc import Iterator

from outreach.campaign.model import Campaign
from outreach.documents import Document
from outreach.errors import WARNING, Problem
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


def company_uncounted(document: Document, company: Company, public_url: str) -> Iterator[Problem]:
    """What outreach.yaml asks to be counted, and no page of ours could count."""
    for name, settings in company.channels.items() if not public_url else ():
        for key in (each for each in _KEYS if getattr(settings, each)):
            message = f"`{key}` has no effect: links can not lead to us without a public URL"
            yield document.problem(("channels", name, key), _CODE, message, _HINT)
