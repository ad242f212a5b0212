"""When a test's winner is chosen, and what is known of it, as a scope says it."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from outreach.campaign.trials import trial_of, waits_for_winner
from outreach.decisions.candidate import Scope
from outreach.decisions.ruling import Ruling
from outreach.store.journey_winners import journey_winner
from outreach.store.winners import winner_of


def winner_due_at(
    ruling: Ruling, instants: Mapping[int, datetime], over: Collection[int] = ()
) -> datetime | None:
    """When the winner is chosen: so long after the first place's turn; None: none is, or nobody's.

    `instants`: the places' turns, of which some are `over`.
    """
    winner = ruling.campaign.winner if waits_for_winner(ruling.campaign) else None
    turns = [at for place, at in instants.items() if place not in over] or list(instants.values())
    return None if winner is None or not turns else min(turns) + winner.after


def with_winner(
    conn: Connection, ruling: Ruling, run_id: int, scope: Scope, at: datetime | None = None
) -> Scope:
    """The scope with the winner of its run, or when one is to be chosen; `at`: as was known then."""
    if not waits_for_winner(ruling.campaign):
        return with_journey_winner(conn, ruling, scope, at)
    found = winner_of(conn, run_id)
    if found is None:
        return scope
    known = found.variant is not None and (at is None or (found.chosen_at or at) <= at)
    if not known:
        return replace(scope, winner_at=found.due_at)
    return replace(scope, winner=ruling.variants.index(found.variant or ""))


def with_journey_winner(
    conn: Connection, ruling: Ruling, scope: Scope, at: datetime | None = None
) -> Scope:
    """The scope with the winner of its journey's test, where one is chosen; `at`: by then."""
    trial = trial_of(ruling.campaign)
    found = None if trial is None else journey_winner(conn, ruling.campaign_id, trial)
    if found is None or found.variant is None or found.variant not in ruling.variants:
        return scope
    if at is not None and (found.chosen_at or at) > at:
        return scope
    return replace(scope, winner=ruling.variants.index(found.variant))
