"""What is refused, where it stands and how to mend it."""

import pytest

from outreach.audience.check import check, literal_comparisons, typed, uses
from outreach.audience.names import Kind, Names, is_built_in, names_of
from outreach.campaign.model import Expression, Place, Selection
from outreach.errors import ProblemsFound
from outreach.settings.company import Brand, Company

NAMES = Names((("fee", Kind.MONEY), ("height", Kind.NUMBER), ("renews_on", Kind.DATE), ("vip", Kind.YES_NO)))  # fmt: skip


def written(source: str) -> Expression:
    return Expression(source, Place("campaigns/a.yaml", 7, 10))


REFUSED = [
    ("", 10, "bad-expression", "empty"),
    ("city ==", 17, "bad-expression", "the end"),
    ("city = 'x'", 15, "bad-expression", "before `=`"),
    ("vip }} {{ vip", 14, "bad-expression", "an expression stands without braces"),
    ("vip ! vip", 14, "bad-expression", "unexpected char '!'"),
    ("city == 'it", 18, "bad-expression", "a quote is opened and not closed"),
    ("(" * 5_000 + "vip", 10, "bad-expression", "levels deep"),
    ("not " * 500 + "vip", 10, "bad-expression", "levels deep"),
    ("vip or " * 2_000 + "vip", 10_010, "bad-expression", "at most 10000"),
    ("cty == 'x'", 10, "unknown-name", "`cty`"),
    ("vip and frob(1)", 18, "unknown-function", "`frob`"),
    ("city|lwer == 'x'", 15, "unknown-filter", "`lwer`"),
    ("city is even", 15, "unknown-test", "`even`"),
    ("vip and clicked('a')", 26, "unknown-step", "there is no step `a` here"),
    ("timed_out('a')", 20, "unknown-wait", "there is no wait `a` here"),
    ("event.amount > 1", 10, "not-allowed", "`event` is what started a campaign: here none did"),
    ("entered_at < now", 10, "not-allowed", "`entered_at` has no meaning here"),
    ("owner.name == 'x'", 10, "not-allowed", "a `.` has no meaning"),
    ("tags[0] == 'x'", 10, "not-allowed", "an index"),
    ("orders ** 2 > 4", 10, "not-allowed", "`**`"),
    ("height * height * height * height * height * height > 1", 10, "not-allowed", "too much"),
    ("orders", 10, "type-mismatch", "a condition is yes or no, this is a number"),
    ("vip and not city", 22, "type-mismatch", "a condition is yes or no, this is a text"),
    ("city == 3", 10, "type-mismatch", "a text is compared with a number"),
    ("orders > 'x'", 10, "type-mismatch", "a number is compared with a text"),
    ("spend > orders", 10, "type-mismatch", "an amount of money is compared with a number"),
    ("last_order_at > days(3)", 10, "type-mismatch", "a datetime is compared with a span"),
    ("renews_on > now", 10, "type-mismatch", "a date is compared with a datetime"),
    ("now - last_order_at > 30", 10, "type-mismatch", "a span is compared with a number"),
    ("vip > true", 10, "type-mismatch", "has no order"),
    ("city < none", 10, "type-mismatch", "none has no order"),
    ("'a' in city", 17, "type-mismatch", "`in` needs a list"),
    ("city in [nickname]", 18, "type-mismatch", "plain values only"),
    ("city in ['a', none]", 18, "type-mismatch", "plain values only"),
    ("tags == interests", 10, "type-mismatch", "a list is compared with a list"),
    ("last_order_at - months(1) < now", 10, "type-mismatch", "`months` stands only beside"),
    ("count('order', months(3)) > 2", 25, "bad-argument", "`within` of `count` is a span"),
    ("count(city) > 2", 10, "bad-argument", "takes a text in quotes"),
    ("count('a', days(1), since=now) > 2", 10, "bad-argument", "these arguments"),
    ("in_stage_for('growth')", 10, "bad-argument", "`in_stage_for` takes one span of time"),
    ("in_stage_for(months(1))", 10, "bad-argument", "`in_stage_for` takes one span of time"),
    ("in_stage_for(within=days(7))", 10, "bad-argument", "`in_stage_for` takes one span of time"),
    ("days_until(birthday) < 7", 10, "bad-argument", "takes a text in quotes"),
    ("date('city') < today", 15, "bad-argument", "`city` is a text, no day of the calendar"),
    ("days_until('Wedding day') < 7", 21, "bad-argument", "no date is called `Wedding day`"),
    ("days_until('wedding', days(7)) < 7", 10, "bad-argument", "these arguments"),
    ("now - days(1.5) > created_at", 16, "bad-argument", "one whole number"),
    ("now - days(orders) > created_at", 16, "bad-argument", "one whole number"),
    ("now - days(999999) > created_at", 16, "bad-argument", "takes 0 to 100000"),
    ("today - hours(3) > renews_on", 10, "type-mismatch", "whole days only"),
    ("height % 2 == 1", 10, "type-mismatch", "needs whole numbers"),
    ("orders / 2 == 1 / 0", 24, "bad-argument", "division by zero"),
    ("spend > 1.00001", 10, "type-mismatch", "four decimals"),
    ("city == 'a\\x00b'", 18, "bad-argument", "control characters"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "column", "code", "words"), REFUSED, ids=lambda x: str(x)[:30])
