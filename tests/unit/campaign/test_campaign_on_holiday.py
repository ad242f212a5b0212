"""Moving feasts as they are written, and on which days they come."""

from datetime import date, datetime, timedelta
from itertools import islice

import pytest

from outreach.campaign.check import load_project
from outreach.campaign.feasts import OnHoliday, countries_with, is_known
from outreach.campaign.load import load_campaign
from outreach.campaign.occurrences import occurrences
from outreach.settings.company_file import load_company

FILE = "campaigns/feast.yaml"
REST = "owner: mei\ntopic: greetings\naudience: everyone\n"
STEPS = "steps: [{id: a, channels: email, template: t}]\n"
COMPANY = "brand: {name: Tea, country: DE, timezone: Asia/Tokyo}\ntopics: {greetings: {}}\n"


def company(feasts: str = ""):  # type: ignore[no-untyped-def]
    found, problems = load_company((COMPANY + feasts).encode())
    assert problems == []
    return found


def schedule(text: str, feasts: str = ""):  # type: ignore[no-untyped-def]
    content = f"{REST}schedule: {{{text}}}\n{STEPS}".encode()
    campaign, problems = load_campaign("feast", FILE, content, company(feasts))
    assert problems == []
    assert campaign is not None
    return campaign.schedule


def lines(text: str, feasts: str = "") -> list[str]:
    content = f"{REST}schedule: {{{text}}}\n{STEPS}".encode()
    return [
        str(each).removeprefix(f"{FILE}:")
        for each in load_campaign("feast", FILE, content, company(feasts))[1]
    ]


def company_lines(feasts: str) -> list[str]:
    return [
        str(each) for each in load_company(f"{COMPANY}feasts:\n  Tea Day: {feasts}\n".encode())[1]
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("on_holiday: Easter Monday", '4:24: `on_holiday` must be a group of keys, not text; write `on_holiday: {name: Easter Monday, at: "09:00"}`'),
        ("on_holiday: {name: Sprig Festival}", "4:31: no country has a feast `Sprig Festival`; did you mean `Spring Festival`?; or name it under `feasts` in outreach.yaml with its days"),
        ("on_holiday: {name: xyzzy}", "4:31: no country has a feast `xyzzy`; name it under `feasts` in outreach.yaml with its days"),
        ("on_holiday: {name: Diwali, offset: 400 days}", "4:47: 400 days after a feast that comes back each year makes no sense; write at most 364 days"),
        ("on_holiday: {name: Diwali, offset: 1 month}", "4:47: `1 month` is no number of days; an offset is in days or weeks: `-30 days`, `2 weeks`"),
        ("on_holiday: {name: Diwali, country: IN}", "4:39: unknown key `country`; write it under `audience`"),
        ("on_holiday: {name: Diwali, late: 1 day}", "4:39: unknown key `late`; it belongs under `schedule`, beside `on_holiday`"),
        ("on_holiday: {offset: 1 day}", "4:12: `name` is missing; write for example `name: Spring Festival`"),
    ],
)  # fmt: skip
def test_what_can_not_be_a_feast_is_refused_at_its_place(text: str, line: str) -> None:
    assert lines(text) == [line]


@pytest.mark.parametrize(
    ("feasts", "line"),
    [
        ("2026-02-30", "outreach.yaml:4:12: `2026-02-30` does not exist; look at a calendar"),
        ("[2026-01-01, 31.12.2026]", "outreach.yaml:4:25: `31.12.2026` is no day; write `2026-12-31`"),
        ("{XX: 01-01}", "outreach.yaml:4:13: `XX` is no country's two letters; write for example `DE`"),
        ("{2026: 2027-01-01}", "outreach.yaml:4:19: `2027-01-01` is not in 2026; write it there"),
        ("{2027: 02-29}", "outreach.yaml:4:19: `2027-02-29` does not exist; look at a calendar"),
        ("[]", "outreach.yaml:4:12: no day is named; write its days, for example `[2026-03-03, 2027-02-20]`, or `09-09` for each year"),
    ],
)  # fmt: skip
def test_days_that_are_none_are_refused_at_their_place(feasts: str, line: str) -> None:
    assert company_lines(feasts) == [line]


def test_a_name_is_known_whatever_its_case_and_apostrophe() -> None:
    assert is_known("EASTER monday", ())
    assert is_known("founders’ day", ("Founders' Day",))
    assert "CN" in countries_with("Spring Festival")


def test_own_days_of_a_country_go_before_its_calendars() -> None:
    found = schedule(
        "on_holiday: {name: spring festival}", "feasts: {Spring Festival: {SG: 2026-02-20}}\n"
    )

    assert found.on_holiday.comes_to("SG", date(2026, 2, 20))
    assert found.on_holiday.comes_to("CN", date(2026, 2, 17))
    assert not found.on_holiday.comes_to("CN", date(2026, 2, 20))


def test_a_feast_comes_where_any_country_has_it() -> None:
    easter = schedule("on_holiday: {name: Easter Monday, offset: -2 days}").on_holiday

    days = islice(easter.days_from(date(2026, 1, 1)), 4)

    assert [day.isoformat() for day in days] == [
        "2026-04-04",
        "2026-04-11",
        "2027-03-27",
        "2027-05-01",
    ]


def test_one_that_is_over_ends() -> None:
    over = schedule("on_holiday: {name: Tea Day}", "feasts: {Tea Day: 2026-05-31}\n").on_holiday

    assert list(over.days_from(date(2026, 6, 1))) == []


def test_a_feast_across_the_end_of_a_year_has_one_first_day() -> None:
    feast = schedule(
        "on_holiday: {name: Tea}", "feasts: {Tea: [2026-12-30, 2026-12-31, 2027-01-01]}\n"
    ).on_holiday

    assert list(feast.days_from(date(2026, 1, 1))) == [date(2026, 12, 30)]


def test_company_time_is_the_brands_zone() -> None:
    found = schedule("every: day at 09:00, timezone: company")
    begin = datetime.fromisoformat("2026-06-01T00:00+00:00")

    first = next(occurrences(found, "UTC", begin - timedelta(days=1), begin))

    assert found.timezone == "Asia/Tokyo"
    assert first.instant_at == begin


def test_feasts_of_an_outreach_yaml_at_fault_elsewhere_are_known() -> None:
    files = {
        "outreach.yaml": f"{COMPANY}nonsense: 1\nfeasts: {{Tea: 09-09}}\n".encode(),
        FILE: f"{REST}schedule: {{on_holiday: {{name: Tea}}}}\n{STEPS}".encode(),
        "templates/t/body.txt": b"Hi",
        "templates/t/subject.txt": b"Hi",
    }

    problems = load_project(files).problems

    assert [each.file for each in problems] == ["outreach.yaml"]


def test_it_comes_on_a_leap_day_in_leap_years_alone() -> None:
    leap = OnHoliday("x", datetime.min.time(), own=company("feasts: {x: 02-29}\n").feasts["x"])

    assert list(islice(leap.days_from(date(2026, 1, 1)), 2)) == [
        date(2028, 2, 29),
        date(2032, 2, 29),
    ]
