"""The base of one case: the rows that imports, refreshes and runs would have left."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select, update

from outreach.campaign.experiment import ends_of
from outreach.campaign.model import Campaign
from outreach.decisions.rules.arms import CONTROL_GROUP
from outreach.ids import BUCKETS, arm, test_of, variants_of
from outreach.imports.customer_rows import in_columns
from outreach.imports.customers import write_customers
from outreach.lifecycle.model import Lifecycles
from outreach.lifecycle.refresh import refresh
from outreach.settings.company import Company
from outreach.store.consents import Word, record_consents
from outreach.store.engine import writing
from outreach.store.events import Event, add_events
from outreach.store.listed_suppressions import HARD_BOUNCE, add_listed
from outreach.store.past_touches import PastTouch, add_past
from outreach.store.stages import StageMove, record_moves
from outreach.store.suppressions import Suppression
from outreach.store.tables import customers
from outreach.testing.cases import Case, Happened
from outreach.testing.enrolment import name_the_event, put_on_the_way

# Days before the case at which stages are worked out besides each event: a stage of the lifecycle
# may be left for another only after a while.
_BEFORE = tuple(timedelta(days=days) for days in (90, 60, 30, 14, 7, 3, 2, 1, 0))


def fill(
    engine: Engine, company: Company, lifecycles: Lifecycles, case: Case, campaign: Campaign
) -> None:
    """Write the base of a case of a campaign into an empty database."""
    begin = min(each.row.values["created_at"] for each in case.people)
    with writing(engine) as conn:
        rows = in_columns([each.row for each in case.people])
        write_customers(conn, rows, begin, company, lifecycles)
        query = select(customers.c.key, customers.c.id)
        ids: dict[str, int] = dict(conn.execute(query).all())
        _set_bucket(conn, ids[case.key], company, case, campaign)
        _write_words(conn, case, ids)
        for channel, address in case.suppressions:
            add_listed(conn, channel, [Suppression(channel, address, HARD_BOUNCE, "test", begin)])
        for touch in sorted(case.touches, key=lambda each: each.at):
            of = (touch.campaign, touch.channel, touch.topic, touch.priority, touch.at, touch.open)
            add_past(conn, PastTouch(ids[touch.key], *of))
        put_on_the_way(conn, ids[case.key], case, campaign)
    _happen(engine, company, lifecycles, case, ids)
    with writing(engine) as conn:
        _set_stages(conn, case, ids)
        if case.way is not None:
            name_the_event(conn, ids[case.key], case.way, campaign)


def _set_bucket(
    conn: Connection, customer_id: int, company: Company, case: Case, campaign: Campaign
) -> None:
    """Put the customer into the arm that the case asks for: else the first variant, held out by none."""
    bucket = next(each for each in range(BUCKETS) if _is_in(each, company, case.arm, campaign))
    conn.execute(update(customers).where(customers.c.id == customer_id).values(bucket=bucket))


def _is_in(bucket: int, company: Company, wanted: str | None, campaign: Campaign) -> bool:
    """Whether a bucket is in an arm and no other."""
    salt, name = company.salt, campaign.name
    control = arm(bucket, salt, CONTROL_GROUP) < company.control_group
    held_out = arm(bucket, salt, name) < campaign.holdout
    if (control, held_out) != (wanted == "control_group", wanted == "holdout"):
        return False
    names = [each.name for each in campaign.variants]
    if not names:
        return True
    if campaign.winner is not None and arm(bucket, salt, test_of(name)) >= campaign.winner.test:
        return False  # their variant is the winner's, which nobody knows
    place = bisect_right(ends_of(campaign.variants), arm(bucket, salt, variants_of(name)))
    return names[place] == (wanted if wanted in names else names[0])


def _write_words(conn: Connection, case: Case, ids: dict[str, int]) -> None:
    for each in sorted(case.words, key=lambda word: word.at):
        word = Word(
            ids[each.key], each.channel, each.topic, each.state, each.at, each.source, each.proof,
            each.expires_at,
        )  # fmt: skip
        record_consents(conn, [word], each.at)


def _happen(
    engine: Engine, company: Company, lifecycles: Lifecycles, case: Case, ids: dict[str, int]
) -> None:
    """Add the events and bring facts, and stages that are not given, up to the case's instant."""
    events = sorted(case.events, key=lambda each: each.at)
    given = {ids[each.row.key] for each in case.people if each.stage is not None}
    worked_out = sorted(set(ids.values()) - given)
    done = 0
    for at in _instants(case, [each.at for each in events]):
        part = [each for each in events[done:] if each.at <= at]
        done += len(part)
        with writing(engine) as conn:
            add_events(conn, [_event(ids[each.key], each) for each in part], at)
        if worked_out:
            further = lifecycles.further
            refresh(engine, company, lifecycles.main, at, worked_out, further=further)
    with writing(engine) as conn:  # what is dated later is there, and not seen
        rest = events[done:]
        add_events(conn, [_event(ids[each.key], each) for each in rest], case.at)
    if given:
        refresh(engine, company, None, case.at, sorted(given), further=lifecycles.further)


def _event(customer_id: int, each: Happened) -> Event:
    told = each.values
    return Event(
        customer_id, told["kind"], each.at, told.get("amount"), told.get("id", ""),
        dict(each.data), told.get("due_at"),
    )  # fmt: skip


def _instants(case: Case, events: Sequence[datetime]) -> list[datetime]:
    """When stages are worked out: all at once where every one is given."""
    if all(each.stage is not None for each in case.people):
        return [case.at]
    begin = max(each.row.values["created_at"] for each in case.people)
    found = {*events, *(case.at - before for before in _BEFORE)}
    return sorted(each for each in found if begin < each <= case.at) or [case.at]


def _set_stages(conn: Connection, case: Case, ids: dict[str, int]) -> None:
    for each in case.people:
        if each.stage is None:
            continue
        id_, since = ids[each.row.key], each.stage_since or each.row.values["created_at"]
        before = conn.execute(select(customers.c.stage).where(customers.c.id == id_)).scalar()
        moved = update(customers).where(customers.c.id == id_)
        conn.execute(moved.values(stage=each.stage, stage_since=since))
        record_moves(conn, [StageMove(id_, before, each.stage)], since)
