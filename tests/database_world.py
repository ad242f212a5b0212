"""A world in a database, decided by the chain of rules."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from makers import make_campaign, make_customer, make_delivery, make_place, make_run
from sqlalchemy import Connection, insert, select, update
from world import Other, Touch, Verdict, World, address_of, zones_of

from outreach.campaign.model import Campaign
from outreach.campaign.occurrences import occurrences
from outreach.decisions.asking import Question, everywhere
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.localities import localities
from outreach.decisions.rules.arms import CONTROL_GROUP
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.decisions.winners import winner_due_at
from outreach.ids import arm, bucket
from outreach.planning.decided import Decided
from outreach.rendering.needs import Need
from outreach.settings.company import Company
from outreach.store import tables
from outreach.store.named_dates import NamedDate, write_dates
from outreach.store.sharing import mark_sharing
from outreach.vocabulary import ConsentState, Decision, State


@dataclass(frozen=True)
class Needs:
    """Stands in for a compiled template: what it needs, by channel, and no language variants."""

    by_channel: dict[str, frozenset[str]]

    def of(self, variant: str | None) -> "Needs":
        """The same in each variant."""
        return self

    @property
    def each(self) -> tuple["Needs", ...]:
        """The one there is."""
        return (self,)

    def needs(self, channel: str) -> tuple[Need, ...]:
        """What a template of the channel prints unguarded."""
        return (Need(None, frozenset(self.by_channel.get(channel, ()))),)

    def locales(self, channel: str) -> tuple[str, ...]:
        """The one file there is."""
        return ("",)

    def locale_for(self, channel: str, locale: str | None) -> str:
        """The one file there is."""
        return ""


def fill(conn: Connection, world: World) -> tuple[Ruling, dict[str, int]]:
    """Put the world's rows into an empty database; its ruling, and the customers' ids by key."""
    ids = {each.key: _customer(conn, world, each) for each in world.customers}
    emails = [each.email for each in world.customers if each.email]
    mark_sharing(conn, "email", emails)
    mark_sharing(conn, "phone", [each.phone for each in world.customers if each.phone])
    for each in world.customers:
        if each.merged_into:
            _merge(conn, ids[each.key], ids[each.merged_into])
    for consent in world.consents:
        _consent(conn, world, ids, consent)
    for channel, address in world.suppressions:
        conn.execute(
            insert(tables.suppressions).values(
                channel=channel, address=address, reason="stop", source="test", at=world.asked_at
            )
        )
    number = make_campaign(conn, world.campaign.name)
    for touch in world.touches:
        _touch(conn, ids[touch.key], touch)
    ruling = make_ruling(number, 0, world.campaign, world.company, Needs(dict(world.needs)))  # type: ignore[arg-type]
    return ruling.below(_other(conn, world, other) for other in world.others), ids


def arms(company: Company, campaign: Campaign, key: str) -> tuple[int, int]:
    """Where the product puts a key: its arm of the control group, and of the hold-out."""
    return (
        arm(bucket(key), company.salt, CONTROL_GROUP),
        arm(bucket(key), company.salt, campaign.name),
    )


@contextmanager
def undone(conn: Connection) -> Iterator[None]:
    """A block whose writes do not outlast it."""
    with conn.begin_nested() as writes:
        yield
        writes.rollback()


def _other(conn: Connection, world: World, other: Other) -> Ruling:
    """Another campaign that the scheduler has seen; with a run from the first place's instant on."""
    campaign, just_before = other.campaign, world.asked_at - timedelta(microseconds=1)
    number = make_campaign(conn, campaign.name)
    life = {"active_since": world.asked_at - timedelta(days=60), "looked_until": just_before}
    conn.execute(update(tables.campaigns).where(tables.campaigns.c.id == number).values(life))
    zone = world.company.brand.timezone
    since, until = datetime(2020, 1, 1, tzinfo=UTC), just_before
    if campaign.schedule.is_of_days:
        since = world.asked_at - timedelta(hours=28)
    elif other.planned:
        until = datetime(2099, 1, 1, tzinfo=UTC)
    for occurrence in occurrences(campaign.schedule, zone, since, until):
        make_run(
            conn,
            campaign.name,
            kind="schedule",
            occurrence_at=occurrence.instant_at,
            state="running" if other.planned else "planning",
            planned_until=just_before,
        )
    return make_ruling(number, 0, campaign, world.company, Needs(dict(other.needs)))  # type: ignore[arg-type]


