"""Places: what a customer's clock and calendar depend on, each kept once."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, select

from outreach.store import dialect
from outreach.store.tables import places


class Place(NamedTuple):
    """The zones a customer may be in, and the country whose holidays and hours hold."""

    zones: str  # IANA names, sorted, ";" between; "" is company time
    known: bool  # the customer's own zone, not guessed from a number or a country
    country: str  # ISO 3166 alpha-2, "" when unknown


NOWHERE = Place("", False, "")


def place_ids(conn: Connection, wanted: Collection[Place]) -> dict[Place, int]:
    """The id of each place; those that were not there are made."""
    found = _find(conn, wanted)
    missing = sorted(set(wanted) - found.keys())
    if not missing:
        return found
    new = dialect.insert(conn, places).on_conflict_do_nothing()
    conn.execute(new, [place._asdict() for place in missing])
    return _find(conn, wanted)


def countries(conn: Connection) -> set[str]:
    """The countries of all customers' places; "" among them where some is unknown."""
    return set(conn.execute(select(places.c.country).distinct()).scalars())


def _find(conn: Connection, wanted: Collection[Place]) -> dict[Place, int]:
    zones = sorted({place.zones for place in wanted})
    rows = conn.execute(
        select(places.c.zones, places.c.known, places.c.country, places.c.id).where(
            dialect.is_any_of(conn, places.c.zones, zones)
        )
    )
    ids = {Place(zones, known, country): id_ for zones, known, country, id_ in rows}
    return {place: ids[place] for place in wanted if place in ids}
