"""Rate limits in outreach.yaml: what is read, what is refused with which words, who pays what."""

from datetime import timedelta

import pytest

from outreach.campaign.schema import company_schema
from outreach.settings.company import Company
from outreach.settings.company_file import load_company
from outreach.settings.rate_limits import ChannelLimits, RateLimit
from outreach.settings.rates import Rate, Unit, parse_rate

PER_DOMAIN = """
brand: {name: Harbour Tea}
channels:
  email:
    rate: [50/second, "1000/day, doubling to 200000/day"]
    per_domain:
      default: 20/second
      GMail.com: [10/second, "100/day, doubling to 20000/day"]
      outlook: {domains: [outlook.com, hotmail.com, Müller.example], rate: 300/minute}
  sms: {rate: 5/second}
"""


def company(text: str) -> Company:
    found, problems = load_company(text.encode())
    assert problems == []
    assert found is not None
    return found


@pytest.fixture
def email() -> ChannelLimits:
    return company(PER_DOMAIN).limits("email")


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("50/second", Rate(50, Unit.SECOND)),
        ("600 / minute", Rate(600, Unit.MINUTE)),
        ("1000/hour", Rate(1000, Unit.HOUR)),
        ("100/day, doubling to 20000/day", Rate(100, Unit.DAY, 20000)),
    ],
)
def test_a_rate_is_read_as_it_is_written(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


def test_a_rate_is_told_as_it_was_written() -> None:
    text = "100/day, doubling to 20000/day"

    assert str(parse_rate(text)) == text


@pytest.mark.parametrize(
    ("email", "line"),
    [
        ("rate: 50", "26: this must be a rate; write for example `50/second`"),
        ("rate: true", "26: this must be a rate; write for example `50/second`"),
        ("rate: fast", "26: `fast` is no rate; write for example `50/second`"),
        ("rate: 50 per second", "26: `50 per second` is no rate; write `50/second`"),
        ("rate: '1,000 mails/min'", "26: `1,000 mails/min` is no rate; write `1000/minute`"),
        ("rate: 100 a day", "26: `100 a day` is no rate; write `100/day`"),
        ("rate: 0/day", "26: 0 is no rate; it must be from 1 to 100000000"),
        ("rate: []", "26: this list is empty; write at least one, or take the key out"),
        ("rate:", "25: `rate` is empty; write a value, or take it out"),
        ("rate: [9/second, 8/second]", "37: there are two rates by the second; keep one of them"),
        (
            "rate: [10/second, 100/day, doubling to 200/day]",
            "47: `doubling to 200/day` belongs to the rate before it; put both in quotes: "
            '"100/day, doubling to 20000/day"',
        ),
        (
            "rate: '1/second, doubling to 2/second'",
            "26: only what is sent in a day can double; write `100/day, doubling to 20000/day`",
        ),
        (
            "rate: '10/day, doubling to 5/day'",
            "26: `5/day` is no more than `10/day`; write `5/day` alone",
        ),
        ("rates: 5/second", "20: unknown key `rates`; did you mean `rate`?"),
        ("perdomain: {}", "20: unknown key `perdomain`; did you mean `per_domain`?"),
        (
            "per_domain: {defualt: 5/second}",
            "33: `defualt` is no domain, and names none; did you mean `default`?",
        ),
        (
            "per_domain: {outlook: 5/second}",
            "33: `outlook` is no domain, and names none; write a domain, or "
            "`{domains: […], rate: …}`",
        ),
        (
            "per_domain: {outlook: {domain: a.com, rate: 5/second}}",
            "43: unknown key `domain`; did you mean `domains`?",
        ),
        (
            "per_domain: {outlook: {domains: a.com}}",
            "33: `rate` is missing; write for example `rate: 5/second`",
        ),
        (
            "per_domain: {x: {domains: [a.com, b], rate: 5/second}}",
            "54: `b` is no domain; write for example `gmail.com`",
        ),
        (
            "per_domain: {b.com: 5/second, x: {domains: [a.com, B.com], rate: 5/second}}",
            "71: `b.com` has a limit under `b.com` already; keep one of them",
        ),
        (
            "per_domain: {b.com: {domains: [a.com], rate: 5/second}}",
            "33: `b.com` is no name for a group; name it without a dot: `outlook`",
        ),
        ("per_domain: {a.com: [5/second, 5 per day]}", "51: `5 per day` is no rate; write `5/day`"),
        ("per_domain: {a..com: 5/second}", "33: `a..com` is no domain; write for example `gmail.com`"),
    ],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused_at_its_place(email: str, line: str) -> None:
    text = f"brand: {{name: X}}\nchannels: {{email: {{{email}}}}}\n"

    found, problems = load_company(text.encode())

    assert found is None
    assert [str(problem) for problem in problems] == [f"outreach.yaml:2:{line}"]


def test_limits_by_domain_are_for_mail_only() -> None:
    text = "brand: {name: X}\nchannels: {sms: {per_domain: {a.com: 5/second}}}\n"

    _, problems = load_company(text.encode())

    assert [str(problem) for problem in problems] == [
        "outreach.yaml:2:18: `per_domain` means nothing for sms; take it out"
    ]


@pytest.mark.parametrize(
    ("address", "lane"),
    [
        ("a@gmail.com", "email/gmail.com"),
        ("a@hotmail.com", "email/outlook"),
        ("a@xn--mller-kva.example", "email/outlook"),  # as addresses are stored
        ("a@example.com", "email/example.com"),
        ("a@sub.gmail.com", "email/sub.gmail.com"),
        ("+15550100", ""),
        (None, ""),
    ],
)
def test_an_address_pays_the_limit_of_its_domain(
    email: ChannelLimits, address: str | None, lane: str
) -> None:
    assert email.lane(address) == lane


def test_a_message_pays_the_channel_and_its_domain(email: ChannelLimits) -> None:
    assert [str(each) for each in email.of("email/outlook")] == [
        "50/second; 1000/day, doubling to 200000/day",
        "300/minute",
    ]
    assert [each.name for each in email.of("email/example.com")] == ["email", "email/example.com"]
    assert [each.name for each in email.of("")] == ["email"]


def test_without_a_default_other_domains_have_no_limit_of_their_own() -> None:
    rates = (Rate(1, Unit.SECOND),)
    text = PER_DOMAIN.replace("      default: 20/second\n", "")
    limits = company(text).limits("email")

    assert limits.lane("a@example.com") == ""
    assert limits.limit("email/example.com") is None
    assert ChannelLimits("email", rates).lane("a@gmail.com") == ""


def test_a_channel_without_rates_has_no_limits() -> None:
    assert company(PER_DOMAIN).limits("push").are_none
    assert not company(PER_DOMAIN).limits("sms").are_none


def test_the_slowest_rate_is_the_pace() -> None:
    limit = RateLimit("x", (Rate(10, Unit.SECOND), Rate(300, Unit.MINUTE), Rate(9, Unit.DAY)))

    assert (limit.spacing, limit.burst) == (timedelta(milliseconds=200), 5)


def test_less_than_one_a_second_comes_one_at_a_time() -> None:
    limit = RateLimit("x", (Rate(7, Unit.MINUTE),))

    assert (limit.spacing, limit.burst) == (timedelta(microseconds=8_571_429), 1)


@pytest.mark.parametrize(
    ("days", "quota"), [(0, 100), (1, 200), (7, 12800), (8, 20000), (99, 20000)]
)
def test_a_days_quota_doubles_up_to_its_end(days: int, quota: int) -> None:
    assert RateLimit("x", (Rate(100, Unit.DAY, 20000),)).quota(days) == quota


def test_editors_know_rates_and_domains() -> None:
    definitions = str(company_schema())

    assert "doubling to 20000/day" in definitions
    assert "'domains'" in definitions
