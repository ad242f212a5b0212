"""Channels that refuse us: nothing is claimed on one that is held, until a try goes well.

All instants are by the database's clock, so that every worker agrees.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, exists, insert, or_, select, update

from outreach.store.dialect import is_any_of, one_at_a_time
from outreach.store.engine import database_now
from outreach.store.tables import channel_holds, deliveries, runs

h, d = channel_holds.c, deliveries.c
RETURN = "return"  # the stage of a refusal that came back as a mail
ENOUGH = 3  # refusals before a channel is held
FIRST = timedelta(seconds=30)
LONGEST = timedelta(minutes=10)
RELAPSE = timedelta(hours=1)  # refused again within it: the waits go on where they were


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer for which a channel is held; `place` is the provider's, host:port."""

    place: str
    stage: str | None = None
    code: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelHold:
    """A channel that is held; `probed` is what the last try was told, None before the first."""

    channel: str
    since: datetime
    place: str
    stage: str | None
    code: str | None
    detail: str | None
    probe_at: datetime
    probed: str | None

    @property
    def waits_for_a_person(self) -> bool:
        """Whether no try can tell that it is mended: the server took those mails as well."""
        return self.stage == RETURN


def hold(conn: Connection, channel: str, refused: Refused) -> bool:
    """Hold the channel; False: another worker did already."""
    one_at_a_time(conn, f"hold {channel}")
    now = database_now(conn)
    before = conn.execute(select(channel_holds).where(h.channel == channel)).one_or_none()
    if before is not None and before.lifted_at is None:
        return False
    relapse = before is not None and now - before.lifted_at < RELAPSE
    probes = before.probes if before is not None and relapse else 0
    values = {
        "since": now, "place": refused.place, "stage": refused.stage, "code": refused.code,
        "detail": refused.detail, "probes": probes, "probe_at": now + wait(probes),
        "probed": None, "lifted_at": None,
    }  # fmt: skip
    if before is None:
        conn.execute(insert(channel_holds).values(channel=channel, **values))
    else:
        conn.execute(update(channel_holds).where(h.channel == channel).values(**values))
    return True


def wait(probes: int) -> timedelta:
    """How long after so many tries the next one comes."""
    doublings: int = 2 ** min(probes, 10)
    return min(FIRST * doublings, LONGEST)


def held(conn: Connection) -> list[ChannelHold]:
    """Every channel that is held, by name."""
    columns = [h[field.name] for field in fields(ChannelHold)]
    found = select(*columns).where(h.lifted_at.is_(None)).order_by(h.channel)
    return [ChannelHold(*row) for row in conn.execute(found)]


def waiting(conn: Connection, run_ids: Sequence[int]) -> dict[int, list[ChannelHold]]:
    """Of each run the held channels that open messages of it wait for."""
    found: dict[int, list[ChannelHold]] = {run_id: [] for run_id in run_ids}
    for one in held(conn):
        waits = exists().where(d.run_id == runs.c.id, d.channel == one.channel, d.ready)
        query = select(runs.c.id).where(is_any_of(conn, runs.c.id, list(run_ids)), waits)
        for run_id in conn.execute(query).scalars():
            found[run_id].append(one)
    return found


def is_held(conn: Connection, channel: str) -> bool:
    """Whether nothing may be claimed on the channel."""
    found = select(h.channel).where(h.channel == channel, h.lifted_at.is_(None))
    return conn.execute(found).first() is not None


def lifted_at(conn: Connection, channel: str) -> datetime | None:
    """When the channel was last let go on; None: it never was held."""
    return conn.execute(select(h.lifted_at).where(h.channel == channel)).scalar()


def to_probe(conn: Connection) -> list[str]:
    """The held channels whose next try has come."""
    return list(conn.execute(select(h.channel).where(*_come(database_now(conn)))).scalars())


def _come(now: datetime) -> tuple[ColumnElement[bool], ...]:
    can_tell = or_(h.stage.is_(None), h.stage != RETURN)
    return h.lifted_at.is_(None), h.probe_at <= now, can_tell


def take_probe(conn: Connection, channel: str) -> bool:
    """Become the one worker that tries the channel now; the next try waits twice as long."""
    now = database_now(conn)
    come = (h.channel == channel, *_come(now))
    probes = conn.execute(select(h.probes).where(*come)).scalar()
    if probes is None:
        return False
    taken = (
        update(channel_holds)
        .where(*come, h.probes == probes)
        .values(probes=probes + 1, probe_at=now + wait(probes + 1))
        .returning(h.channel)
    )
    return conn.execute(taken).first() is not None


def note_probe(conn: Connection, channel: str, said: str) -> None:
    """Keep what a try was told that did not go well."""
    still = (h.channel == channel, h.lifted_at.is_(None))
    conn.execute(update(channel_holds).where(*still).values(probed=said))


def lift(conn: Connection, channel: str, *, anew: bool = False) -> bool:
    """Let the channel go on; False: it was not held. `anew`: the next hold waits as the first."""
    values: dict[str, object] = {"lifted_at": database_now(conn)}
    if anew:
        values["probes"] = 0
    lifted = (
        update(channel_holds)
        .where(h.channel == channel, h.lifted_at.is_(None))
        .values(**values)
        .returning(h.channel)
    )
    return conn.execute(lifted).first() is not None
