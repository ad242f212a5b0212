"""The places of the base with their ids, as the zone table wants them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from outreach.store.tables import places


@dataclass(frozen=True, slots=True)
class Locality:
    """A place in use: `zones` are all the zones its customers may be in; none: company time."""

    id: int
    zones: tuple[str, ...]
    country: str


def localities(conn: Connection, ids: Collection[int] | None = None) -> list[Locality]:
    """The places of these ids, or all of them."""
    query = select(places.c.id, places.c.zones, places.c.country)
    if ids is not None:
        query = query.where(places.c.id.in_(ids))
    return [
        Locality(id_, tuple(zones.split(";")) if zones else (), country)
        for id_, zones, country in conn.execute(query)
    ]
