"""Questions about people who share addresses: what the messages of one run are to each other.

Who shares a mailbox with one customer and a telephone with another gets the mail to the one and the
text to the other; who stands for a merged record reads its mailbox besides their own. Before a
run is decided about, `settling` sets its messages to such people against one another.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, literal_column, not_, select

from outreach.decisions.asking import Question, Settled, ask
from outreach.decisions.candidate import Scope
from outreach.decisions.ruling import Ruling
from outreach.decisions.settling import may_meet, settle
from outreach.store.dialect import is_any_of
from outreach.store.sharing import sharers
from outreach.store.sources import named
from outreach.store.tables import customers, enrolments


def ask_base(
    conn: Connection,
    ruling: Ruling,
    scope: Scope,
    asked: Mapping[int, datetime],
    turns: Mapping[int, datetime] | None = None,
) -> Question:
    """The chain over the whole base, what people who share addresses get settled among them.

    `turns`: the instants of all places, where only some are `asked` because their turn has come: so
    it is with a run, and the others' turns are to come.
    """
    everyones = select(customers.c.locale).distinct()

    def locales() -> Iterable[str | None]:
        return conn.execute(everyones).scalars()

    again = turns is not None or scope.enrolled is not None
    parted = turns is not None and len(turns) > len(asked) and _are_parted(conn, asked)
    settled: dict[int, Settled] = {}
    if parted or (may_meet(conn, ruling) and _does_anyone_share(conn, scope, asked)):
        # Asked to its end before the next: on SQLite questions fill the same zone table.
        sharing = replace(scope, sharing=True)
        together = ask(conn, ruling, sharing, turns or asked, locales, again=again)
        settled = settle(conn, together, everyone=parted)
    theirs = {id_: each for id_, each in settled.items() if each.verdict.place_id in asked}
    question = ask(conn, ruling, scope, asked, locales, again=again)
    return replace(question, settled=theirs)


def settled_about(
    conn: Connection, ruling: Ruling, scope: Scope, customer_id: int, turns: Mapping[int, datetime]
) -> dict[int, Settled]:
    """As the plan settles it for a customer and all whom shared addresses lead to.

    `turns`: the instants of their places, or of all. Ask the next question after it.
    """
    if not may_meet(conn, ruling):
        return {}
    group = group_of(conn, customer_id)
    if len(group) == 1:
        return {}
    t = customers.c
    theirs = is_any_of(conn, t.id, sorted(group))
    people = conn.execute(select(t.key, t.place_id, t.locale).where(theirs)).all()
    keys = {each.key for each in people}
    narrowed = keys & set(scope.to) if scope.to else keys
    if not narrowed:
        return {}
    asked = {each.place_id: turns[each.place_id] for each in people}
    within = replace(scope, about=None, sharing=True, to=tuple(sorted(narrowed)))
    question = ask(conn, ruling, within, asked, lambda: {each.locale for each in people})
    return settle(conn, question, everyone=False)


def group_of(conn: Connection, customer_id: int) -> set[int]:
    """The customer, who shares an address with them, who shares one with those, and so on."""
    found, new = {customer_id}, {customer_id}
    while new:
        new = set().union(*sharers(conn, new).values()) - found
        found |= new
    return found


def _does_anyone_share(conn: Connection, scope: Scope, places: Collection[int]) -> bool:
    """Whether anybody in these places, or of the enrolments asked about, has an address with others."""
    if scope.enrolled is None:
        them = is_any_of(conn, _by_itself(customers.c.place_id), sorted(places))
    else:
        way = enrolments.c
        come = select(way.customer_id).where(is_any_of(conn, way.id, scope.enrolled))
        them = customers.c.id.in_(come)
    found = select(customers.c.id).where(customers.c.shares, them).limit(1)
    return conn.execute(found).first() is not None


def _by_itself(place_id: ColumnElement[int]) -> ColumnElement[int]:
    """A place that is not looked up in an index: few share an address, and they are found by that."""
    return place_id + literal_column("0")


def _are_parted(conn: Connection, places: Collection[int]) -> bool:
    """Whether anybody in these places shares an address with somebody elsewhere.

    Who was merged is where the one is who stands for them.
    """
    own, other = named(customers, "own"), named(customers, "other")
    reader, others_reader = named(customers, "reader"), named(customers, "others_reader")
    there = is_any_of(conn, _by_itself(reader.c.place_id), sorted(places))
    elsewhere = not_(is_any_of(conn, others_reader.c.place_id, sorted(places)))
    ties = (
        select(own.c.id)
        .join_from(own, other, other.c[name] == own.c[name])
        .join(reader, reader.c.id == func.coalesce(own.c.merged_into, own.c.id))
        .join(others_reader, others_reader.c.id == func.coalesce(other.c.merged_into, other.c.id))
        .where(own.c.shares, there, elsewhere)
        .limit(1)
        for name in ("email", "phone")
    )
    return any(conn.execute(tie).first() is not None for tie in ties)