def test_what_can_not_be_translated_is_refused_at_its_place(
    source: str, column: int, code: str, words: str
) -> None:
    [problem] = check(written(source), NAMES)

    assert (problem.file, problem.line, problem.column) == ("campaigns/a.yaml", 7, column)
    assert problem.code == code
    assert words in problem.message


def test_every_fault_is_found_at_once_and_on_its_own_line() -> None:
    problems = check(written("cty == 'x' and\n    ordrs > 2\nor city == 3"), NAMES)

    assert [(p.line, p.column) for p in problems] == [(7, 10), (8, 14), (9, 13)]
    assert problems[0].hint == "did you mean `city` or `country`?"
    assert problems[1].hint == "did you mean `orders`?"


def test_a_long_list_of_conditions_is_no_deep_one() -> None:
    assert check(written(" or ".join(["city == 'x'"] * 500)), NAMES) == []


def test_entered_at_has_a_meaning_in_a_journey() -> None:
    source = "count('order', since=entered_at) > 0"

    assert check(written(source), Names(entered=True)) == []


def test_names_of_a_company_are_columns_facts_and_its_attributes() -> None:
    company = Company(brand=Brand(name="Muster"), attributes={"shoe_size": "number"})

    names = names_of(company)

    assert names.kinds["shoe_size"] is Kind.NUMBER
    assert check(written("shoe_size > 42 and spend > 10"), names) == []
    assert not is_built_in("shoe_size")
    assert is_built_in("spend")


def test_an_attribute_never_hides_a_column() -> None:
    names = Names((("city", Kind.NUMBER),))

    assert names.kinds["city"] is Kind.TEXT
    assert names.own == {}


def test_uses_names_everything_spoken_of() -> None:
    source = written("city == 'x' and last_order_at > now - months(3) and not vip")
    selection = Selection(stage=("growth",), tags=("a",), where=source)

    assert uses(selection, NAMES) == {"stage", "tags", "city", "last_order_at", "now", "vip"}


def test_texts_that_a_name_is_asked_to_equal_are_listed_with_their_places() -> None:
    source = written("'paris' == city and tier in ['A', 'B'] and 'x' in tags and nickname > 'c'")

    found = [(name, text, place.column) for name, text, place in literal_comparisons(source, NAMES)]

    assert found == [("city", "paris", 10), ("tier", "A", 39), ("tier", "B", 44), ("tags", "x", 53)]


def test_text_is_compared_in_the_form_of_imported_text() -> None:
    decomposed, composed = "E\u0301cole", "École"

    [(_, text, _)] = literal_comparisons(written(f"city == '{decomposed}'"), NAMES)

    assert text == composed


def test_the_tree_of_a_faulty_expression_is_never_had() -> None:
    with pytest.raises(ProblemsFound) as found:
        typed(written("cty == 'x' or ordrs > 1"), NAMES)

    assert len(found.value.problems) == 2


