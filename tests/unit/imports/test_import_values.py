"""Cells as values: what is taken, what it becomes, and why the rest is refused."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outreach.imports import addresses, days, fields, values
from outreach.imports.values import BadValueError
from outreach.store.places import Place

CUT = "was cut by a spreadsheet; make the column text there, fill it in anew"
BERLIN = ZoneInfo("Europe/Berlin")


def outcome(read: Any, *args: Any) -> Any:
    """The value, or what is wrong as text after «!»."""
    try:
        return read(*args)
    except BadValueError as error:
        return f"! {error}"


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("  Ann ", "Ann"),
        ("Cafe\u0301", "Café"),
        ("\u00a0x\u3000", "x"),
        ("'=1+1", "=1+1"),
        ("'s-Hertogenbosch", "'s-Hertogenbosch"),
        ("", None),
        (" \t ", None),
        ("a\x00b", "! has the control character U+0000"),
        ("a\nBcc: x", "! has the control character U+000A"),
        ("a\u2028b", "! has the control character U+2028"),
        ("\ud800", "! has the control character U+D800"),
        ("x" * 2_001, "! is too long: 2,001 characters, at most 2,000"),
        (12, "12"),
        (True, "yes"),
        (["a"], "! must be a single value"),
        ("#N/A", "! is `#N/A`, the failure of a spreadsheet's formula"),
        ("#1 fan", "#1 fan"),
        (
            "M\ufffdller",
            "! has a character that was lost (U+FFFD) when the file was saved in another encoding",
        ),
    ],
)
def test_text(raw: Any, found: Any) -> None:
    assert outcome(values.text, raw) == found


@pytest.mark.parametrize(
    ("raw", "comma", "found"),
    [
        ("12.5", False, 12.5),
        ("-3", False, -3),
        ("0.1", False, 0.1),
        ("1e3", False, "! `1e3` is no number; write for example `12.50`"),
        ("1,234", False, "! `1,234` may be two numbers; write `1234`, or say `--decimal comma`"),
        ("1,234,567", False, 1_234_567),
        ("-1,234.5", False, -1_234.5),
        ("1.234,5", False, "! `1.234,5` is no number; write for example `12.50`"),
        ("12,5", False, "! `12,5` is no number; write a point, or say `--decimal comma`"),
        ("1 234.5", False, 1_234.5),
        ("1\u00a0234\u00a0567", False, 1_234_567),
        ("1'234.50", False, 1_234.5),
        ("1 23", False, "! `1 23` is no number; write for example `12.50`"),
        ("1,234 567", False, "! `1,234 567` is no number; write for example `12.50`"),
        ("1.23E+10", False, f"! `1.23E+10` {CUT}"),
        ("12,5", True, 12.5),
        ("1.234", True, "! `1.234` may be two numbers; write `1234` or `1,234`"),
        ("1.234,5", True, 1_234.5),
        ("1.234.567", True, 1_234_567),
        ("1,234.5", True, "! `1,234.5` is no number; write for example `12,50`"),
        ("nan", False, "! `nan` is no number; write for example `12.50`"),
        ("123456789012345.123", False, "! has more than 15 digits"),
        ("", False, None),
    ],
)
def test_number(raw: str, comma: bool, found: Any) -> None:
    assert outcome(values.number, raw, comma) == found


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("9.99", 99_900),
        ("0.0001", 1),
        ("0.00001", "! has more than four decimals"),
        ("1000000000000", "! is too large: below 1,000,000,000,000"),
    ],
)
def test_money(raw: str, found: Any) -> None:
    assert outcome(values.money, raw) == found


@pytest.mark.parametrize(
    ("raw", "order", "found"),
    [
        ("2024-02-29", None, "2024-02-29"),
        ("2023-02-29", None, "! `2023-02-29` is no date: day is out of range for month"),
        ("3/4/2024", "dmy", "2024-04-03"),
        ("3/4/2024", "mdy", "2024-03-04"),
        ("2024-04-03", "mdy", "2024-04-03"),
        ("3/4/24", "dmy", "! `3/4/24` is no date: its year has two digits; write YYYY-MM-DD"),
        (
            "3/4/2024",
            None,
            "! `3/4/2024` may be two dates; write YYYY-MM-DD, or say `--dates dmy` or `mdy`",
        ),
        ("20240403", None, "! `20240403` is no date; write YYYY-MM-DD"),
    ],
)
def test_day(raw: str, order: str | None, found: str) -> None:
    assert outcome(values.day, raw, order) == found


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("1980-05-17", "1980-05-17"),
        ("02-29", "02-29"),
        ("02-30", "! `2000-02-30` is no date: day is out of range for month"),
        ("0001-01-01", "! `0001-01-01` is no year that someone living was born in"),
    ],
)
def test_birthday(raw: str, found: str) -> None:
    assert outcome(days.birthday, raw) == found


def test_a_named_date_may_lie_ahead_and_a_birthday_may_not() -> None:
    assert outcome(days.named_date, "2150-01-01") == "2150-01-01"
    assert outcome(days.birthday, "2150-01-01").startswith("! ")
    assert outcome(days.named_date, "2201-01-01").endswith("too far away: years from 1850 to 2200")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("2026-07-03", datetime(2026, 7, 2, 22, tzinfo=UTC)),
        ("2026-07-03T17:00+08:00", datetime(2026, 7, 3, 9, tzinfo=UTC)),
        ("2026-07-03 17:00:01.5Z", datetime(2026, 7, 3, 17, 0, 1, 500_000, tzinfo=UTC)),
        ("2026-07-03 17:00", datetime(2026, 7, 3, 15, tzinfo=UTC)),
        ("1767225600", "! `1767225600` is no date or time; write YYYY-MM-DD"),
        ("0001-01-01", "! `0001-01-01` is no date or time: date value out of range"),
        ("9999-12-31", "! `9999-12-31` is too far away: years from 1850 to 2200"),
        (
            "2026-01-30T23:59+99:00",
            "! `2026-01-30T23:59+99:00` is no date or time; write YYYY-MM-DD",
        ),
        ("2026-07-03T25:00", "! `2026-07-03T25:00` is no date or time: hour must be in 0..23"),
    ],
)
def test_instant(raw: str, found: Any) -> None:
    assert outcome(values.instant, raw, BERLIN) == found


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("2026-07-03", datetime(2026, 7, 3, 22, tzinfo=UTC)),
        ("3.7.2026", datetime(2026, 7, 3, 22, tzinfo=UTC)),
        ("2026-03-29", datetime(2026, 3, 29, 22, tzinfo=UTC)),  # of 23 hours
        ("2026-07-03T17:00", datetime(2026, 7, 3, 15, tzinfo=UTC)),
        ("3.7.2026 17:00", datetime(2026, 7, 3, 15, tzinfo=UTC)),
        (" ", None),
        ("soon", "! `soon` is no date or time; write YYYY-MM-DD"),
    ],
)
def test_a_day_ends_at_the_midnight_after_it(raw: str, found: Any) -> None:
    assert outcome(values.end, raw, BERLIN, "dmy") == found


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("7/3/2026 5:30 PM", (17, 30)),
        ("7/3/2026 12:05 am", (0, 5)),
        ("7/3/2026, 12:05:00 p.m.", (12, 5)),
        ("7/3/2026 17:30", (17, 30)),
    ],
)
def test_hours_of_half_a_day(raw: str, found: tuple[int, int]) -> None:
    at = values.instant(raw, ZoneInfo("UTC"), "mdy")

    assert at is not None
    assert (at.month, at.day, at.hour, at.minute) == (7, 3, *found)
    assert outcome(values.instant, "7/3/2026 13:30 PM", BERLIN, "mdy").startswith("! ")


@pytest.mark.parametrize("raw", ["1.23E+10", "4,9E+11", "1E+05"])
def test_a_number_that_a_spreadsheet_cut_names_nobody(raw: str) -> None:
    assert outcome(values.code, raw) == f"! `{raw}` {CUT}"
    assert [values.code(each) for each in ("1E5", "E+1", "00123", "")] == [
        "1E5",
        "E+1",
        "00123",
        None,
    ]


def test_a_blank_is_never_a_consent() -> None:
    assert [fields.consent(raw) for raw in ("", "  ", None)] == [None, None, None]
    assert [fields.consent(raw) for raw in ("yes", " NO ", True)] == [
        "granted",
        "withdrawn",
        "granted",
    ]
    assert outcome(fields.consent, "1") == (
        "! `1` is neither yes nor no; leave it blank for no word at all"
    )


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("Ann.Lee+x@EXAMPLE.com", "ann.lee+x@example.com"),
        ("ann@bücher.example.com", "ann@xn--bcher-kva.example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("", None),
    ],
)
def test_email(raw: str, found: str) -> None:
    assert addresses.email(raw) == found


@pytest.mark.parametrize(
    "raw",
    ["ann", "ann@", "@example.com", "a..b@example.com", ".a@example.com", "a@example", "a@b@example.com",
     "ann@mailhost.test", "ann@box.local", "Ann <a@example.com>", "ä@example.com", "a b@example.com",
     "a@exa_mple.com", "a@[127.0.0.1]", f"{'a' * 65}@example.com", "a@-example.com"],
)  # fmt: skip
def test_no_email(raw: str) -> None:
    assert outcome(addresses.email, raw).startswith("! is no e-mail address")


# A leading apostrophe may be a spreadsheet's mark.
LOCAL = st.text("aB1._+-'@ ", max_size=12).filter(lambda local: not local.strip().startswith("'"))


LABEL = st.one_of(
    st.text("aB1-xn_", min_size=1, max_size=7),
    st.sampled_from(["xn--bcher-kva", "xn--a", "ab--c", "a" * 63, "a" * 64, "bücher", "c0m", "1"]),
)
TOP = st.sampled_from(
    ["com", "DE", "museum", "c", "c0", "0c", "xn--p1ai", "Test", "arpa", "invalid", "local", "localhost",
     "onion", "a" * 63, "a" * 64, "com.", "рф"]
)  # fmt: skip
DOMAIN = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(LABEL, max_size=3), TOP)


@settings(deadline=None, max_examples=1_000)
@given(
    LOCAL, st.one_of(st.sampled_from(["example.com", "EXAMPLE.org", "bücher.example.com"]), DOMAIN)
)
@example("a", "mail.onion.com")
@example("a", "onion.test")
@example("a", ".".join(["a" * 60] * 4 + ["com"]))
@example("a", "a" * 63 + "." + "b" * 63)
def test_the_short_way_for_plain_addresses_agrees_with_the_library(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    try:
        checked = validate_email(
            address.strip(), check_deliverability=False, allow_smtputf8=False, strict=True
        )
        expected = checked.ascii_email.lower() if checked.ascii_email else None
    except EmailNotValidError:
        expected = "!"

    assert str(outcome(addresses.email, address)).partition(" ")[0] == expected


@pytest.mark.parametrize(
    ("raw", "country", "found"),
    [
        ("030 901820", "DE", "+4930901820"),
        ("+44 20 7946 0958", "DE", "+442079460958"),
        ("00 49 30 901820", "FR", "+4930901820"),
        ("+1 650 555 0123", "", "+16505550123"),
        ("030 901820", "", "! has no country to read it by; write it as +49…"),
        ("+44 7700 900123", "", "! is not in use as a phone number of +44"),
        ("+1 65055", "", "! has too few or too many digits as a phone number of +1"),
        ("call me", "DE", "! is no phone number"),
    ],
)
def test_phone(raw: str, country: str, found: str) -> None:
    assert outcome(addresses.phone, raw, country) == found


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("de", "de"), ("de_at", "de-AT"), ("zh-hant-tw", "zh-Hant-TW"), ("ZH-cn", "zh-CN"),
        ("klingon", "! `klingon` is no language; write for example `de-AT`"),
    ],
)  # fmt: skip
def test_locale(raw: str, found: str) -> None:
    assert outcome(addresses.locale, raw) == found


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("no", "NO"),
        ("UK", "! `UK` is no country code; write `GB`"),
        ("Germany", "! `Germany` is no country code; write `DE`"),
        ("EU", "! `EU` is no country code; write two letters (ISO 3166)"),
    ],
)
def test_country(raw: str, found: str) -> None:
    assert outcome(addresses.country, raw) == found


def test_a_zone_is_an_iana_name() -> None:
    assert addresses.timezone("Asia/Kolkata") == "Asia/Kolkata"
    assert outcome(addresses.timezone, "asia/kolkatta") == (
        "! `asia/kolkatta` is no time zone; did you mean `Asia/Kolkata`?"
    )


def test_the_own_zone_goes_before_a_toll_free_number() -> None:
    number = addresses.phone("+1 800 225 5288", "")

    assert addresses.place("America/Chicago", None, number).zones == "America/Chicago"
    assert addresses.place(None, None, number).zones.count(";") > 20


def test_a_number_without_a_country_names_its_country() -> None:
    number = addresses.phone("+33 1 99 00 12 34", "")

    assert addresses.place(None, None, number) == Place("Europe/Paris", False, "FR")
    assert addresses.place(None, "JP", None) == Place("Asia/Tokyo", False, "JP")
