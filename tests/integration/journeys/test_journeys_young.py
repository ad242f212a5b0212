"""Tables that filled a moment ago: no statistics tell PostgreSQL yet how many rows there are."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from journeying import a_way
from sqlalchemy import Engine, event

from outreach.app.context import open_context
from outreach.app.running import Tick
from outreach.clock import FrozenClock

STEPS = "[{id: a, channels: email, template: note}, {id: b, channels: email, template: note}]"
WAY = f"schedule: {{on_event: order}}\nsteps: {STEPS}\n"
AT = datetime(2026, 7, 1, 9, tzinfo=ZoneInfo("Europe/Berlin"))


def test_who_has_a_message_of_a_run_already_is_looked_up_one_by_one(
    tmp_path: Path, postgres_engine: Engine
) -> None:
    """A join may compare all who have just come with all messages of a run that was just made."""
    way = a_way(tmp_path, postgres_engine, WAY)
    way.events("2026-07-01T09:00", "ann,order,2026-07-01T09:00")
    asked: dict[str, Any] = {}

    def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if statement.startswith("SELECT enrolments.") and "deliveries" in statement:
            asked[statement] = values

    event.listen(postgres_engine, "before_cursor_execute", note)
    Tick(open_context(way.project).on(postgres_engine, FrozenClock(AT.astimezone(UTC))))()

    with postgres_engine.connect() as conn:
        plans = [
            "\n".join(conn.exec_driver_sql(f"EXPLAIN {statement}", values).scalars())
            for statement, values in asked.items()
        ]
    assert plans
    assert all("SubPlan" in plan and "Join" not in plan for plan in plans)
