"""What a revision pins of outreach.yaml: no more than an approval must cover."""

import json

import pytest

from outreach.campaign.load import load_campaign
from outreach.campaign.pinned import FROM_COMPANY, TOPIC, pinned_files
from outreach.settings.company_file import load_company

PATH = "campaigns/offer.yaml"
CAMPAIGN = {
    "owner": "mei",
    "topic": "offers",
    "audience": "everyone",
    "schedule": {"manual": True},
    "steps": [{"id": "one", "channels": "email", "template": "offer"}],
}


@pytest.mark.parametrize(
    ("topic", "pinned"),
    [
        ({}, None),  # as ever: an upgrade makes no new revisions of these
        ({"title": "Offers", "transactional": False}, None),
        ({"transactional": True}, b'{"transactional": true, "urgent": false}'),
        ({"transactional": True, "urgent": True}, b'{"transactional": true, "urgent": true}'),
    ],
)
def test_what_a_topic_means_is_pinned_only_where_it_is_transactional(
    topic: dict[str, object], pinned: bytes | None
) -> None:
    other = {"transactional": True}  # of another campaign
    written = {"brand": {"name": "Lark"}, "topics": {"offers": topic, "service": other}}
    company, problems = load_company(json.dumps(written).encode())
    assert company is not None, problems
    content = json.dumps(CAMPAIGN).encode()
    campaign, problems = load_campaign("offer", PATH, content, company)
    assert campaign is not None, problems

    found = pinned_files(campaign, {PATH: content}, company)

    assert found.keys() == {PATH, FROM_COMPANY} | ({TOPIC} if pinned else set())
    assert found.get(TOPIC) == pinned
