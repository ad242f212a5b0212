"""A run that waits for an approval takes another revision whole, and says what it lacks by now."""

from makers import make_campaign, make_revision, make_run
from sqlalchemy import Engine, select

from outreach.store.approvals import AWAITS, awaiting, note_lack, takes_revision
from outreach.store.engine import reading, writing
from outreach.store.tables import runs


def test_its_rank_and_channels_are_those_of_the_revision(engine: Engine) -> None:
    with writing(engine) as conn:
        later = make_revision(conn, make_campaign(conn, "offer"), "e" * 64)
        params = {AWAITS: "approval"}
        make_run(
            conn, "offer", kind="schedule", state="held", reason="lacks two", params=params,
            channels=["email"], rank=1050,
        )  # fmt: skip
    with reading(engine) as conn:
        [run] = awaiting(conn)
    with writing(engine) as conn:
        takes_revision(conn, run, later, 1010, ("sms", "email"))
        note_lack(conn, run, "lacks one")
        note_lack(conn, run, "lacks two")  # seen before the other word: it is older
    with reading(engine) as conn:
        row = runs.c
        found = conn.execute(select(row.revision_id, row.rank, row.channels, row.reason)).one()

    assert tuple(found) == (later, 1010, ["sms", "email"], "lacks one")
