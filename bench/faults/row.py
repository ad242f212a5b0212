"""A scenario's row: what was doubled, lost or unknown, and the bars it must keep."""

import time
from dataclasses import dataclass

from sqlalchemy import func, select

from bench.faults.world import World
from outreach.store.engine import reading
from outreach.store.tables import deliveries

RESUME_SECONDS = 10.0
RECLAIM_SECONDS = 60.0
HEADER = (
    "scenario", "database", "mails", "seconds", "faults", "duplicates", "lost", "failed",
    "unknown (at most)", "over cap", "resumed after", "claimed again after",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """What a scenario found. Seconds are the longest of all; None: there was nothing to measure.

    `lost` were to be sent, did not come in, and are not shown as unknown or failed either.
    """

    scenario: str
    database: str
    mails: int
    seconds: float
    faults: str
    duplicates: int
    lost: int
    failed: int
    unknown: int
    unknown_limit: int
    over_cap: int = 0
    resumed_seconds: float | None = None
    reclaimed_seconds: float | None = None
    wrong: tuple[str, ...] = ()  # what else must not be
    judged: bool = True  # False: somebody else's, for comparison

    def broken(self) -> list[str]:
        """What was promised and not kept, whatever the machine: empty when all is well."""
        counts = {
            "duplicates": self.duplicates, "lost": self.lost, "failed": self.failed,
            "over cap": self.over_cap,
        }  # fmt: skip
        found = [f"{count} {name}" for name, count in counts.items() if count]
        if self.unknown > self.unknown_limit:
            found.append(f"{self.unknown} unknown, more than {self.unknown_limit}")
        return found + list(self.wrong)

    def missed(self) -> list[str]:
        """The same with the bars of time, which ask for a machine with little else to do."""
        found = self.broken()
        if (self.resumed_seconds or 0) > RESUME_SECONDS:
            found.append(f"the first new message came after {self.resumed_seconds:.1f} s")
        if (self.reclaimed_seconds or 0) > RECLAIM_SECONDS:
            found.append(f"rows of the dead were claimed after {self.reclaimed_seconds:.0f} s")
        return found

    def line(self) -> str:
        """As a line of the table."""
        cells = (
            self.scenario, self.database, f"{self.mails:,}", f"{self.seconds:.0f}", self.faults,
            self.duplicates, self.lost, self.failed, self._unknown(),
            self.over_cap, _seconds(self.resumed_seconds), _seconds(self.reclaimed_seconds),
        )  # fmt: skip
        return "| " + " | ".join(map(str, cells)) + " |"

    def _unknown(self) -> str:
        return f"{self.unknown} ({self.unknown_limit})" if self.judged else "not known"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"


def reckon(
    world: World,
    scenario: str,
    faults: str,
    *,
    each: int = 1,
    cap: int | None = None,
    planned: int | None = None,
    unknown_limit: int | None = None,
    wrong: tuple[str, ...] = (),
) -> Row:
    """The row of a scenario that is over: `each` messages at most a recipient, `cap` touches.

    Unless given, `planned` is one row a customer, and `unknown_limit` what the killed workers may
    have had in flight.
    """
    states, post = world.states(), world.post
    in_flight = int(world.place.settings.get("IN_FLIGHT", "64"))
    doubled = max(
        sum(number - 1 for number in post.message_ids.values()),
        sum(max(0, number - each) for number in post.recipients.values()),
    )
    resumed = [seconds for seconds in world.resumes() if seconds is not None]
    return Row(
        scenario=scenario,
        database=world.place.name,
        mails=sum(states.values()) - states.get("skipped", 0),
        seconds=time.monotonic() - world.begun,
        faults=faults,
        duplicates=doubled,
        lost=_lost(world, world.people() if planned is None else planned),
        failed=states.get("failed", 0),
        unknown=states.get("unknown", 0),
        unknown_limit=world.killed * in_flight if unknown_limit is None else unknown_limit,
        over_cap=0 if cap is None else _over_cap(world, cap),
        resumed_seconds=max(resumed, default=None),
        reclaimed_seconds=world.reclaims.longest_seconds if world.reclaims.rows else None,
        wrong=wrong + _faults_told(world),
    )


def _lost(world: World, planned: int) -> int:
    """Rows that nobody took and that do not show it, and those that are not there at all."""
    d = deliveries.c
    told = ("skipped", "unknown", "failed", "expired", "cancelled")
    with reading(world.engine) as conn:
        ids = conn.execute(select(d.message_id).where(d.state.not_in(told))).scalars().all()
    missing = abs(planned - sum(world.states().values()))
    return sum(id_ not in world.post.message_ids for id_ in ids) + missing


def _over_cap(world: World, cap: int) -> int:
    """Customers over the cap, by what came in or by what the database counts as a touch."""
    d = deliveries.c
    count = func.count()
    touched = select(d.customer_id).where(d.firm, d.slot_at.is_not(None)).group_by(d.customer_id)
    with reading(world.engine) as conn:
        counted = conn.execute(select(count).select_from(touched.having(count > cap).subquery()))
        known = counted.scalar_one()
    return max(known, sum(number > cap for number in world.post.recipients.values()))


def _faults_told(world: World) -> tuple[str, ...]:
    return (
        ("a process told of a fault of its own",) if "Traceback" in world.processes.said() else ()
    )
