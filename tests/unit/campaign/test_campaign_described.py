"""A campaign read back in words: whatever is written in its file is heard."""

import json
from typing import Any

import pytest
from worked_keys import Example, Shown, examples, without

from outreach.campaign.described.paragraph import describe
from outreach.campaign.described.speaker import LANGUAGES
from outreach.campaign.load import load_campaign
from outreach.campaign.model import Campaign
from outreach.settings.company import Company
from outreach.settings.company_file import load_company

PAIRS = [(example, shown) for example in examples() for shown in example.shows]
UNHEARD = ("track_opens=", "images=", "utm", "attachments[]")  # said as a whole


def read(example: Example, campaign: Any) -> tuple[Campaign | None, Company]:
    company = load_company(json.dumps(example.given["company"]).encode())[0]
    assert company is not None
    text = json.dumps(campaign, ensure_ascii=False).encode()
    return load_campaign("letter", "campaigns/letter.yaml", text, company)[0], company


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("example", "shown"), PAIRS, ids=lambda each: str(getattr(each, "place", each))
)
def test_whatever_is_written_is_heard(example: Example, shown: Shown, language: str) -> None:
    """Every key has an example, by another test: one that is not heard fails here."""
    written, company = read(example, example.given["campaign"])
    other, _ = read(example, without(example.given["campaign"], shown))
    if written is None or other is None or written == other or shown.place.startswith(UNHEARD):
        return

    assert describe(written, company, language) != describe(other, company, language)


def test_languages_say_the_same_things() -> None:
    assert LANGUAGES["en"].keys() == LANGUAGES["zh"].keys()
