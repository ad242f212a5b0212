"""What campaigns say and hardly mean: warnings, no faults."""

from pathlib import Path

import pytest

from outreach.app.check import check_files
from outreach.app.context import open_context

FILES = {
    "outreach.yaml": "brand: {name: Tea, country: DE}\ntopics: {greetings: {}}\n"
    "owners: {mei@example.com: {name: Mei}}\nfeasts: {Tea Day: 2026-05-31}\n",
    "templates/hello/sms.txt": "Hi",
}
OUTSIDE = (
    "which is outside of `days`: its messages wait for the next of `days`, or are skipped where "
    "that is after `late`"
)
STEPS = "steps: [{id: greet, channels: sms, template: hello}]\n"


def said(
    folder: Path, owner: str, schedule: str, status: str = "active", audience: str = "everyone"
) -> list[str]:
    text = f"owner: {owner}\ntopic: greetings\nschedule: {{{schedule}}}\nstatus: {status}\n"
    files = {**FILES, "campaigns/a.yaml": f"{text}{STEPS}audience: {audience}\n"}
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    checked = check_files(open_context(folder, "2026-06-01T12:00+00:00"))
    assert not checked.faults
    return [str(each).removeprefix("campaigns/a.yaml:") for each in checked.problems]


@pytest.mark.parametrize(
    ("owner", "schedule", "line"),
    [
        (
            "mei@example.com",
            "at: 2026-05-30T09:00",
            "3:16: `at` is in the past, it is 2026-06-01T12:00 now; write a later one, or nothing "
            "more is sent",
        ),
        (
            "mei@example.com",
            'manual: true, window: "20:00-09:00"',
            "3:34: `20:00-09:00` goes over midnight: sent at night only; did you mean "
            '`"09:00-20:00"`?',
        ),
        (
            "mei@example.com",
            'cron: "0 9 * * *", holidays: next_workday',
            "3:41: 2027-03-26 to 2027-03-29 are days off in DE: a message of the first is late by "
            "the next workday; write `late: 5 days`",
        ),
        (
            "mei@example.com",
            'cron: "0 9 1-7 * MON"',
            "3:18: days `1-7` and weekday `MON`: it goes out on each of these days; for the first "
            "Monday of the month write `0 9 * * MON#1`",
        ),
        (
            "mei@example.com",
            'cron: "30 8 13 * fri"',
            "3:18: days `13` and weekday `fri`: it goes out on each of these days; for the second "
            "Friday of the month write `30 8 * * FRI#2`",
        ),
        (
            "mei@example.com",
            'cron: "0 9 31 * MON-FRI"',
            "3:18: days `31` and weekday `MON-FRI`: it goes out on each of these days; for the "
            "first Monday of the month write `0 9 * * MON#1`",
        ),
        (
            "mei@example.com",
            'cron: "0 10 * * *", days: mon-sat',
            f'3:18: it comes on Sunday too, {OUTSIDE}; write `cron: "0 10 * * MON-SAT"`',
        ),
        (
            "mei@example.com",
            'cron: "0 10 * 6 fri,sat,sun", days: [sat, mon]',
            f'3:18: it comes on Friday, Sunday too, {OUTSIDE}; write `cron: "0 10 * 6 SAT"`',
        ),
        (
            "mei@example.com",
            'cron: "0 10 * * SUN#1", days: mon-fri',
            f"3:18: it comes on Sunday, {OUTSIDE}; let `cron` and `days` name the same days",
        ),
        (
            "mei@example.com",
            'cron: "0 10 1 * *", days: mon-fri',
            "3:38: `days` leaves out 2 days in a row: a message of the first is late by then; "
            "write `late: 3 days`",
        ),
        (
            "mei@example.com",
            "at: 2026-07-01T09:00, days: mon",
            f"3:16: it comes on Wednesday, {OUTSIDE}; let `at` and `days` name the same days",
        ),
        (
            "mei@example.com",
            "every: day at 10:00, days: mon-sat",
            f"3:19: it comes on Sunday too, {OUTSIDE}; let `every` and `days` name the same days",
        ),
        (
            "mei@example.com",
            "every: month on last friday at 10:00, days: mon-thu",
            f"3:19: it comes on Friday, {OUTSIDE}; let `every` and `days` name the same days",
        ),
        (
            "mei@example.com",
            "every: month on 1 at 10:00, days: mon-fri",
            "3:46: `days` leaves out 2 days in a row: a message of the first is late by then; "
            "write `late: 3 days`",
        ),
        (
            "mei@example.com",
            "on_date: {field: birthday}, days: mon-fri",
            "3:46: `days` leaves out 2 days in a row: a message of the first is late by then; "
            "write `late: 3 days`",
        ),
        (
            "mei@example.com",
            "on_holiday: {name: Easter Monday, offset: -3 days}, days: mon-thu",
            "3:70: `days` leaves out 3 days in a row: a message of the first is late by then; "
            "write `late: 4 days`",
        ),
        (
            "mei@example.com",
            "on_holiday: {name: Tea Day}",
            "3:31: `Tea Day` has no day to come: nothing more is sent; write its next days under "
            "`feasts` in outreach.yaml",
        ),
        (
            "mei@example.com",
            "every: month on 31 at 10:00, starts: 2026-07-02, ends: 2026-07-30",
            "3:67: `month on 31 at 10:00` does not come from 2026-07-02 to 2026-07-30; write a "
            "later `ends`",
        ),
        (
            "mai@example.com",
            "manual: true",
            "1:8: `mai@example.com` is not among `owners` of outreach.yaml; did you mean "
            "`mei@example.com`?",
        ),
    ],
)
def test_what_is_hardly_meant_is_a_warning(
    tmp_path: Path, owner: str, schedule: str, line: str
) -> None:
    assert said(tmp_path, owner, schedule) == [line]


