"""Clicks and openings that are asked for and can not be counted: told by `check`, no fault."""

from collections.abc import Iterator

from outreach.campaign.experiment import Measure
from outreach.campaign.model import Campaign
from outreach.campaign.trials import waits_for_winner
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
    """Variants of which nothing will ever tell which is the better one, or not in time."""
    tracked = (
        tracking_of(campaign, company, channel).links
        for step in campaign.steps
        for channel in step.channels
    )
    counted = bool(public_url) and any(tracked)
    by = None if campaign.winner is None else campaign.winner.by
    how = "`track_links: true`"
    how += "" if public_url else " with a `public_url` in outreach.yaml"
    if by is Measure.CLICKED and not counted:
        message = "no links are counted, so nobody clicks: the first variant always wins"
        hint = f"write {how}, or let `replied` or `goal` decide"
        yield document.problem(("experiment", "winner", "by"), _CODE, message, hint)
    elif campaign.variants and not (counted or by is Measure.REPLIED or campaign.goal):
        message = (
            "nothing tells these apart but replies: no links are counted, and there is no `goal`"
        )
        yield document.problem(
            ("experiment", "variants"), _CODE, message, f"add a `goal`, or {how}"
        )
    if by is Measure.GOAL:
        yield from _chosen_before(document, campaign)


def _chosen_before(document: Document, campaign: Campaign) -> Iterator[Problem]:
    """A winner by a goal that may be reached after it is chosen."""
    winner, goal = campaign.winner, campaign.goal
    if winner is None or goal is None or winner.after >= goal.within:
        return
    message = "the winner is chosen before the goal's `within` is over: who reaches it later does "
    message += "not count"
    most = "7 days" if waits_for_winner(campaign) else "90 days"
    hint = f"let `after` be as long (at most `{most}`), or a `goal` that is reached sooner decide"
    yield document.problem(("experiment", "winner", "after"), _CODE, message, hint)


def company_uncounted(document: Document, company: Company, public_url: str) -> Iterator[Problem]:
    """What outreach.yaml asks to be counted, and no page of ours could count."""
    for name, settings in company.channels.items() if not public_url else ():
        for key in (each for each in _KEYS if getattr(settings, each)):
            message = f"`{key}` has no effect: links can not lead to us without a public URL"
            yield document.problem(("channels", name, key), _CODE, message, _HINT)
