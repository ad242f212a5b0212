"""What is written and has no effect, and what can never go out: warnings, no faults."""

from pathlib import Path

import pytest

from outreach.app.check import check_files
from outreach.app.context import open_context

COMPANY = """\
brand: {name: Tea, timezone: Europe/Berlin}
topics: {greetings: {}, offers: {}, service: {transactional: true}, alarm: {transactional: true, urgent: true}}
"""
CAMPAIGN = """\
owner: mei
topic: greetings
status: active
audience: everyone
steps: [{id: greet, channels: sms, template: hello}]
schedule: {manual: true}
"""
CRON = 'schedule: {cron: "0 10 * * MON", '


def said(folder: Path, more: str, topic: str = "greetings", company: str = "") -> list[str]:
    """What is told of a campaign with more in its last lines; a schedule there is its only one."""
    head = CAMPAIGN.replace("topic: greetings", f"topic: {topic}")
    if more.startswith("schedule"):
        head = head.replace("schedule: {manual: true}\n", "")
    files = {
        "outreach.yaml": COMPANY + company,
        "campaigns/a.yaml": head + more,
        "templates/hello/sms.txt": "Hi",
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    checked = check_files(open_context(folder, "2026-06-01T12:00+00:00"))
    assert not checked.faults, checked.problems
    return [str(each).removeprefix("campaigns/a.yaml:") for each in checked.problems]


OTHERWISE = "take it out, or choose a topic that is not transactional"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("cadence: [{at_most: 1, per: 7 days}]", f"7:1: `cadence` has no effect: `service` is transactional, and no limit counts or stops its messages; {OTHERWISE}"),
        ("when_capped: hold", f"7:14: `when_capped` has no effect: `service` is transactional, and no limit stops its messages; {OTHERWISE}"),
        ("experiment: {holdout: 10%}", f"7:23: `holdout` has no effect: `service` is transactional, and its messages go to everybody; {OTHERWISE}"),
        ("experiment: {holdout: 100%}", f"7:23: `holdout` has no effect: `service` is transactional, and its messages go to everybody; {OTHERWISE}"),
    ],
)  # fmt: skip
def test_what_a_transactional_topic_is_exempt_from_has_no_effect(
    tmp_path: Path, more: str, line: str
) -> None:
    assert said(tmp_path, more, "service") == [line]


@pytest.mark.parametrize(
    ("cap", "line"),
    [
        ("topic: service", "7:45: the limit counts nothing: `service` is transactional; name a topic that is not, or take the limit out"),
        ("topic: offers", "7:45: the limit counts messages of `offers`, and stops none of `greetings`; write `topic: greetings`, or take `topic` out: then all count"),
        ("channel: email", "7:47: the limit is of `email`, by which this campaign sends nothing; name one of its `channels`, or take `channel` out: then all count"),
    ],
)  # fmt: skip
def test_a_limit_that_never_stops_this_campaign_is_told(
    tmp_path: Path, cap: str, line: str
) -> None:
    assert said(tmp_path, f"cadence: [{{at_most: 1, per: 14 days, {cap}}}]") == [line]


def test_a_limit_of_the_company_that_counts_nothing_is_told(tmp_path: Path) -> None:
    company = "cadence: [{at_most: 1, per: 7 days, topic: service}, {at_most: 1, per: 7 days}]"

    assert said(tmp_path, "", company=company) == [
        "outreach.yaml:3:44: the limit counts nothing: `service` is transactional; name a topic "
        "that is not, or take the limit out"
    ]


NOBODY = "let it come at an hour that is open, or write"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (CRON + 'window: "14:00-18:00", late: 3 hours}', f"6:63: 10:00 is outside of `window`, and 14:00, the first hour to go out, is after `late` (3 hours): nobody gets it; {NOBODY} `late: 5 hours`"),
        ("schedule: {at: 2026-07-01T22:00, late: 3 hours}", f"6:40: 22:00 is in quiet hours, and 08:00, the first hour to go out, is after `late` (3 hours): nobody gets it; {NOBODY} `late: 11 hours`"),
        ("schedule: {at: 2026-07-01T22:00+02:00, late: 10 hours}", f"6:46: 22:00 is in quiet hours, and 08:00, the first hour to go out, is after `late` (10 hours): nobody gets it; {NOBODY} `late: 11 hours`"),
        (CRON + 'timezone: Europe/Berlin, window: "22:00-07:00"}', "6:67: quiet hours leave no hour of `window` open: nobody gets it; write another `window`"),
        ('schedule: {manual: true, window: "21:30-22:30"}', "6:34: quiet hours leave no hour of `window` open: nobody gets it; write another `window`"),
        ("experiment: {holdout: 100%}", "7:23: the whole audience is held out: nobody gets it; write a smaller share, for example `10%`"),
        (CRON + "ends: 2026-05-30}", "6:40: `ends` is past, it is 2026-06-01 now: nothing more is sent; write a later day, or take it out"),
        (CRON + "starts: 2026-07-07, ends: 2026-07-12}", "6:60: `0 10 * * MON` does not come from 2026-07-07 to 2026-07-12; write a later `ends`"),
    ],
)  # fmt: skip
def test_a_campaign_that_nobody_can_get_is_told(tmp_path: Path, more: str, line: str) -> None:
    assert line in said(tmp_path, more)


