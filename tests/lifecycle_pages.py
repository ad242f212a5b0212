"""docs/lifecycles: where CDNOW's customers stand in each preset, and lives told day by day.

`python tests/lifecycle_pages.py` writes the tables of CDNOW anew.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

from makers import make_place
from sqlalchemy import Engine, select, true

from outreach.demo.purchases import Purchase, cdnow
from outreach.ids import bucket
from outreach.lifecycle.changes import fresh_rows, stage_by_rules
from outreach.lifecycle.load import load_lifecycle, presets
from outreach.lifecycle.model import Lifecycle
from outreach.settings.company import Brand, Company
from outreach.store import dialect
from outreach.store.engine import dispose, make_engine, reading, writing
from outreach.store.migrate import migrate
from outreach.store.tables import customers, events

FOLDER = Path(__file__).parent.parent / "docs" / "lifecycles"
COMPANY = Company(brand=Brand(name="CDNOW"))
ENDS = {  # of a day, UTC
    "30 June 1997": datetime(1997, 7, 1, tzinfo=UTC),
    "30 June 1998": datetime(1998, 7, 1, tzinfo=UTC),
}
_TABLE = re.compile(r"^\| stage \| 30 June 1997 .*?\n\n", re.MULTILINE | re.DOTALL)
_LIFE = re.compile(
    r"^\| day \| what happens \| stage \|\n\|---\|---\|---\|\n((?:\|.*\n)+)", re.MULTILINE
)
Counts = Mapping[str | None, int]


@dataclass(frozen=True, slots=True)
class Day:
    """What happens on a day of a life, and the stage at its end."""

    day: int
    events: tuple[str, ...]
    stage: str | None


def preset(name: str) -> Lifecycle:
    """A preset; it is in order."""
    model, problems = load_lifecycle(Company(brand=Brand(name="A"), lifecycle=name), {})
    assert model is not None, problems
    return model


def fill(engine: Engine, purchases: list[Purchase]) -> None:
    """The purchases as orders, each at noon of its day."""
    noon = time(12, tzinfo=UTC)
    numbers = sorted({purchase.customer for purchase in purchases})
    with writing(engine) as conn:
        place, at = make_place(conn), datetime.combine(purchases[0].day, noon)
        people = [(n, f"C{n}", bucket(f"C{n}"), place, at, at) for n in numbers]
        names = ("id", "key", "bucket", "place_id", "created_at", "updated_at")
        dialect.insert_rows(conn, customers, names, people)
        orders = [
            (each.customer, "order", moment, each.amount, moment)
            for each in purchases
            for moment in [datetime.combine(each.day, noon)]
        ]
        names = ("customer_id", "kind", "at", "amount", "recorded_at")
        dialect.insert_rows(conn, events, names, orders)


def distributions(engine: Engine) -> dict[str, dict[str, Counts]]:
    """By preset and day, how many customers stand in each stage as if seen for the first time."""
    models = {name: preset(name) for name in presets()}
    found: dict[str, dict[str, Counts]] = {name: {} for name in models}
    for day, at in ENDS.items():
        fresh = fresh_rows(true(), at)
        stages = [
            stage_by_rules(fresh.c, COMPANY, model, at).label(f"stage_{place}")
            for place, model in enumerate(models.values())
        ]
        with reading(engine) as conn:
            rows = conn.execute(select(*stages)).all()
        for name, column in zip(models, zip(*rows, strict=True), strict=True):
            found[name][day] = Counter(column)
    return found


def table(name: str, counts: Mapping[str, Counts]) -> str:
    """Where customers stand, as a page shows it."""
    lines = [f"| stage | {' | '.join(ENDS)} |", f"|---{'|---:' * len(ENDS)}|"]
    rows: list[tuple[str, str | None]] = [(id_, id_) for id_ in preset(name).ids]
    if any(each.get(None) for each in counts.values()):
        rows.append(("(in none)", None))
    for shown, stage in rows:
        cells = [_cell(each.get(stage, 0), sum(each.values())) for each in counts.values()]
        lines.append(f"| {shown} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n\n"


def told(page: str) -> str:
    """The table of CDNOW in a page."""
    found = _TABLE.search(page)
    return "" if found is None else found[0]


def lives(page: str) -> list[tuple[Day, ...]]:
    """The lives that a page tells, each day by day."""
    return [tuple(map(_day, rows.splitlines())) for rows in _LIFE.findall(page)]


def _day(row: str) -> Day:
    day, happens, stage = (cell.strip() for cell in row.strip("|").split("|"))
    kinds = tuple(re.findall("`([a-z_]+)`", happens))
    return Day(int(day), kinds, None if stage == "(in none)" else stage)


def _cell(count: int, of: int) -> str:
    return f"{count:,} ({100 * count / of:.1f} %)" if count else "0"


def _write() -> None:
    purchases = cdnow()
    assert purchases is not None
    with TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/cdnow.db")
        migrate(engine)
        fill(engine, purchases)
        found = distributions(engine)
        dispose(engine)
    for name, counts in found.items():
        path = FOLDER / f"{name}.md"
        path.write_text(_TABLE.sub(table(name, counts), path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    _write()
