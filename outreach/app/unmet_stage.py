"""An `on_stage` that nobody ever comes into: told by `check`, no fault."""

from collections.abc import Iterator

from sqlalchemy import Connection

from outreach.campaign.model import Campaign
from outreach.errors import WARNING, Problem
from outreach.lifecycle.model import Lifecycle
from outreach.store.stages import arrivals, moves_between
from outreach.vocabulary import Status

ENOUGH = 20  # moves between stages, from which on it tells something that none came into one


def unmet_stage(
    conn: Connection, campaign: Campaign, lifecycle: Lifecycle | None
) -> Iterator[Problem]:
    """A stage to `enter` that customers have as their first one only; no draft's.

    A base in which nobody moved as yet says so of the first stage of life alone.
    """
    schedule = campaign.schedule
    if schedule.on_stage is None or schedule.place is None or campaign.status is not Status.ACTIVE:
        return
    for stage in schedule.on_stage.enter:
        first, moved = arrivals(conn, stage)
        if not first or moved:
            continue
        begins_life = lifecycle is not None and stage == lifecycle.ids[0]
        if begins_life or moves_between(conn, ENOUGH) >= ENOUGH:
            message = f"nobody ever came to `{stage}` from another stage: {first:,} had it as their"
            message += " first one, which starts nothing"
            hint = "a welcome is started by what they did: `on_event: {kind: signup}`, see"
            hint += " docs/campaigns.md"
            place, code = schedule.place, f"{WARNING}unfound"
            yield Problem(place.file, place.line, place.column, code, message, hint)
