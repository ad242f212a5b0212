"""Random typed expressions, as text, for hypothesis."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Source = SearchStrategy[str]
WORDS = ["Paris", "paris", "ÉCOLE", "École", "straße", "王小明", "ΑΣ", "İ", "a b", "", "😀z", "ￏ"]
DATES = [f"date('{name}')" for name in ("wedding", "birthday", "renews_on", "nobodys")]
DAYS_UNTIL = [f"days_until('{name}')" for name in ("wedding", "birthday", "renews_on", "nobodys")]
KINDS = ["'order'", "'refund'", "'reply'", "'visit'"]


def conditions(depth: int = 2) -> Source:
    """Conditions over the names, functions, filters and operators that there are."""
    simple = st.one_of(*(_comparisons(kind, depth) for kind in _VALUES), _others(depth))
    if depth == 0:
        return simple
    below = conditions(depth - 1)
    return st.one_of(
        simple,
        st.tuples(below, st.sampled_from(["and", "or"]), below).map(_join),
        below.map(lambda part: f"(not {part})"),
        st.tuples(below, below, below).map(lambda x: f"({x[1]} if {x[0]} else {x[2]})"),
    )


def _comparisons(kind: str, depth: int) -> Source:
    value = _value(kind, depth)
    ops = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    return st.one_of(
        st.tuples(value, ops, value).map(_join),
        st.tuples(value, ops, value, ops, value).map(_join),
        st.tuples(
            value, st.sampled_from(["is none", "is not none", "is defined", "== none", "!= none"])
        ).map(_join),
    )


def _others(depth: int) -> Source:
    texts = st.lists(st.sampled_from(WORDS).map(repr), max_size=3).map(
        lambda x: f"[{', '.join(x)}]"
    )
    inside = st.sampled_from(["in", "not in"])
    return st.one_of(
        st.sampled_from(["vip", "(vip == true)", "(vip != false)", "(vip is none)", "(not vip)"]),
        st.sampled_from(["opted_out", "(opted_out == false)", "(not opted_out)"]),
        st.sampled_from(["days(45)", "weeks(9)", "typical_gap"]).map(lambda x: f"in_stage_for({x})"),
        st.tuples(_value("text", depth), inside, texts).map(_join),
        st.tuples(_value("number", depth), inside, st.just("[1, 2.5, 0, -3]")).map(_join),
        st.tuples(
            st.sampled_from(["'vip'", "'de'", "'Paris'"]), inside, st.sampled_from(["tags", "languages"])
        ).map(_join),
        _windowed("received", ["'spring'", "'autumn'"], since=False),
    )  # fmt: skip


def _join(parts: tuple[str, ...]) -> str:
    return f"({' '.join(parts)})"


def _value(kind: str, depth: int) -> Source:
    simple, deeper = _VALUES[kind]
    if depth == 0:
        return simple
    below = lambda other: _value(other, depth - 1)  # noqa: E731
    choice = st.tuples(below(kind), conditions(0), st.one_of(below(kind), st.just("none")))
    return st.one_of(simple, deeper(below), choice.map(lambda x: f"({x[0]} if {x[1]} else {x[2]})"))


def _names(*names: str) -> Source:
    return st.sampled_from(names)


def _windowed(function: str, subjects: list[str], *, since: bool = True) -> Source:
    windows = ["", ", days(30)", ", within=weeks(9)", ", hours(7)", ", typical_gap"]
    if since:
        windows += [", since=last_order_at", ", since=now - days(30)", ", since=seen_at"]
    parts = st.tuples(st.sampled_from(subjects), st.sampled_from(windows))
    return parts.map(lambda x: f"{function}({x[0]}{x[1]})")


def _ops(left: Source, ops: list[str], right: Source) -> Source:
    return st.tuples(left, st.sampled_from(ops), right).map(_join)


Below = Callable[[str], Source]


def _deeper_text(below: Below) -> Source:
    filters = st.sampled_from(["lower", "upper"])
    return st.one_of(
        st.tuples(below("text"), filters).map(lambda x: f"({x[0]}|{x[1]})"),
        _ops(below("text"), ["~"], below("text")),
    )


def _deeper_number(below: Below) -> Source:
    whole = st.one_of(
        _names("orders", "(city|length)", "(tags|length)", "(languages|length)"),
        _windowed("count", KINDS),
    )
    constants = st.sampled_from(["3", "2", "-3", "1"])
    return st.one_of(
        _ops(below("number"), ["+", "-", "*", "/"], below("number")),
        _ops(whole, ["%", "//", "+", "-"], st.one_of(whole, constants)),
        _ops(below("money"), ["/"], _VALUES["money"][0]),
        _ops(below("span"), ["/"], _VALUES["span"][0]),
    )


def _deeper_money(below: Below) -> Source:
    return st.one_of(
        _ops(below("money"), ["+", "-"], below("money")),
        _ops(below("money"), ["*", "/"], _VALUES["number"][0]),
        below("money").map(lambda part: f"(-{part})"),
    )


def _deeper_span(below: Below) -> Source:
    return st.one_of(
        _ops(below("at"), ["-"], below("at")),
        _ops(below("span"), ["+", "-"], below("span")),
        _ops(_names("typical_gap"), ["*", "/"], st.sampled_from(["1.5", "3", "0.01"])),
    )


def _deeper_at(below: Below) -> Source:
    return _ops(below("at"), ["-", "+"], below("span"))


def _deeper_date(below: Below) -> Source:
    moves = ["days(3)", "weeks(2)", "months(1)", "months(13)"]
    return _ops(_names("today"), ["-", "+"], st.sampled_from(moves))


# kind → its simplest values, and those made of others
_VALUES: dict[str, tuple[Source, Callable[[Below], Source]]] = {
    "text": (
        st.one_of(_names("city", "nickname", "plan", "stage"), st.sampled_from(WORDS).map(repr)),
        _deeper_text,
    ),
    "number": (
        st.one_of(_names("orders", "height", "2", "0.1", "7", "-3.5", *DAYS_UNTIL), _windowed("count", KINDS)),
        _deeper_number,
    ),
    "money": (st.one_of(_names("spend", "fee"), _windowed("total", KINDS)), _deeper_money),
    "span": (_names("typical_gap", "days(30)", "hours(5)", "weeks(1)"), _deeper_span),
    "at": (
        _names(
            "now", "created_at", "last_order_at", "first_order_at", "last_contact_at",
            "last_engaged_at", "seen_at", "last('visit')", "first('reply')",
            "(now - days(30))", "(now - months(1))", "(now + months(11))",
        ),
        _deeper_at,
    ),
    "date": (_names("today", "renews_on", "(today - days(30))", *DATES), _deeper_date),
}  # fmt: skip
