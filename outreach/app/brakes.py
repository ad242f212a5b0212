"""Runs that a person looks at before they begin: dearer, or larger, than the campaign allows."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.cost import cost_of, priced_regions, region_number, segments_taken
from outreach.campaign.model import Campaign
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.ruling import Ruling
from outreach.planning.plan import count
from outreach.store.brakes import RELEASED, last_audience
from outreach.store.runs import Run

WHOLE = 10_000


def held_back(
    campaign: Campaign, currency: str, total: Decimal, audience: int, last: tuple[int, int] | None
) -> list[str]:
    """Why a run of this cost and audience is held for a person; empty: it begins by itself."""
    found = []
    if campaign.budget is not None and total > campaign.budget:
        found.append(f"it would cost {total:,} {currency}, and `budget` is {campaign.budget:,}")
    if campaign.brake and last is not None:
        run_id, before = last
        if audience * WHOLE > before * (WHOLE + campaign.brake):
            more = f"{audience / before - 1:.0%} more than the {before:,} of run {run_id}"
            brake = f"`brake` is {campaign.brake / 100:g}%"
            found.append(f"its audience is {audience:,}, {more}, and {brake}")
    return found


def why_held(
    context: Context,
    conn: Connection,
    run: Run,
    ruling: Ruling,
    scope: Scope,
    instants: Mapping[int, datetime],
) -> str:
    """The same of a run that has not begun, as its plan counts it; "": it may begin.

    Nothing is counted where the campaign has neither a budget nor a brake, and of a run that a
    person let go.
    """
    campaign, company = ruling.campaign, ruling.company
    begun = run.planned or run.cursor or run.planned_until is not None
    if begun or run.params.get(RELEASED) or not (campaign.budget is not None or campaign.brake):
        return ""
    question = ask_base(conn, ruling, scope, instants)
    regions = priced_regions(company, ruling.channels)
    funnel = count(conn, question, by=region_number(regions) if regions else None)
    texts = funnel.channels.get("sms", 0)
    taken = segments_taken(context, conn, question, texts) if texts else None
    total, _ = cost_of(company, ruling.channels, funnel, regions, taken)
    narrowed = run.params.get("to") or run.params.get("where")
    last = None if narrowed else last_audience(conn, run.campaign_id, run.id)
    found = held_back(campaign, company.brand.currency, total, funnel.audience, last)
    if not found:
        return ""
    return f"{'; '.join(found)}: let it go with `outreach runs resume {run.id}`, or cancel it"
