"""Why messages of a run are held, and until when."""

from datetime import timedelta

from makers import NOW, make_customer, make_delivery, make_run
from sqlalchemy import Engine

from outreach.reports.funnel import Waiting, waiting_in

HOUR = timedelta(hours=1)


def test_what_is_held_in_a_run_is_counted_by_reason_with_the_first_and_last_instant(
    engine: Engine,
) -> None:
    with engine.begin() as conn:
        run, other = make_run(conn), make_run(conn, "other")
        held = [("quiet_hours", 2, run), ("capped", 9, run), ("quiet_hours", 1, run)]
        for number, (reason, hours, of) in enumerate([*held, ("capped", 50, other)]):
            make_delivery(
                conn, make_customer(conn, f"c{number}"), "held",
                run_id=of, reason=reason, due_at=NOW + hours * HOUR,
            )  # fmt: skip
        make_delivery(conn, make_customer(conn, "d"), "due", run_id=run, due_at=NOW)

        assert waiting_in(conn, run) == Waiting(
            {"quiet_hours": 2, "capped": 1}, (NOW + HOUR, NOW + 9 * HOUR)
        )
        assert waiting_in(conn, make_run(conn, "third")) == Waiting({}, None)
