"""What campaigns ask for and no customer in the database has."""

from pathlib import Path

import pytest
from makers import grant, make_customer

from outreach.app.check import check_files
from outreach.app.context import open_context
from outreach.store.engine import writing

FILES = {
    "outreach.yaml": "brand: {name: Tea}\ntopics: {greetings: {}}\n",
}
CAMPAIGN = """\
owner: mei
topic: greetings
schedule: {manual: true}
"""


def said(
    folder: Path,
    audience: str,
    when: str = "everyone",
    agreed: str | None = "greetings",
    sms: str = "Hi",
    schedule: str = "{manual: true}",
) -> list[str]:
    step = f'{{id: greet, channels: sms, template: hello, when: "{when}"}}'
    if when == "everyone":
        step = "{id: greet, channels: sms, template: hello}"
    text = CAMPAIGN.replace("{manual: true}", schedule)
    text += f"audience: {audience}\nsteps: [{step}]\n"
    for path, content in {
        **FILES,
        "templates/hello/sms.txt": sms,
        "campaigns/a.yaml": text,
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    context = open_context(folder)
    with writing(context.engine) as conn:
        one = make_customer(conn, "a", tags=["do-not-greet", "vip"], tier="Gold", country="DE")
        make_customer(conn, "b", tags=["vip"], city="Paris")
        if agreed is not None:
            grant(conn, one, "sms", agreed)
    problems = check_files(context).problems
    context.close()
    return [str(each).removeprefix("campaigns/a.yaml:") for each in problems]


@pytest.mark.parametrize(
    ("audience", "line"),
    [
        (
            "{exclude: {tags: [do-not-great]}}",
            "4:12: no customer has tags 'do-not-great'; did you mean `do-not-greet`?",
        ),
        (
            "{exclude: \"'do-not-great' in tags or orders > 9\"}",
            "4:22: no customer has tags 'do-not-great'; did you mean `do-not-greet`?",
        ),
        (
            "{owner: tom}",
            "4:1: no customer has owner 'tom'; nobody has any `owner`: import it, or leave this out",
        ),
        ("{tier: gold}", "4:1: no customer has tier 'gold', 1 have 'Gold'; write `'Gold'`"),
        ("{tags: vipp}", "4:1: no customer has tags 'vipp'; did you mean `vip`?"),
        ("{country: DK}", "4:1: no customer has country 'DK'; there are `DE`"),
    ],
)
def test_a_text_that_nobody_has_is_told_also_of_who_is_left_out(
    tmp_path: Path, audience: str, line: str
) -> None:
    assert said(tmp_path, audience) == [line]


def test_a_text_of_a_condition_that_nobody_has_is_told(tmp_path: Path) -> None:
    assert said(tmp_path, "everyone", "'do-not-great' not in tags") == [
        "5:60: no customer has tags 'do-not-great'; did you mean `do-not-greet`?"
    ]


@pytest.mark.parametrize(
    "audience",
    ["{exclude: {tags: do-not-greet}}", "{tags: vip, country: DE}", "{exclude: {owner: tom}}"],
)
def test_a_text_that_somebody_has_is_in_order(tmp_path: Path, audience: str) -> None:
    assert said(tmp_path, audience) == []


@pytest.mark.parametrize("agreed", [None, "offers"])
def test_a_channel_by_which_nobody_agreed_is_told(tmp_path: Path, agreed: str | None) -> None:
    assert said(tmp_path, "everyone", agreed=agreed) == [
        "5:9: nobody has agreed to `greetings` by sms: nobody gets it there; import a column "
        "`consent.sms.greetings`, or take the channel out"
    ]


@pytest.mark.parametrize(
    ("sms", "line"),
    [
        ("Hi {% if country == 'de' %}du{% endif %}", "1:22: no customer has country 'de', 2 have 'DE'; write `'DE'`"),
        ("{% if 'vipp' in tags %}du{% endif %}.", "1:8: no customer has tags 'vipp'; did you mean `vip`?"),
        ("{% if city in ['Rome', 'paris'] %}du{% endif %}.", "1:25: no customer has city 'paris', 1 have 'Paris'; write `'Paris'`"),
        ("{{ 'Sie' if 'grwth' != stage else 'du' }}", "1:14: lifecycle `six-stage` has no stage `grwth`; did you mean `growth`?"),
        ("{% if stage in ['growth', 'maturty'] %}du{% endif %}.", "1:28: lifecycle `six-stage` has no stage `maturty`; did you mean `maturity`?"),
    ],
)  # fmt: skip
def test_a_text_of_a_template_that_nobody_has_is_told_where_another_is_meant(
    tmp_path: Path, sms: str, line: str
) -> None:
    assert said(tmp_path, "everyone", sms=sms) == [f"templates/hello/sms.txt:{line}"]


@pytest.mark.parametrize(
    "condition",
    ["country == 'FR'", "gender == 'f'", "city == 'Paris'", "'vip' in tags", "stage == 'build-up'"],
)
def test_a_text_of_a_template_that_somebody_may_have_is_in_order(
    tmp_path: Path, condition: str
) -> None:
    assert said(tmp_path, "everyone", sms=f"Hi{{% if {condition} %}}!{{% endif %}}") == []


@pytest.mark.parametrize(("status", "told"), [("active", True), ("draft", False)])
def test_an_audience_that_picks_nobody_is_told_of_one_that_is_active(
    tmp_path: Path, status: str, told: bool
) -> None:
    lines = said(tmp_path, f"{{where: orders > 900}}\nstatus: {status}")

    assert (
        "4:1: the audience picks none of the customers there are; look at its keys together: each "
        "must hold; `outreach plan` counts it" in [line.replace("warning: ", "") for line in lines]
    ) is told


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ('{cron: "0 10 25 12 *", holidays: skip}', True),
        ('{cron: "0 10 25 * *", holidays: skip}', False),
        ('{cron: "0 10 25 12 *"}', False),
    ],
)
def test_a_schedule_that_comes_on_holidays_alone_reaches_nobody(
    tmp_path: Path, schedule: str, told: bool
) -> None:
    found = said(tmp_path, "{country: DE}\nstatus: active", schedule=schedule)

    assert any("left out as Christmas Day, and so is every" in each for each in found) is told
