"""`correct` of the run of a later step, on both databases."""

from pathlib import Path

from journeying import a_way
from sqlalchemy import Engine, select

from outreach.store.engine import reading
from outreach.store.tables import customers, deliveries, runs

TEXT = """\
schedule: {on_event: order}
steps:
  - {id: note, channels: email, template: note}
  - wait: 1 day
  - {id: more, channels: email, template: note, when: tier == 'A'}
"""


def test_who_got_the_later_message_gets_its_correction_and_nobody_else(
    tmp_path: Path, engine: Engine
) -> None:
    """Both got the first message, ann alone the second, which is corrected."""
    way = a_way(tmp_path, engine, TEXT)
    sorry = way.project / "templates/sorry"
    sorry.mkdir()
    (sorry / "subject.txt").write_text("We were wrong")
    (sorry / "body.txt").write_text("{{ brand.postal_address }} {{ unsubscribe_url }}")
    way.events("2026-07-01T09:00", "ann,order,2026-07-01T09:00", "bob,order,2026-07-01T09:00")
    way.run("2026-07-01T09:00", "2026-07-02T09:00")
    with reading(engine) as conn:
        wrong = conn.execute(select(runs.c.id).where(runs.c.step == "more")).scalar_one()

    answer = way.call("2026-07-02T10:00", "correct", wrong, "--template", "sorry", "--yes")
    way.run("2026-07-02T10:00")

    assert answer.code == 0, answer.out + answer.err
    with reading(engine) as conn:
        d = deliveries.c
        query = select(customers.c.key, d.step, d.state).join(
            customers, customers.c.id == d.customer_id
        )
        found = conn.execute(query.where(d.run_id > wrong)).all()
    assert [tuple(each) for each in found] == [("ann", "more", "sent")]
