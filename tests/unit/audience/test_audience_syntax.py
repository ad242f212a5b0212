"""Any text at all is read or refused, at a place inside it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import nodes
from random_expressions import conditions

from outreach.audience.analysis import analyse
from outreach.audience.names import NO_ATTRIBUTES, Kind, Names
from outreach.audience.syntax import Fault, alternatives, read

PIECES = ["city", " ", "'x'", "(", ")", "[", "]", "and", "not", "in", "is none", "|lower", "1.5"]
PIECES += ["{{", "}}", "{%", "-", "+", "==", "\n", "count", ",", ".", "%", "'", '"', "if", "else"]
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES)).map("".join))


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_any_text_is_read_or_refused_at_a_place_inside_it(source: str) -> None:
    analysis = analyse(source, NO_ATTRIBUTES)

    assert (analysis.node is None) == bool(analysis.faults)
    assert all(0 <= fault.offset <= len(source) for fault in analysis.faults)


@settings(deadline=None, max_examples=50)
@given(conditions(), st.sampled_from([" ", "\n", "  \n  "]))
def test_a_name_is_found_where_it_stands(source: str, space: str) -> None:
    spread = source.replace(" and ", f"{space}and{space}")
    found = read(spread)

    assert not isinstance(found, Fault)
    for name in found.find_all(nodes.Name):
        assert spread[name.lineno :].startswith(name.name)


def test_offsets_count_characters_not_bytes() -> None:
    [fault] = analyse("'😀王' == cty", Names((("a", Kind.TEXT),))).faults

    assert fault.offset == 8


@pytest.mark.parametrize(
    ("number", "said"),
    [("9" * 5_000, "a number has at most 100 digits"), ("1e400", "the number is too large")],
)
def test_a_number_that_python_can_not_read_is_refused_where_it_stands(
    number: str, said: str
) -> None:
    [fault] = analyse(f"key == 'a' or 5 > {number}", NO_ATTRIBUTES).faults

    assert fault.offset == len("key == 'a' or 5 > ")
    assert fault.message.endswith(said)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("tier == 'A'\n or  city in ['a or b']", ["tier == 'A'", "city in ['a or b']"]),
        ("a or (b or c) or not d and e", ["a", "(b or c)", "not d and e"]),
        ("(a or b)", ["(a or b)"]),
        ("a if b or c else d", ["a if b or c else d"]),
    ],
)
def test_a_chain_of_or_has_each_alternative_as_written(source: str, found: list[str]) -> None:
    assert alternatives(source) == found