BY_ITSELF = "every message asks for consent and suppressions by itself"
LEAVE_OUT = "leave it out; `opted_out` is who took a consent back"
NO_DATE = "a fixed date can not stand in an expression; count the days back, for example"
SLIPS = [
    ("last_order_at < now - 60 days", "7:32: `60 days` can not be read; write `days(60)`"),
    ("received('a', 14 days)", "7:24: `14 days` can not be read; write `days(14)`"),
    ("created_at < now - 2 years", "7:29: `2 years` can not be read; write `days(730)`"),
    ("tier == A", "7:18: unknown name `A`; texts stand in quotes: `'A'`"),
    ("stage|lower != growth", "7:25: unknown name `growth`; texts stand in quotes: `'growth'`"),
    ("country in [DE]", "7:22: unknown name `DE`; texts stand in quotes: `'DE'`"),
    ("wholesale in tags", "7:10: unknown name `wholesale`; texts stand in quotes: `'wholesale'`"),
    ("complained", "7:10: unknown name `complained`; write `count('complaint') > 0`"),
    ("not unsubscribed", f"7:14: unknown name `unsubscribed`; write `opted_out`, of consent alone: {BY_ITSELF}"),
    ("not suppressed", f"7:14: unknown name `suppressed`; {BY_ITSELF}: {LEAVE_OUT}"),
    ("vip and stopped == true", f"7:18: unknown name `stopped`; {BY_ITSELF}: {LEAVE_OUT}"),
    ("bounced", f"7:10: unknown name `bounced`; {BY_ITSELF}: {LEAVE_OUT}"),
    ("consent('sms')", f"7:10: unknown function `consent`; {BY_ITSELF}: {LEAVE_OUT}"),
    (
        "vip and sms",
        f"7:18: unknown name `sms`; who has a number is `phone is defined`; {BY_ITSELF}",
    ),
    (
        "birthday <= today + days(10)",
        "7:10: a text is compared with a date; write `days_until('birthday') <= 10`",
    ),
    (
        "birthday == today",
        "7:10: a text is compared with a date; write `days_until('birthday') == 0`",
    ),
    (
        "today <= birthday",
        "7:10: a date is compared with a text; write `days_until('birthday') == 0`",
    ),
    (
        "days_until('birthday') <= days(7)",
        "7:10: a number is compared with a span; it is a number of days: write `7`",
    ),
    (
        "not ordered",
        "7:14: unknown name `ordered`; write `count('order') > 0`, of what came in a journey "
        "`count('order', since=entered_at) > 0`",
    ),
    ("not complaint", "7:14: unknown name `complaint`; write `count('complaint') > 0`"),
    ("all", "7:10: unknown name `all`; for everyone write `everyone`"),
    (
        "do-not-greet",
        "7:10: a word alone is no expression; to name a tag write `{tags: [do-not-greet]}`, in `when` and `exit` `\"'do-not-greet' in tags\"`",
    ),
    ("vips", "7:10: unknown name `vips`; did you mean `vip`?"),
    (
        "bounced('mail')",
        "7:10: unknown function `bounced`; where a mail is refused or comes back, `channels: [email, sms]` goes on by SMS",
    ),
    ("pro", "7:10: unknown name `pro`; to name a tag write `{tags: [pro]}`, in `when` and `exit` `\"'pro' in tags\"`"),
    ("tags == 'x'", "7:10: a list is compared with a text; write `'x' in tags`"),
    ("orders >= '3'", "7:10: a number is compared with a text; take the quotes off: `3`"),
    ("city == 3", "7:10: a text is compared with a number; put it in quotes: `'3'`"),
    ("orders => 3", "7:17: `=>` means nothing here; write `>=`"),
    ("orders ≥ 3", "7:17: `≥` means nothing here; write `>=`"),
    ("orders ≤ 3", "7:17: `≤` means nothing here; write `<=`"),
    ("orders ≠ 3", "7:17: `≠` means nothing here; write `!=`"),
    ("vip && vip", "7:14: `&&` means nothing here; write `and`"),
    ("vip || vip", "7:14: `||` means nothing here; write `or`"),
    ("vip AND vip", "7:14: `AND` means nothing here; write `and`"),
    ("tier == ‘A’", "7:18: `‘` is not a quote that can be read; type straight quotes: `'A'`"),
    ("tier == “A”", "7:18: `“` is not a quote that can be read; type straight quotes: `'A'`"),
    ("orders > 12,50", "7:19: `12,50` can not be read: numbers have a point; write `12.50`"),
    ("spend > 1,000", "7:18: `1,000` can be read in two ways; write `1000`, or `1.0`"),
    ("spend > 1.000,00", "7:18: `1.000,00` can not be read: nothing stands between thousands; write `1000`"),
    ("spend > 1,000.50", "7:18: `1,000.50` can not be read: nothing stands between thousands; write `1000.50`"),
    ("spend > 1 000", "7:18: `1 000` can not be read: nothing stands between thousands; write `1000`"),
    ("spend > 1.000.000", "7:18: `1.000.000` can not be read: nothing stands between thousands; write `1000000`"),
    ("spend > $1,000", "7:18: `$1,000` can not be read; write the number alone: `1000`"),
    ("vip and spend > 500 €", "7:26: `500 €` can not be read; write the number alone: `500`"),
    ("spend > 1000.", "7:18: `1000.` can not be read; write `1000`"),
    ("now - last_order_at > 200 Tage", "7:32: `200 Tage` can not be read; write `days(200)`"),
    (
        "last_order_at < 01.09.2026",
        f"7:26: `01.09.2026` is no value of an expression; {NO_DATE} "
        "`last_order_at < now - days(60)`",
    ),
    (
        "created_at < 2026-10-12",
        f"7:23: `2026-10-12` is no value of an expression; {NO_DATE} "
        "`last_order_at < now - days(60)`",
    ),
    (
        "created_at < '2026-09-01'",
        "7:10: a datetime is compared with a text; "
        f"{NO_DATE} `created_at < now - days(60)`",
    ),
    ("created_at < now - years(1)", "7:29: unknown function `years`; write `days(365)`"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "line"), SLIPS, ids=[source for source, _ in SLIPS])
def test_a_slip_is_told_with_what_to_write_instead(source: str, line: str) -> None:
    assert [str(each) for each in check(written(source), NAMES)] == [f"campaigns/a.yaml:{line}"]


def test_what_looks_like_a_slip_inside_quotes_is_a_text() -> None:
    source = "city in ['60 days', 'a && b', '“x”', '2026-09-01'] or birthday == '2026-09-01'"

    assert check(written(source), NAMES) == []
