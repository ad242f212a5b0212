"""outreach.yaml: what it says, what is refused, and with which words."""

from datetime import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.campaign.model import Campaign, OnEvent, Schedule, ScheduleKind, Selection, Step
from outreach.campaign.schema import company_schema
from outreach.errors import Problem
from outreach.rendering.context import context_names
from outreach.settings.attribute_names import COLUMNS, FACTS, FUNCTIONS, WORDS
from outreach.settings.company import DEFAULT_CADENCE, DEFAULT_QUIET_HOURS, Brand, Company
from outreach.settings.company_file import load_company
from outreach.spans import ALL_DAY, Cap, DaySpan, Per, PerKind, QuietHours
from outreach.store.tables import customers

BRAND = "brand: {name: Harbour Tea}\n"
FULL = """\
brand:
  name: Harbour Tea
  postal_address: |
    1 Quay
    Hamburg
  timezone: Europe/Berlin
  country: DE
  locale: de
  currency: EUR
public_url: https://mail.example.com/
salt: 2026-a
lifecycle: given
topics:
  greetings: {title: Greetings}
  service: {transactional: true, urgent: true}
cadence:
  - {at_most: 2, per: 36 hours}
  - {at_most: 1, per: calendar week, channel: sms, topic: greetings}
quiet_hours:
  - {span: "22:00-07:30"}
  - {span: all_day, country: NO, channel: sms, days: [sat-sun, wed]}
control_group: 2.5%
testers: [mei@example.com, +12025550143]
attributes: {favourite_tea: text, cups: number}
channels:
  email: {from: Harbour Tea <news@example.com>, reply_to: mei@example.com, connections: 8}
  sms: {from: "+4915550100", signature: Tea, stop_words: [ARRET], price: {default: 0.05, NO: 1}}
  push: {adapter: ours}
owners:
  mei@example.com: {name: Mei Wang}
senders: {mei: Mei <mei@example.com>}
"""


def company(text: str) -> Company:
    found, problems = load_company(text.encode())
    assert problems == []
    assert found is not None
    return found


def lines(text: str) -> list[str]:
    found, problems = load_company(text.encode())
    assert (found is None) is bool(problems)
    return [str(problem) for problem in problems]


def test_what_is_left_out_has_the_contracts_defaults() -> None:
    rules = company(BRAND)

    assert rules == Company(brand=Brand(name="Harbour Tea"), salt="Harbour Tea")
    assert rules.cadence == DEFAULT_CADENCE
    assert rules.quiet_hours == DEFAULT_QUIET_HOURS


def test_none_means_no_rules() -> None:
    rules = company(BRAND + "cadence: none\nquiet_hours: none\n")

    assert (rules.cadence, rules.quiet_hours) == ((), ())


def test_a_full_file_says_what_it_says() -> None:
    rules = company(FULL)

    assert rules.brand.postal_address == "1 Quay\nHamburg"
    assert rules.public_url == "https://mail.example.com"
    assert (rules.salt, rules.lifecycle, rules.control_group) == ("2026-a", "given", 250)
    assert rules.topics["service"].urgent
    assert rules.cadence == (
        Cap(2, Per(PerKind.SECONDS, 36 * 3600)),
        Cap(1, Per(PerKind.WEEK), "sms", "greetings"),
    )
    assert rules.quiet_hours == (
        QuietHours(DaySpan(time(22), time(7, 30))),
        QuietHours(ALL_DAY, "NO", "sms", frozenset({2, 5, 6})),
    )
    assert rules.testers == ("mei@example.com", "+12025550143")
    assert rules.attributes == {"favourite_tea": "text", "cups": "number"}
    assert rules.owners == {"mei@example.com": {"name": "Mei Wang"}}
    assert rules.senders == {"mei": "Mei <mei@example.com>"}