def verdicts(conn: Connection, world: World, ruling: Ruling) -> dict[str, Verdict]:
    """What a plan decides about each customer of the audience."""
    question = question_of(conn, world, ruling)
    decided = Decided(conn, question)
    keys = dict(conn.execute(select(tables.customers.c.id, tables.customers.c.key)).all())
    found = {}
    for page in decided.pages():
        for each in page:
            skipped = each.decision is Decision.SKIP
            channel = None if skipped else each.channel
            found[keys[each.customer_id]] = Verdict(each.decision, each.reason, each.until, channel)
    decided.drop()
    return found


def question_of(conn: Connection, world: World, ruling: Ruling) -> Question:
    """The chain over the world's base at its planned instant."""
    turns = everywhere(localities(conn), world.asked_at)
    scope = Scope(
        run_at=world.run_at, seen_at=world.asked_at, winner_at=winner_due_at(ruling, turns)
    )
    return ask_base(conn, ruling, scope, turns)


def _merge(conn: Connection, closed: int, kept: int) -> None:
    t = tables.customers
    conn.execute(update(t).where(t.c.id == closed).values(merged_into=kept))
    conn.execute(update(t).where(t.c.id == kept).values(shares=True))


def _customer(conn: Connection, world: World, each: object) -> int:
    zones = zones_of(each, world.company) if each.timezone or each.zones else ()
    place = make_place(conn, ";".join(zones), each.country, known=bool(each.timezone))
    made = make_customer(
        conn,
        each.key,
        email=each.email,
        phone=each.phone,
        timezone=each.timezone,
        country=each.country or None,
        place_id=place,
        tags=list(each.tags),
        **{"first_name": None} | dict(each.columns),
        attributes=dict(each.attributes),
        erased_at=world.asked_at if each.erased else None,
    )
    write_dates(conn, [(made, {}, {name: NamedDate(day) for name, day in each.dates.items()})])
    return made


def _consent(conn: Connection, world: World, ids: dict[str, int], said: object) -> None:
    """One row of the ledger, and what follows from it."""
    word = {"customer_id": ids[said.key], "channel": said.channel, "topic": said.topic}
    state = {"state": said.state.value, "at": said.at, "expires_at": said.expires_at}
    consent_id = conn.execute(
        insert(tables.consents)
        .values(**word, **state, source="test", recorded_at=said.at)
        .returning(tables.consents.c.id)
    ).scalar_one()
    t = tables.consent_states.c
    same = (t.customer_id == ids[said.key], t.channel == said.channel, t.topic == said.topic)
    last = conn.execute(select(t.at, t.state).where(*same)).one_or_none()
    no = said.state is ConsentState.WITHDRAWN
    if last is None or (said.at, no) >= (last.at, last.state == ConsentState.WITHDRAWN):
        conn.execute(tables.consent_states.delete().where(*same))
        conn.execute(insert(tables.consent_states).values(**word, **state, consent_id=consent_id))
    if no:
        customer = next(each for each in world.customers if each.key == said.key)
        address = said.address or address_of(customer, said.channel)
        if address:
            _refusal(conn, said, address, consent_id)


def _refusal(conn: Connection, said: object, address: str, consent_id: int) -> None:
    t = tables.refusals.c
    same = (t.channel == said.channel, t.address == address, t.topic == said.topic)
    last = conn.execute(select(t.at).where(*same)).scalar()
    if last is not None and last >= said.at:
        return
    conn.execute(tables.refusals.delete().where(*same))
    conn.execute(
        insert(tables.refusals).values(
            channel=said.channel,
            address=address,
            topic=said.topic,
            at=said.at,
            consent_id=consent_id,
        )
    )


def _touch(conn: Connection, customer_id: int, touch: Touch) -> None:
    make_delivery(
        conn,
        customer_id=customer_id,
        run_id=make_run(conn, touch.campaign, occurrence_at=touch.run_at),
        channel=touch.channel,
        address=touch.address,
        topic=touch.topic,
        priority=touch.priority,
        state=State.SENT if touch.firm else State.DUE,
        slot_at=touch.at,
    )
