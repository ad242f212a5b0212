"""docs/meanings/approval-brake-budget: what holds a run before it begins."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from approval_meanings import PATH, Row, page, rows
from sqlalchemy import Engine, update

from outreach.app.approvals import approvals_now, lack
from outreach.app.brakes import audience_before, held_back
from outreach.campaign.load import load_campaign
from outreach.campaign.pinned import pinned_files
from outreach.settings.company import Company
from outreach.settings.company_file import load_company
from outreach.store import runs as stored
from outreach.store.approvals import Approved, approve
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


def company_of(row: Row, topic: Mapping[str, Any]) -> Company:
    written = {"brand": {"name": "Lark"}, "topics": {"offers": topic}, "approval": row.rules}
    company, problems = load_company(json.dumps(written).encode())
    assert company is not None, problems
    return company


@pytest.mark.parametrize("row", rows(), ids=str)
def test_what_holds_a_run(row: Row, engine: Engine, now: datetime) -> None:
    company = company_of(row, row.topic)
    company_now = company_of(row, row.topic if row.topic_now is None else row.topic_now)
    path, content = "campaigns/offer.yaml", json.dumps(CAMPAIGN | row.campaign).encode()
    campaign, problems = load_campaign("offer", path, content, company)
    assert campaign is not None, problems
    approved = pinned_files(campaign, {path: content}, company)
    stands = pinned_files(campaign, {path: content + b"\n" * row.edited}, company_now)
    with engine.begin() as conn:
        revision = save_revision(conn, "offer", approved, now)
        for number, (person, audience) in enumerate(row.approved):
            at = now + timedelta(seconds=number)
            approve(conn, revision.id, Approved(person, audience, at))
        before = approvals_now(conn, revision.id, campaign, company_now)
        revision = save_revision(conn, "offer", stands, now)
        if row.last is not None:
            new = NewRun(revision.campaign_id, revision.id, RunKind.SCHEDULE, now, 0, now)
            run_id = stored.make_run(conn, new)
            done = update(runs).where(runs.c.id == run_id)
            conn.execute(done.values(planned=row.last, state=RunState.DONE))
        found = approvals_now(conn, revision.id, campaign, company_now)
        said = lack(campaign, company_now, found, row.audience)
        last = audience_before(conn, revision.campaign_id, revision.id, None)
    held = held_back(campaign, "EUR", row.cost, row.audience, last)

    assert (*filter(None, [said]), *held) == row.held
    if not row.edited:  # a run that was made before the rules changed
        assert before == found


def test_the_page_is_made_from_the_rows() -> None:
    """`python tests/approval_meanings.py` writes it anew."""
    assert PATH.with_suffix(".md").read_text("utf-8") == page()
