"""Variants of several runs and steps are compared by customers: many messages show no more."""

from collections.abc import Sequence
from datetime import timedelta

from makers import NOW, make_customers, make_deliveries, make_event, make_run
from sqlalchemy import Connection, Engine, insert

from outreach.app.arms import OF_MESSAGES, Arm, arms_of, sample_size
from outreach.campaign.experiment import Measure
from outreach.reports.intervals import Interval
from outreach.store.engine import reading, writing
from outreach.store.tables import reactions

ORDER = ("a", "b")


def sent_in_two_runs(conn: Connection) -> tuple[list[int], list[int]]:
    """73 customers an arm, each with both steps of both runs; the deliveries of four of `b`."""
    people = {
        arm: make_customers(conn, [f"{arm}{number}" for number in range(73)]) for arm in ORDER
    }
    eager = []
    for at in (NOW, NOW + timedelta(days=28)):
        run_id = make_run(conn, "monthly", occurrence_at=at)
        for step in ("first", "second"):
            made = {
                arm: make_deliveries(conn, each, "sent", run_id=run_id, variant=arm, step=step)
                for arm, each in people.items()
            }
            eager += made["b"][:4]
    return people["b"][:4], eager


def react(conn: Connection, customers: Sequence[int], messages: Sequence[int]) -> None:
    """Each message is clicked, and written back to by its customer."""
    row = {"kind": "clicked", "at": NOW, "came_at": NOW}
    conn.execute(insert(reactions), [{"delivery_id": each} | row for each in messages])
    for number, each in enumerate(messages):
        data = {"channel": "email", "delivery": each}
        make_event(conn, customers[number % 4], "reply", NOW, data=data)


def test_who_clicks_in_each_message_is_one_customer(engine: Engine) -> None:
    """4 of 73 who click in all four messages are no 16 of 292, which would show a difference.

    Wilson of 0 of 73: 1.96² / (73 + 1.96²) = 3.8415 / 76.8415 = 0.0500.
    """
    with writing(engine) as conn:
        react(conn, *sent_in_two_runs(conn))
    with reading(engine) as conn:
        whole = arms_of(conn, ORDER, "monthly", None)
        one_run = arms_of(conn, ORDER, "monthly", 1)
        one_step = arms_of(conn, ORDER, "monthly", None, step="second")
        sample = sample_size(conn, "monthly", Measure.CLICKED, {"a": 73, "b": 73}, 2)

    def told(arms: dict[str, Arm], arm: str) -> tuple[int, int]:
        return arms[arm].sent, arms[arm].customers

    assert [told(whole, arm) for arm in ORDER] == [(292, 73)] * 2
    assert [told(one_run, arm) for arm in ORDER] == [(146, 73)] * 2
    assert [told(one_step, arm) for arm in ORDER] == [(146, 73)] * 2
    for arms in (whole, one_run, one_step):
        for measure in OF_MESSAGES:
            none, four = (arms[arm].measures[measure] for arm in ORDER)
            assert none is not None
            assert four is not None
            assert (none.reached, none.of, none.low, none.high) == (0, 73, 0.0, 0.05)
            assert (four.reached, four.of, four.rate) == (4, 73, 0.0548)
            assert four.difference == Interval(0.0548, -0.0053, 0.1326)
    assert sample is not None
    assert sample.rate == round(16 / 584, 4)  # of messages: a run brings each customer one
