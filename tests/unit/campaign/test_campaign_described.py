"""A campaign read back in words: whatever is written in its file is heard."""

import json
from typing import Any

import pytest
from worked_keys import Example, Shown, examples, without

from outreach.campaign.described.paragraph import describe
from outreach.campaign.described.speaker import LANGUAGES
from outreach.campaign.load import load_campaign
from outreach.campaign.model import Campaign
from outreach.settings.company import Company, Floor, Picked
from outreach.settings.company_file import load_company

EXAMPLES = examples("campaign")
PAIRS = [(example, shown) for example in EXAMPLES for shown in example.shows]
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


SAID = {  # by the floors of outreach.yaml
    "en": "A floor begins it for each customer of tier A with whom nobody was in touch for 60 days; that "
    "is looked at each day. It also goes when somebody sends it by hand.",
    "zh": "公司的保底联系规则：等级为 A的客户若 60 天内无人联系，即进入本活动；每天检查一次。也可由人手动发送。",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_floor_begins_is_said_to_be_begun_by_it(language: str) -> None:
    floor = Floor(days=60, audience=Picked(tier=("A",)), by="letter")
    manual = {**EXAMPLES[0].given["campaign"], "schedule": {"manual": True}}
    campaign, company = read(EXAMPLES[0], manual)
    assert campaign is not None

    owed = company.model_copy(update={"floors": (floor,)})

    assert SAID[language] in describe(campaign, owed, language)
    assert SAID[language] not in describe(campaign, company, language)


@pytest.mark.parametrize(
    ("every", "said"),
    [
        (
            "month on first tuesday at 10:00",
            "Every month at 10:00, on the first Tuesday of the month",
        ),
        (
            "quarter on last friday at 09:00",
            "Every 3 months at 09:00, on the last Friday of the month",
        ),
        ("month on 31 at 10:00", "Every month at 10:00, on day 31 or the last one before it"),
    ],
)
def test_a_day_of_each_month_is_said_as_people_do(every: str, said: str) -> None:
    campaign, company = read(
        EXAMPLES[0], {**EXAMPLES[0].given["campaign"], "schedule": {"every": every}}
    )
    assert campaign is not None

    assert said in describe(campaign, company, "en")


def test_languages_say_the_same_things() -> None:
    assert LANGUAGES["en"].keys() == LANGUAGES["zh"].keys()
