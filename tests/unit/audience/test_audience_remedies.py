"""For every fault of an expression there is something to write instead."""

import pytest

from outreach.audience.check import check
from outreach.audience.names import Kind, Names
from outreach.campaign.model import Expression, Place
from outreach.errors import Problem

PLAIN = Names((("fee", Kind.MONEY), ("renews_on", Kind.DATE), ("vip", Kind.YES_NO)))
STARTED = Names(PLAIN.attributes, entered=True, happened=True, steps=("greet",))

REMEDIES = [
    ("{{ orders > 1 }}", "take the braces off: write `orders > 1`"),
    ("{{ orders }} > 1", "take the braces off: write `orders > 1`"),
    ("{% if vip %}", "take the braces off: write `vip`"),
    ("{{ vip ) }}", "take the braces off"),
    ("orders > 1 or", "write what follows `or`, or take it out"),
    ("orders >> 1", "write `>`"),
    ("(orders > 1", "write `)` where it ends"),
    ("tier in ['A', 'B'", "write `]` where it ends"),
    ("(tier in ['A')", "write `]` where it ends"),
    ("orders > 1) or vip", "take it out, or open it before"),
    ("city == 'it's'", "close it, or write a text that holds `'` between two `\"`"),
    ("vip ! vip", "for “not” write `not`, for “differs” `!=`"),
    ("vip ? 1", "take `?` out, or put the text in quotes"),
    ("spend > 1e400", "write a number below 10^15"),
    ("orders > 99999999999999999999999", "write a smaller one"),
    ("spend > 0.1e-30", "write 0, or a larger one"),
    ("foo is defined", "a text stands in quotes: `'foo'`; declare what you import under `attributes`"),
    ("salutation == 'x'", "it is for templates alone; here ask for `nickname`, `title` or `gender`"),
    ("range(3)", "it is for templates alone: leave it out"),
    ("brand.name == 'x'", "it is the same for every customer: leave it out"),
    ("owner.name == 'Mei'", "`owner` is the address alone: write `owner == 'mei@example.com'`"),
    ("customer.city == 'x'", "write `city`"),
    ("first.name == 'x'", "did you mean `first_name`?"),
    ("city.lower == 'x'", "write `city|lower`"),
    ("city.lower() == 'x'", "write `city|lower`"),
    ("city.x == 'x'", "take it off: write `city`"),
    ("dates.wedding == today", "write `date('wedding')`"),
    ("birthday.month == 3", "write for example `days_until('birthday') <= 7`"),
    ("created_at.year == 2025", "count from now: for example `created_at > now - days(365)`"),
    ("renews_on.year == 2025", "count from today: for example `renews_on > today - days(365)`"),
    ("a.b.c", "names have no parts: write one name, for example `city`"),
    ("orders > 10**10", "write the number itself: `10000000000`"),
    ("orders > 10**99", "write the number itself, below 10^15"),
    ("orders**2 > 4", "multiply: `orders * orders`"),
    ("1/0 > 0", "divide by another number"),
    ("10**15 * 10 > 0", "write the number itself: `1000000000000000`"),
    ("city ~ orders == 'x'", "join texts alone, for example `first_name ~ ' ' ~ last_name`"),
    ("city * 5 == 'x'", "join texts by `~`; a number stands without quotes"),
    ("city + none == 'x'", "take `none` out, or ask `is none`"),
    ("tags * 2 == 1", "the number of its members is `tags|length`"),
    ("vip + vip == 1", "join conditions by `and` or `or`"),
    ("tags == []", "whether a list is empty is `tags|length == 0`"),
    ("[1, 2]", "write for example `city in ['Paris', 'Rome']`"),
    ("{'a': 1}", "join conditions: `country == 'DE' and orders > 1`"),
    ("none == none", "ask it of a name, for example `city is none`"),
    ("none > 1", "ask `is none`, or `is defined`"),
    ("city > none", "ask `is none`, or `is defined`"),
    ("city == 'a\\nb'", "take them out (tabs and line ends are some), or put a blank there"),
    ("city == vip", "compare it with a text"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "hint"), REMEDIES, ids=lambda each: str(each)[:30])
def test_a_fault_comes_with_what_to_write_instead(source: str, hint: str) -> None:
    assert hint in [each.hint for each in faults(source, PLAIN)]


FAULTY = """
    ( | | days(3) | orders | event | event.amount | clicked('nope') | timed_out('x') | now
    months(2) | now - months(2) | 10**10**10 > 1 | orders % 0.5 == 1 | count('order', 5) > 0
    count('order', since='x') > 0 | now > '2026-01-01' | birthday > today | stage_in('x') == 'y'
    tags == 'vip' | 'v' in 'vip' | first_name|title == 'x' | orders is divisibleby 2 | true and 1
    'x' if orders else 3 | (3 if vip else 'x') == 3 | (tags if vip else tags) == 1 | received()
    opted_out() | in_stage_for(3) | typical_gap > 3 | typical_gap * orders > days(2) | -vip
    now - last_order_at > days(99999999) | first_name + 1 == 2 | created_at + created_at == now
    today - now > days(1) | hours(1.5) > days(1) | days('3') > days(1) | self | loop | caller()
    namespace() | dict() | frob(1) | (1)(2) | tags[0] == 'x' | +orders > 1 | not in tags | x = 1
    tier in 'A' | tier in [none] | orders > 1 2 | orders; drop | spend > 1.00001 | days | a:b
    fee * fee > 1 | days(99999) + days(99999) > days(1) | renews_on - renews_on > days(1)
    orders + orders + orders + orders + orders + orders + orders + orders + orders + orders + orders
    + orders + orders + orders > 1 | city|lower(1) == 'x' | orders|lower == 'x' | 1.000.000 > 2
    if vip | vip else 1 | vip is | vip | | date('city') > today | days_until('Big Day') < 3 | year(1)
"""
LONG = ["(" * 70 + "vip" + ")" * 70, "vip or " * 2_000 + "vip", "'\\x00' == city", ""]


@pytest.mark.parametrize("names", [PLAIN, STARTED], ids=["plain", "started"])
def test_no_fault_is_without_a_remedy(names: Names) -> None:
    sources = [*(" ".join(each.split()) for each in FAULTY.split(" | ")), *LONG]

    silent = [
        f"{source[:60]}: {each.message}"
        for source in (*sources, *(source for source, _ in REMEDIES))
        for each in faults(source, names)
        if not each.hint
    ]

    assert not silent
    assert all(faults(source, PLAIN) for source in sources if source != "vip")


def test_a_misspelt_column_of_the_event_is_no_text_to_compare() -> None:
    [found] = faults("event.amunt > 3", STARTED)

    assert found.hint == "did you mean `event.amount`?"


def faults(source: str, names: Names) -> list[Problem]:
    return check(Expression(source, Place("campaigns/a.yaml", 7, 10)), names)
