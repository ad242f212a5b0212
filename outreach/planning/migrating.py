"""`migrate: here`: who is under way in a journey changes to the present version of its file."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, select, update

from outreach.campaign.model import Step, Stop, Wait
from outreach.decisions.candidate import Scope
from outreach.decisions.loading import Rulings
from outreach.decisions.rules.arms import BEFORE, on_changing, winner
from outreach.decisions.ruling import Ruling
from outreach.decisions.winners import with_journey_winner
from outreach.planning.arriving import going_revisions
from outreach.store.engine import let_others_write, reading, writing
from outreach.store.enrolments import leave_out_waiting
from outreach.store.tables import customers, enrolments
from outreach.vocabulary import Ending, Reason

MOST = 20_000  # enrolments changed in a transaction
e = enrolments.c


def migrate(engine: Engine, rulings: Rulings, ruling: Ruling, now: datetime) -> int:
    """Let those of earlier versions go on by this one, from the step where they are; how many.

    A wait that has begun ends when it was to end. Where their step is gone they go on behind the
    nearest earlier one that is there still; where none is, their journey is over (`stopped`), and a
    message of it that waits is left out. They keep their variant, if there is one of its name.
    """
    with reading(engine) as conn:
        old = list(conn.execute(going_revisions(ruling.campaign_id)).scalars())
        before = [rulings.load(conn, each) for each in old if each != ruling.revision_id]
    total = 0
    for each in before:
        places = places_in(each.campaign.stops, ruling.campaign.stops)
        for position, (to, is_same) in enumerate(places):
            total += _change(engine, each, ruling, position, to, now, same=is_same)
    return total


def places_in(old: Sequence[Stop], new: Sequence[Stop]) -> list[tuple[int | None, bool]]:
    """For each old position the new one, and whether it is the same stop; None: there is none."""
    known = {name: position for position, name in enumerate(names_of(new))}
    found: list[tuple[int | None, bool]] = []
    behind: int | None = None  # where those go on whose stop is gone
    for name in names_of(old):
        if name in known:
            found.append((known[name], True))
            behind = new[known[name]].then
        else:
            found.append((behind, False))
    return found


def names_of(stops: Sequence[Stop]) -> list[str]:
    """What tells the stops apart in two versions: their ids; else how far behind the last id."""
    names, last, number = [], "", 0
    for stop in stops:
        what = stop.what
        if isinstance(what, Step) or (isinstance(what, Wait) and what.is_named):
            last, number = what.id, 0
            names.append(last)
        else:
            number += 1
            names.append(f"{last} + {number} {type(what).__name__}")
    return names


def _change(
    engine: Engine, old: Ruling, new: Ruling, position: int, to: int | None, now: datetime,
    *, same: bool,
) -> int:  # fmt: skip
    values: dict[str, object] = {"revision_id": new.revision_id}
    with reading(engine) as conn:
        winners = {
            winner(tag).key: with_journey_winner(conn, ruling, Scope(now)).winner
            for ruling, tag in ((new, ""), (old, BEFORE))
        }
    if to is None:
        values |= {"ended_at": now, "ended_as": Ending.STOPPED.value, "next_at": None}
    elif to >= len(new.campaign.stops):
        values |= {"ended_at": now, "ended_as": Ending.FINISHED.value, "next_at": None}
    else:
        values["position"] = to
        values |= _variants(old, new)
        if not same:
            values |= {"begun": False, "next_at": now, "run_id": None}
    total = 0
    while changed := _page(
        engine, old.revision_id, position, values, winners, None if same else now
    ):
        total += changed
        let_others_write(engine)
    return total


def _variants(old: Ruling, new: Ruling) -> dict[str, object]:
    found = on_changing(old, new, customers.c.bucket, enrolments)
    theirs = customers.c.id == e.customer_id
    return {
        name: select(value).where(theirs).correlate(enrolments).scalar_subquery()
        for name, value in found.items()
    }


def _page(
    engine: Engine, revision_id: int, position: int, values: dict[str, object],
    winners: dict[str, int | None], gone_at: datetime | None,
) -> int:  # fmt: skip
    """Change some; `gone_at`: their step is gone, and what waits of it goes no more."""
    here = (e.revision_id == revision_id, e.position == position, e.next_at.is_not(None))
    some = select(e.id).where(*here).limit(MOST)
    with writing(engine) as conn:
        changed = update(enrolments).where(e.id.in_(some)).values(**values)
        ids = list(conn.execute(changed.returning(e.id), winners).scalars())
        if gone_at is not None:
            leave_out_waiting(conn, ids, Reason.EXITED, gone_at)
        return len(ids)