@pytest.mark.parametrize("schedule", ["at: 2026-06-01T06:00", "at: 2026-07-01T09:00"])
def test_an_at_that_somebody_has_before_them_is_no_past_one(tmp_path: Path, schedule: str) -> None:
    assert said(tmp_path, "mei@example.com", schedule) == []


@pytest.mark.parametrize("cron", ["0 9 * * MON#1", "0 9 */2 * MON", "0 9 1 * *", "0 9 1 * */2"])
def test_one_of_day_and_weekday_is_what_it_says(tmp_path: Path, cron: str) -> None:
    assert said(tmp_path, "mei@example.com", f'cron: "{cron}"') == []


@pytest.mark.parametrize(
    "schedule",
    [
        'cron: "0 10 * * MON-SAT", days: mon-sat',
        'cron: "0 10 * * TUE", days: mon-fri',
        'cron: "0 10 * * 5L", days: fri',
        'cron: "0 10 1 * *", days: mon-sat',
        'cron: "0 10 1 * *", days: mon-fri, late: 2 days',
    ],
)
def test_a_cron_within_its_days_is_what_it_says(tmp_path: Path, schedule: str) -> None:
    assert said(tmp_path, "mei@example.com", schedule) == []


def test_a_draft_may_have_a_past_date(tmp_path: Path) -> None:
    assert said(tmp_path, "mei@example.com", "at: 2026-05-30T09:00", "draft") == []


@pytest.mark.parametrize(
    ("where", "column"),
    [
        ("last_contact_at < now - days(60)", 11),
        ("orders > 1 and now - days(60) >= last_contact_at", 26),
        ("orders > 1 or last_contact_at <= now - months(2)", 25),
    ],
)
def test_who_was_never_in_touch_is_not_long_ago(tmp_path: Path, where: str, column: int) -> None:
    lines = said(tmp_path, "mei@example.com", "manual: true", audience=where)

    assert lines == [
        f"6:{column}: this leaves out who was never in touch with us; write `(last_contact_at is none "
        "or last_contact_at < …)`, or add `last_contact_at is defined` if that is meant; our own "
        "messages are contact too: what they did last is `last_engaged_at`"
    ]


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (
            "exit: count('order') > 0",
            "7:7: `count('order')` counts what came before they came in too: who has one leaves at once",
        ),
        (
            "goal: {when: \"now > entered_at and count('order') >= 1\", within: 7 days}",
            "7:36: `count('order')` counts what came before they came in too: who has one has reached it",
        ),
    ],
)
def test_an_end_is_what_came_since_they_came_in(tmp_path: Path, ends: str, told: str) -> None:
    lines = said(tmp_path, "mei@example.com", "manual: true", audience=f"everyone\n{ends}")

    assert lines == [f"{told}; write `count('order', since=entered_at)`"]


@pytest.mark.parametrize(
    "ends",
    [
        "exit: count('order', since=entered_at) > 0",
        "exit: count('order', days(30)) > 0",
        "goal: {when: count('order') > 5, within: 7 days}",
    ],
)
def test_an_end_that_counts_some_is_meant(tmp_path: Path, ends: str) -> None:
    assert said(tmp_path, "mei@example.com", "manual: true", audience=f"everyone\n{ends}") == []


@pytest.mark.parametrize(
    ("where", "meant"),
    [
        ("date('birthday') <= today + days(7)", "<= 7"),
        ("today <= date('birthday') <= today + weeks(2)", "== 0"),
        ("date('birthday') < today + months(1)", "<= 7"),
        ("date('birthday') == today", "== 0"),
    ],
)
def test_the_day_of_birth_never_comes_back(tmp_path: Path, where: str, meant: str) -> None:
    [line] = said(tmp_path, "mei@example.com", "manual: true", audience=where)

    assert line.endswith(
        ": `date('birthday')` is the day of birth, which is never ahead; write "
        f"`days_until('birthday') {meant}`"
    )


def test_an_age_is_asked_by_the_day_of_birth(tmp_path: Path) -> None:
    for where in ("date('birthday') <= today - months(216)", "date('birthday') < today - days(9)"):
        assert said(tmp_path, "mei@example.com", "manual: true", audience=where) == []


@pytest.mark.parametrize(
    "where",
    [
        "last_contact_at is none or last_contact_at < now - days(60)",
        "last_contact_at is defined and last_contact_at < now - days(60)",
        "last_contact_at > now - days(60)",
        "not last_contact_at < now - days(60)",
        "last_contact_at < last_order_at",
        "last_order_at < now - days(60)",
    ],
)
def test_long_ago_is_taken_at_its_word_where_it_may_be_meant(tmp_path: Path, where: str) -> None:
    assert said(tmp_path, "mei@example.com", "manual: true", audience=where) == []


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("spend > 1.000", "6:19: `1.000` is 1: the point stands before decimals; write `1000`, or `1` if that is meant"),
        ("{exclude: orders > 1 and spend >= 12.500}", "6:45: `12.500` is 12.5: the point stands before decimals; write `12500`, or `12.5` if that is meant"),
    ],
)  # fmt: skip
def test_decimals_that_look_like_thousands_are_told(tmp_path: Path, where: str, line: str) -> None:
    assert said(tmp_path, "mei@example.com", "manual: true", audience=where) == [line]


@pytest.mark.parametrize("where", ["spend > 1.5", "spend / orders > 0.250", "spend > 1000.00"])
def test_a_number_with_its_decimals_is_what_it_says(tmp_path: Path, where: str) -> None:
    assert said(tmp_path, "mei@example.com", "manual: true", audience=where) == []
