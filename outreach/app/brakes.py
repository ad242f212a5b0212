"""Runs that a person looks at before they begin: dearer, or larger, than the campaign allows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.counted import count_parts
from outreach.campaign.model import Campaign
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.openings import Load, all_openings
from outreach.store.approvals import approvals_of
from outreach.store.brakes import RELEASED, is_narrowed, last_audience
from outreach.store.runs import Run

WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Before:
    """An audience that the next one is compared with, and which that is."""

    audience: int
    said: str


def audience_before(
    conn: Connection, campaign_id: int, revision_id: int | None, run_id: int | None
) -> Before | None:
    """The audience as it was last approved for a revision; else of the last run before a run."""
    found = [] if revision_id is None else approvals_of(conn, revision_id)
    if found:
        return Before(found[-1].audience, f"that {found[-1].person} approved")
    last = last_audience(conn, campaign_id, run_id)
    return None if last is None else Before(last[1], f"of run {last[0]}")


def held_back(
    campaign: Campaign, currency: str, total: Decimal, audience: int, last: Before | None
) -> list[str]:
    """Why a run of this cost and audience is held for a person; empty: it begins by itself."""
    found = []
    if campaign.budget is not None and total > campaign.budget:
        found.append(f"it would cost {total:,} {currency}, and `budget` is {campaign.budget:,}")
    if not campaign.brake or last is None:
        return found
    if audience * WHOLE > last.audience * (WHOLE + campaign.brake):
        share = audience / max(last.audience, 1) - 1
        more = f"{share:.0%} more than the {last.audience:,} {last.said}"
        brake = f"`brake` is {campaign.brake / 100:g}%"
        found.append(f"its audience is {audience:,}, {more}, and {brake}")
    return found


def why_held(
    context: Context,
    conn: Connection,
    run: Run,
    load: Load,
    scope: Scope,
    instants: Mapping[int, datetime],
) -> str:
    """The same of a run that has not begun, as its plan counts it; "": it may begin.

    `load` gives the rulings of its revision. Nothing is counted where the campaign has neither a budget nor a brake, and of a run that a
    person let go.
    """
    campaign, company = load(None).campaign, load(None).company
    begun = run.planned or run.cursor or run.planned_until is not None
    if begun or run.params.get(RELEASED) or not (campaign.budget is not None or campaign.brake):
        return ""
    found = list(all_openings(load, campaign))
    asked = [
        ask_base(conn, ruling, replace(scope, routes=opening.routes), instants)
        for opening, ruling in found
    ]
    counted = count_parts(context, conn, (), asked, [opening.step for opening, _ in found])
    total, audience = counted.total, counted.funnel.audience
    before = run.campaign_id, run.revision_id, run.id
    last = None if is_narrowed(run.params) else audience_before(conn, *before)
    why = held_back(campaign, company.brand.currency, total, audience, last)
    if not why:
        return ""
    return f"{'; '.join(why)}: let it go with `outreach runs resume {run.id}`, or cancel it"
