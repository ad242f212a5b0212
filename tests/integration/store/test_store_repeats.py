"""Who has a campaign's message already."""

from datetime import timedelta

from makers import NOW, make_customer, make_delivery, make_run
from sqlalchemy import Engine, select

from outreach.store.repeats import Earlier, earlier_message, earlier_messages
from outreach.store.tables import customers, runs
from outreach.vocabulary import State


def test_what_waits_is_told_apart_from_what_went_out(engine: Engine) -> None:
    with engine.begin() as conn:
        first, second = make_run(conn), make_run(conn)
        ids = [make_customer(conn, key) for key in "abcde"]
        make_delivery(conn, ids[0], "sent", run_id=first)
        make_delivery(conn, ids[0], "due", run_id=second)
        make_delivery(conn, ids[1], "sent", run_id=first)
        make_delivery(conn, ids[2], "claimed", run_id=second)
        make_delivery(conn, ids[3], "failed", run_id=second)
        make_delivery(conn, ids[4], "sent", run_id=first, at=NOW - timedelta(hours=30))
        campaign = conn.execute(select(runs.c.campaign_id).where(runs.c.id == first)).scalar_one()
        since = NOW - timedelta(hours=24)

        found = earlier_messages(conn, campaign, since, select(customers.c.id))
        of_one = earlier_message(conn, campaign, since, ids[0], 0)

        assert sorted(found, key=repr) == sorted(
            [Earlier(1, second), Earlier(1, None), Earlier(1, None, on_its_way=True)], key=repr
        )
        assert of_one is not None
        assert (of_one.run, of_one.state) == (second, State.DUE)
        assert earlier_message(conn, campaign, since, ids[3], 0) is None
