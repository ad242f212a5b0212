"""A campaign read back in words: whatever is written in its file is heard."""

import json
import re
from typing import Any

import pytest
from worked_keys import Example, Shown, examples, without

from outreach.campaign.described.paragraph import describe
from outreach.campaign.described.speaker import LANGUAGES
from outreach.campaign.load import load_campaign
from outreach.campaign.model import Campaign
from outreach.settings.company import Brand, Company, Floor, Picked, Topic
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


STEP = re.compile(
    r"It goes by email, as the template note \((.)\)\.|通过 email 发送，模板为 note（(.)）。"
)
INNER = "{branch: [{when: orders > 9, steps: [{id: b, NOTE}]}, {otherwise: [{wait: 1 day}, {id: c, NOTE}]}]}"
FORK = "{branch: [{when: tier == 'A', steps: [{id: a, NOTE}, INNER]}, {%s: [{id: d, NOTE}]}]}"
PARTED = "Here the ways part, and each goes the first that is theirs: those for whom “tier == 'A'” holds go way 1; "
IN_WAY_1 = (
    "Way 1: <a> Here the ways part, and each goes the first that is theirs: those for whom “orders > 9” holds go way 1.1; "
    "all others go way 1.2. Way 1.1: <b> Way 1.2: Then a wait of a day. <c>"
)


def way_of(steps: str, language: str = "en") -> str:
    """How the way through a campaign is read back; `<a>` is the sentence about a message."""
    head = "owner: mei@example.com\ntopic: offers\naudience: everyone\nschedule: {manual: true}\n"
    steps = steps.replace("INNER", INNER).replace("NOTE", "channels: email, template: note")
    company = Company(brand=Brand(name="Tea"), topics={"offers": Topic()})
    written = f"{head}steps: {steps}\n".encode()
    campaign, problems = load_campaign("way", "campaigns/way.yaml", written, company)
    assert campaign is not None, problems
    said = describe(campaign, company, language).partition(LANGUAGES[language]["capped_skip"])[2]
    return STEP.sub(lambda match: f"<{match[1] or match[2]}>", said).strip()


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (
            f"[{FORK % 'otherwise'}, {{wait: 1 day}}, {{id: e, NOTE}}]",
            f"{PARTED}all others go way 2. {IN_WAY_1} Way 2: <d> After way 1 and way 2 all go on together. "
            "Then a wait of a day. <e>",
        ),
        (
            f"[{FORK % 'otherwise'}]",
            f"{PARTED}all others go way 2. {IN_WAY_1} Way 2: <d> After way 1 and way 2 it is over.",
        ),
        (
            "[{branch: [{when: tier == 'A', steps: [{id: a, NOTE}]}]}, {id: e, NOTE}]",
            f"{PARTED}all others pass by. Way 1: <a> After way 1 all go on together, with those who passed by. <e>",
        ),
        (
            "[{id: e, NOTE}, {branch: [{when: tier == 'A', steps: [{id: a, NOTE}]}]}]",
            f"<e> {PARTED}all others pass by. Way 1: <a> After way 1 it is over, and for those who passed by at once.",
        ),
        (
            "[{branch: [{when: tier == 'A', steps: [INNER, {id: a, NOTE}]}]},"
            " {branch: [{otherwise: [{id: d, NOTE}]}]}]",
            f"{PARTED}all others pass by. "
            + IN_WAY_1.replace("<a> ", "")
            + " After way 1.1 and way 1.2 all go on together. <a> After way 1 all go on together, with those who "
            "passed by. Here the ways part, and each goes the first that is theirs: all others go way 2. Way 2: <d> "
            "After way 2 it is over.",
        ),
    ],
)
def test_where_a_way_ends_and_where_all_go_on_together_is_said(steps: str, said: str) -> None:
    assert way_of(steps) == said


def test_in_chinese_it_is_said_as_well() -> None:
    branch = "{branch: [{when: tier == 'A', steps: [{id: a, NOTE}]}, {otherwise: [{id: b, NOTE}]}]}"

    assert way_of(f"[{branch}, {{id: e, NOTE}}]", "zh") == (
        "在此分路，每位客户走第一条符合的路线：满足 “tier == 'A'” 的客户走路线 1；其余客户走路线 2。"
        "路线 1：<a>路线 2：<b>走完路线 1、路线 2后，所有客户一起继续。<e>"
    )


@pytest.mark.parametrize(("audience", "heard"), [("everyone", False), ("{tier: A}", True)])
def test_that_later_messages_ask_again_whom_it_is_for_is_said(audience: str, heard: bool) -> None:
    text = f"""\
owner: mei@example.com
topic: offers
audience: {audience}
schedule: {{manual: true}}
steps: [{{id: a, channels: email, template: note}}, {{id: b, channels: email, template: note}}]
"""
    company = Company(brand=Brand(name="Tea"), topics={"offers": Topic()})
    campaign, _ = load_campaign("way", "campaigns/way.yaml", text.encode(), company)
    assert campaign is not None

    said = {language: describe(campaign, company, language) for language in LANGUAGES}

    assert [LANGUAGES[each]["asked_again"] in text for each, text in said.items()] == [heard, heard]


def test_languages_say_the_same_things() -> None:
    assert LANGUAGES["en"].keys() == LANGUAGES["zh"].keys()