@pytest.mark.parametrize(
    ("more", "topic"),
    [
        (CRON + 'window: "14:00-18:00"}', "greetings"),
        (CRON + 'window: "09:00-18:00", late: 3 hours}', "greetings"),
        ('schedule: {cron: "0 10,22 * * *", late: 3 hours}', "greetings"),
        ("schedule: {at: 2026-07-01T22:00, late: 3 hours}", "alarm"),
        ("schedule: {at: 2026-07-01T22:00, timezone: Asia/Tokyo, late: 3 hours}", "greetings"),
        (CRON + "ends: 2026-06-01}", "greetings"),
        (CRON + "ends: 2026-06-30}", "greetings"),
        ("cadence: [{at_most: 1, per: 7 days, topic: greetings, channel: sms}]", "greetings"),
        ("experiment: {holdout: 50%}", "greetings"),
    ],
)
def test_a_campaign_that_somebody_can_get_is_in_order(
    tmp_path: Path, more: str, topic: str
) -> None:
    assert said(tmp_path, more, topic) == []


@pytest.mark.parametrize(
    ("schedule", "cap", "in_vain"),
    [
        ("late: 6 hours", "7 days", "6 hours"),
        ("late: 14 hours", "calendar week", "14 hours"),
        ("late: 20 hours", "7 days", "20 hours"),
        ('late: 24 hours, window: "12:00-13:00"', "7 days", "24 hours"),
        ("late: 23 hours", "7 days", ""),
        ("late: 6 hours", "36 hours", ""),
    ],
)
def test_to_hold_is_in_vain_where_no_limit_leaves_room_before_late(
    tmp_path: Path, schedule: str, cap: str, in_vain: str
) -> None:
    lines = said(
        tmp_path,
        f"{CRON}{schedule}}}\nwhen_capped: hold\ncadence: [{{at_most: 1, per: {cap}}}]",
        company="cadence: [{at_most: 2, per: 7 days}]",
    )

    told = (
        "7:14: nothing is held: limits by days leave room from midnight on, after `late` "
        f"({in_vain}); write a longer one, as in `late: 3 days`, or take `when_capped` out"
    )
    assert lines == ([told] if in_vain else [])


GOAL = "goal: {when: \"count('order', since=entered_at) > 0\", within: 30 days}\n"
VARIANTS = "experiment: {variants: {plain: 1, warm: 1}}\n"


def write_warm(folder: Path) -> None:
    """The file by which the variants differ."""
    (folder / "templates/hello/warm").mkdir(parents=True)
    (folder / "templates/hello/warm/sms.txt").write_text("Hello")


def test_variants_that_nothing_tells_apart_are_told(tmp_path: Path) -> None:
    write_warm(tmp_path)
    line = (
        "7:24: nothing tells these apart but replies: no links are counted, and there is no `goal`"
    )
    hint = "add a `goal`, or `track_links: true`"

    assert f"{line}; {hint} with a `public_url` in outreach.yaml" in said(tmp_path, VARIANTS)
    url = "public_url: https://tea.example.com\n"
    assert f"{line}; {hint}" in said(tmp_path, VARIANTS, company=url)


def won_by(measure: str, after: str = "2 hours") -> str:
    """Variants of which the better one is chosen."""
    winner = f"winner: {{by: {measure}, after: {after}, test: 20%}}"
    return f"experiment: {{variants: {{plain: 1, warm: 1}}, {winner}}}\n"


def test_a_winner_by_clicks_that_nothing_counts_is_told(tmp_path: Path) -> None:
    write_warm(tmp_path)
    line = "7:58: no links are counted, so nobody clicks: the first variant always wins; write "
    url = "public_url: https://tea.example.com\n"
    how, other = "`track_links: true`", ", or let `replied` or `goal` decide"

    assert said(tmp_path, won_by("clicked") + GOAL) == [
        f"{line}{how} with a `public_url` in outreach.yaml{other}"
    ]
    assert said(tmp_path, won_by("clicked") + GOAL, company=url) == [f"{line}{how}{other}"]
    tracked = won_by("clicked") + "track_links: true\n"
    assert said(tmp_path, tracked, company=url) == []


@pytest.mark.parametrize(
    ("after", "told"), [("2 hours", True), ("6 days", True), ("7 days", False)]
)
def test_a_goal_that_may_be_reached_after_the_choice_is_told(
    tmp_path: Path, after: str, told: bool
) -> None:
    write_warm(tmp_path)
    line = (
        "7:71: the winner is chosen before the goal's `within` is over: who reaches it later does "
        "not count; let `after` be as long (at most `7 days`), or a `goal` that is reached sooner decide"
    )

    found = said(tmp_path, won_by("goal", after) + GOAL.replace("30 days", "7 days"))

    assert found == ([line] if told else [])


@pytest.mark.parametrize(
    "more",
    [
        VARIANTS + GOAL,
        VARIANTS + "track_links: true\n",
        "experiment: {variants: {plain: 1, warm: 1}, "
        "winner: {by: replied, after: 2 hours, test: 20%}}\n",
    ],
)
def test_variants_that_something_tells_apart_are_in_order(tmp_path: Path, more: str) -> None:
    write_warm(tmp_path)

    found = said(tmp_path, more, company="public_url: https://tea.example.com\n")

    assert [each for each in found if "apart" in each] == []
