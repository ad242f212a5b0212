"""docs/meanings/approval-brake-budget: what holds a run before it begins."""

import json
from datetime import datetime, timedelta

import pytest
from approval_meanings import PATH, Row, page, rows
from sqlalchemy import Engine, update

from outreach.app.approvals import lack
from outreach.app.brakes import audience_before, held_back
from outreach.campaign.load import load_campaign
from outreach.settings.company_file import load_company
from outreach.store import runs as stored
from outreach.store.approvals import Approved, approvals_of, approve
from outreach.store.revisions import save_revision
from outreach.store.runs import NewRun
from outreach.store.tables import runs
from outreach.vocabulary import RunKind, RunState

CAMPAIGN = {
    "owner": "mei",
    "topic": "offers",
    "audience": "everyone",
    "schedule": {"manual": True},
    "steps": [{"id": "one", "channels": "email", "template": "offer"}],
}


@pytest.mark.parametrize("row", rows(), ids=str)
def test_what_holds_a_run(row: Row, engine: Engine, now: datetime) -> None:
    written = {"brand": {"name": "Lark"}, "topics": {"offers": {}}, "approval": row.rules}
    company, problems = load_company(json.dumps(written).encode())
    assert company is not None, problems
    content = json.dumps(CAMPAIGN | row.campaign).encode()
    campaign, problems = load_campaign("offer", "campaigns/offer.yaml", content, company)
    assert campaign is not None, problems
    with engine.begin() as conn:
        revision = save_revision(conn, "offer", {"campaigns/offer.yaml": content}, now)
        for number, (person, audience) in enumerate(row.approved):
            at = now + timedelta(seconds=number)
            approve(conn, revision.id, Approved(person, audience, at))
        if row.edited:
            revision = save_revision(conn, "offer", {"campaigns/offer.yaml": content + b"\n"}, now)
        if row.last is not None:
            new = NewRun(revision.campaign_id, revision.id, RunKind.SCHEDULE, now, 0, now)
            run_id = stored.make_run(conn, new)
            done = update(runs).where(runs.c.id == run_id)
            conn.execute(done.values(planned=row.last, state=RunState.DONE))
        said = lack(campaign, company, approvals_of(conn, revision.id), row.audience)
        last = audience_before(conn, revision.campaign_id, revision.id, None)
    held = held_back(campaign, "EUR", row.cost, row.audience, last)

    assert (*filter(None, [said]), *held) == row.held


def test_the_page_is_made_from_the_rows() -> None:
    """`python tests/approval_meanings.py` writes it anew."""
    assert PATH.with_suffix(".md").read_text("utf-8") == page()