def test_channels_keep_what_is_written_of_them() -> None:
    channels = company(FULL).channels

    assert channels["email"].sender == "Harbour Tea <news@example.com>"
    assert (channels["email"].reply_to, channels["email"].connections) == ("mei@example.com", 8)
    assert channels["sms"].price == {"default": Decimal("0.05"), "NO": Decimal(1)}
    assert (channels["sms"].signature, channels["sms"].stop_words) == ("Tea", ("ARRET",))
    assert channels["push"].adapter == "ours"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("brnd: {name: X}", "1:1: unknown key `brnd`; did you mean `brand`?"),
        (
            "owners: {m@example.com: {}}\nfloors: [{at_least: 1, per: calendar month, audience: {tier: A}, by: owner}]",
            "3:29: a floor counts days, not `calendar month`: it is looked at once a day; write for "
            "example `30 days`",
        ),
        (
            "owners: {m@example.com: {}}\nfloors: [{at_least: 2, per: 30 days, audience: {tier: A}, by: owner}]",
            "3:21: a floor is one touch: several in a span may all come in its first days; write "
            "`at_least: 1, per: 15 days`: none is further from the next",
        ),
        (
            "floors: [{at_least: 1, per: 30 days, audience: {tier: A}, by: owner}]",
            "2:63: a floor `by: owner` needs `owners`: the people who are given the tasks; name them",
        ),
        (
            "owners: {m@example.com: {}}\nfloors: [{at_least: 1, per: 30 days, audience: {}, by: owner}]",
            "3:38: `audience` says nothing; for everyone write `audience: everyone`",
        ),
        (
            "owners: {m@example.com: {}}\nfloors: [{at_least: 1, per: 30 days, audience: {teir: A}, by: owner}]",
            "3:49: unknown key `teir`; did you mean `tier`?",
        ),
        (
            "approval: {people: mei, least: won}",
            "2:32: `least` can not be `won`; did you mean `two`?",
        ),
        (
            "approval: {people: [mei, Mei]}",
            "2:26: `Mei` is named twice: one person approves once; take one out",
        ),
        (
            "approval: {people: [mei], least: two}",
            "2:20: `two` must approve, and `people` names 1; "
            "name them, as in `people: [mei@example.com, tom@example.com]`",
        ),
        (
            "approval: {people: [mei, tom], least: two, above: {audience: 9, least: one}}",
            "2:72: `above` asks for no more than `least: two` does for every campaign; "
            "ask for more, or take it out",
        ),
        ("rates: {}", "2:1: `rates` is not supported yet; take it out for now"),
        (
            "lifecycles: {main: six-stage}",
            "2:14: `main` is the one under `lifecycle`; choose another name",
        ),
        (
            "lifecycles: {crm: given}",
            "2:19: the stages of a further lifecycle can not be given by a file; "
            "write `lifecycle: given` for the main one",
        ),
        ("retention: {}", "2:1: `retention` is not supported yet; take it out for now"),
        (
            "channels: {email: {from: nobody}}",
            "2:26: `nobody` is no address; write `news@example.com` or `Harbour Tea "
            "<news@example.com>`",
        ),
        (
            "channels: {sms: {from: Harbour Tea Company}}",
            "2:24: `Harbour Tea Company` can not send text messages; write a number such as "
            "`+15555550100` in quotes, or a name of at most 11 letters and digits",
        ),
        (
            "channels: {sms: {from: Tea, messaging_service: MG1}}",
            "2:48: `from` and `messaging_service` stand together; keep one",
        ),
        (
            "channels: {sms: {reply_to: a@example.com}}",
            "2:28: `reply_to` means nothing for sms; take it out",
        ),
        (
            "channels: {email: {price: {default: 1}}}",
            "2:20: `price` means nothing for email; take it out",
        ),
        (
            "channels: {push: {}}",
            "2:12: channel `push` has no `adapter`; name the package's adapter",
        ),
        (
            "channels: {sms: {price: {UK: 1}}}",
            "2:26: `UK` is no country's two letters; did you mean `GB`?",
        ),
        (
            "channels: {sms: {price: {default: free}}}",
            "2:35: this must be a number; write for example `0.05`",
        ),
        (
            "topics: {a: {urgent: true}}",
            "2:22: only a transactional topic can be `urgent`; take `urgent` out",
        ),
        ("topics: {a: }", "2:12: `a` is empty; write a value, or take it out"),
        (
            "topics: {a b: {}}",
            "2:10: `a b` can not be a name; use letters, digits, `-` and `_`, at most 80, a letter "
            "or digit first",
        ),
        ("cadence: []", "2:10: this must be a list of rules; to have none, write `none`"),
        ("quiet_hours: no", "2:14: this must be a list of rules; to have none, write `none`"),
        (
            "cadence: [{at_most: 1, per: week}]",
            "2:29: `week` is no window; write `calendar week`",
        ),
        ("cadence: [{at_most: 1, per: quarter}]", "2:29: `quarter` is no window; write `90 days`"),
        (
            "cadence: [{at_most: 1, per: 3 months}]",
            "2:29: `3 months` is no window; write `90 days`",
        ),
        (
            "cadence: [{at_most: 1, per: 1 month}]",
            "2:29: `1 month` is no window; write `30 days`, or `calendar month`",
        ),
        (
            "cadence: [{at_most: 1, per: 2 years}]",
            "2:29: `2 years` is no window; write `366 days`",
        ),
        (
            "owners: {m@example.com: {}}\nfloors: [{at_least: 1, per: month, audience: {tier: A}, by: owner}]",
            "3:29: `month` is no window; write `30 days`",
        ),
        (
            "cadence: [{at_most: 1, per: fortnight}]",
            "2:29: `fortnight` is no window; write `7 days`, `36 hours`, `calendar day`, "
            "`calendar week` or `calendar month`",
        ),
        (
            "cadence: [{at_most: 99999999999999999999, per: 7 days}]",
            "2:21: `at_most` is too large a number; write at most 18 digits",
        ),
        ("cadence: [{at_most: 0, per: 1 day}]", "2:21: `at_most` is 0; it must be at least 1"),
        (
            "cadence: [{at_most: 1, per: 1 day, channel: emial}]",
            "2:45: there is no channel `emial`; did you mean `email`?",
        ),
        (
            "cadence: [{at_most: 1, per: 1 day, topic: x}]",
            "2:43: there is no topic `x`; add it to `topics`",
        ),
        (
            'quiet_hours: [{span: "21-8"}]',
            '2:22: `21` is no time of day; write `"21:00-08:00"`',
        ),
        (
            "quiet_hours: [{span: all_day, days: sonday}]",
            "2:37: `sonday` is no day of the week; did you mean `sunday`?",
        ),
        (
            "quiet_hours: [{span: all_day, country: Norway}]",
            "2:40: `Norway` is no country's two letters; did you mean `NO`?",
        ),
        ("control_group: 0.02", "2:16: this must be a share; write for example `10%`"),
        ("control_group: none", "2:16: `none` is no share; leave the key out"),
        ("control_group: 101%", "2:16: `101%` is no share; write for example `10%`"),
        ("attributes: {orders: number}", "2:14: `orders` is a fact already; choose another name"),
        ("attributes: {city: text}", "2:14: `city` is a column already; choose another name"),
        ("attributes: {days: number}", "2:14: `days` is a function already; choose another name"),
        (
            "attributes: {now: date}",
            "2:14: `now` means something in expressions; choose another name",
        ),
        (
            "attributes: {Tea: text}",
            "2:14: `Tea` can not name an attribute; use small letters, digits and `_`, a letter first",
        ),
        ("attributes: {tea: txt}", "2:19: `tea` can not be `txt`; did you mean `text`?"),
        (
            "public_url: http://mail.example.com",
            "2:13: mail programs want https for unsubscribing; begin it with `https://`",
        ),
        (
            "public_url: mail.example.com",
            "2:13: this is no web address; write for example `https://mail.example.com`",
        ),
        ("testers: []", "2:10: this list is empty; write at least one, or take the key out"),
        ("testers: [a@b.de, a@b.de]", "2:10: `a@b.de` is named twice; keep one of them"),
        (
            "testers: [mei@example.com, mei]",
            "2:28: `mei` is neither an address nor a number; write `mei@example.com`, or a number "
            "such as `+15555550100`",
        ),
    ],
)
def test_a_fault_is_refused_at_its_place(text: str, line: str) -> None:
    content = BRAND + text if not text.startswith("brnd") else BRAND.replace("brand", "brnd")

    assert lines(content) == [f"outreach.yaml:{line}"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("topics: {}", "1:1: `brand` is missing; add `brand:`"),
        ("brand: {}", "1:1: `name` is missing; write for example `name: Harbour Tea`"),
        ("brand: {name: ''}", "1:15: this text is empty; write something, or take the key out"),
        ("brand: {name: 7}", '1:15: `name` must be text, not a number; put it in quotes: "7"'),
        (
            "brand: {name: X, timezone: Berlin}",
            "1:28: there is no time zone `Berlin`; did you mean `Europe/Berlin`?",
        ),
        (
            "brand: {name: X, timezone: Factory}",
            "1:28: there is no time zone `Factory`; write for example `Europe/Berlin`",
        ),
        (
            "brand: {name: X, locale: zh_hans}",
            "1:26: `zh_hans` is not how it is written; write `zh-Hans`",
        ),
        (
            "brand: {name: X, locale: klingon}",
            "1:26: `klingon` is no language; write for example `de` or `zh-Hans`",
        ),
        (
            "brand: {name: X, currency: euro}",
            "1:28: `euro` is no currency's three letters; write for example `EUR`",
        ),
    ],
)
def test_a_fault_of_the_brand_is_refused_at_its_place(text: str, line: str) -> None:
    assert lines(text) == [f"outreach.yaml:{line}"]


ON_ORDER = Campaign(
    "thanks", "Thanks", "mei@example.com", "service", Selection(),
    Schedule(ScheduleKind.ON_EVENT, on_event=OnEvent("order")), (Step("s", ("sms",), "t"),),
)  # fmt: skip


def test_no_attribute_can_take_the_name_of_anything_customers_have() -> None:
    columns = {column.name for column in customers.columns}

    assert columns <= COLUMNS | FACTS
    assert context_names(company(BRAND), ON_ORDER) <= COLUMNS | FACTS | FUNCTIONS | WORDS


def test_the_schema_says_something_of_every_key() -> None:
    schema = company_schema()

    assert schema["required"] == ["brand"]
    assert [key for key, each in schema["properties"].items() if "description" not in each] == []


@settings(deadline=None, max_examples=150)
@given(st.text("brand: {name}[]topics\n- 'x10%~"))
def test_no_text_makes_it_raise(text: str) -> None:
    found, problems = load_company((BRAND + text).encode())

    assert (found is None) is bool(problems)
    assert all(isinstance(problem, Problem) for problem in problems)
