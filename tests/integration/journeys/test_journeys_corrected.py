"""`correct` of the run of a later step, on both databases."""

import shutil
from pathlib import Path

from journeying import a_way
from sqlalchemy import Engine, select

from outreach.app.comes_again import comes_again
from outreach.app.context import open_context
from outreach.app.runs import run_with
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


def test_who_is_under_way_with_the_wrong_words_is_told_though_the_file_is_mended(
    tmp_path: Path, engine: Engine
) -> None:
    """Ann got the second message; bob comes to it in an hour, by the file with which he came in."""
    text = TEXT.replace(", when: tier == 'A'", "").replace(
        "wait: 1 day", "wait: {until: day at 10:00}"
    )
    way = a_way(tmp_path, engine, text)
    way.events("2026-07-01T09:00", "ann,order,2026-07-01T09:00")
    way.run("2026-07-01T09:00", "2026-07-01T10:00")
    way.events("2026-07-01T11:00", "bob,order,2026-07-01T11:00")
    way.run("2026-07-01T11:00")
    with reading(engine) as conn:
        wrong = conn.execute(select(runs.c.id).where(runs.c.step == "more")).scalar_one()
    shutil.copytree(way.project / "templates/note", way.project / "templates/sorry")
    step = "more, channels: email, template: "

    def said() -> str | None:
        context = open_context(way.project, "2026-07-01T11:00")
        with reading(engine) as conn:
            found = comes_again(context, conn, run_with(conn, wrong))
        context.close()
        return None if found is None else f"{found.said}: {found.mend}"

    before = said()
    way.campaign(text.replace(f"{step}note", f"{step}sorry"))
    mended = said()
    way.campaign(f"migrate: here\n{text.replace(f'{step}note', f'{step}sorry')}")

    assert before == (
        "way is still active and goes to everyone who comes in, with `note`: "
        "set `status: paused`, or correct its template"
    )
    assert mended == (
        "1 under way in way go on by the words with which they came in: "
        "write `migrate: here` into its file, or set `status: paused`"
    )
    assert said() is None
