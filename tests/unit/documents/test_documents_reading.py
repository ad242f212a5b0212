"""Reading YAML: what a scalar means, what is refused, and where each thing stands."""

import itertools
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.documents import Document, Passage, Tree, load


def read(text: str) -> Document:
    document, problems = load("a.yaml", text.encode())
    assert problems == []
    assert document is not None
    return document


def lines(content: bytes | str) -> list[str]:
    raw = content.encode() if isinstance(content, str) else content
    return [str(problem) for problem in load("a.yaml", raw)[1]]


def test_what_one_reader_adds_to_the_problems_no_other_sees() -> None:
    first = load("twice.yaml", b"a: 1\na: 2\n")[1]
    first.clear()

    assert len(load("twice.yaml", b"a: 1\na: 2\n")[1]) == 1


def test_the_same_bytes_under_another_name_are_told_by_that_name() -> None:
    assert [load(name, b"a: 1\na: 2\n")[1][0].file for name in ("x.yaml", "y.yaml")] == [
        "x.yaml",
        "y.yaml",
    ]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12:30", "12:30"),
        ("NO", "NO"),
        ("yes", "yes"),
        ("off", "off"),
        ("+15555550100", "+15555550100"),
        ("007", "007"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("2026-12-24", "2026-12-24"),
        ("2026-12-24T09:00:00Z", "2026-12-24T09:00:00Z"),
        ("12345678901234567890", "12345678901234567890"),
        ("=", "="),
        ('"5"', "5"),
        ("'true'", "true"),
        ("!!str 5", "5"),
        ("true", True),
        ("False", False),
        ("5", 5),
        ("-5", -5),
        ("0.1", Decimal("0.1")),
        ("~", None),
        ("null", None),
    ],
)
def test_only_what_is_plainly_something_else_is_no_text(written: str, value: Tree) -> None:
    document, _ = load("a.yaml", f"key: {written}\n".encode())

    assert document is not None
    assert document.value == {"key": value}
    assert type(document.get(("key",))) is type(value)


def test_keys_stay_as_written() -> None:
    assert read("{NO: 1, 2024: 2, null: 3, true: 4}").value == {
        "NO": 1,
        "2024": 2,
        "null": 3,
        "true": 4,
    }


def test_a_byte_order_mark_and_windows_line_ends_make_no_difference() -> None:
    document, problems = load("a.yaml", b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\n")

    assert problems == []
    assert document is not None
    assert document.value == {"a": 1, "b": "x\ny\n"}
    assert document.place(("b",), key=True) == (2, 1)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "a.yaml:1:1: the file is empty; write something"),
        ("# nothing\n", "a.yaml:1:1: the file is empty; write something"),
        ("---\n", "a.yaml:2:1: the file is empty; write something"),
        ("a: 1\nb: 2\na: 3", "a.yaml:3:1: `a` is written twice, first in line 1; keep one of them"),
        ("a:\n\tb: 1", "a.yaml:2:1: a tab can not indent; use spaces"),
        (b"a: gr\xfc\xdfe", "a.yaml:1:6: this is not UTF-8; save the file as UTF-8"),
        ("é: é".encode("utf-16"), "a.yaml:1:1: this is not UTF-8; save the file as UTF-8"),
        (
            "title: Hi: you",
            "a.yaml:1:10: a `:` where no key can be; put the text in quotes, or begin each line of "
            "a group in the same column, with spaces",
        ),
        ("a: [1, 2\nb: 3", "a.yaml:1:4: a `[` is opened and not closed; close it with `]`"),
        ("a: 1\nb: [\n", "a.yaml:2:4: a `[` is opened and not closed; close it with `]`"),
        ("a: {\n", "a.yaml:1:4: a `{` is opened and not closed; close it with `}`"),
        ("a: [1, , 2]\n", "a.yaml:1:8: a value is missing here; write one, or take the key out"),
        ("a: {b: 2\nc: 3", "a.yaml:1:4: a `{` is opened and not closed; close it with `}`"),
        ('a: "x\nb: c', "a.yaml:1:4: a quote is opened and not closed; close it"),
        ("a: @me", "a.yaml:1:4: a text can not begin with `@`; put the text in quotes"),
        ("a: * b", "a.yaml:1:5: `*` and `&` begin an alias; put the text in quotes"),
        (
            "a: *b",
            "a.yaml:1:4: nothing is named `&b` above; put the text in quotes, or write it out",
        ),
        (
            "a: &b [*b]",
            "a.yaml:1:8: `*b` stands for itself; put the text in quotes, or write it out",
        ),
        (
            "a: {{ name }}",
            "a.yaml:1:5: a group or an alias can not be a key; put text that begins with `{` in "
            "quotes",
        ),
        (
            "a: !!python/object:os.system x",
            "a.yaml:1:4: the tag `!!python/object:os.system` can not be used here; take it out",
        ),
        ("a: !!int 5", "a.yaml:1:4: the tag `!!int` can not be used here; take it out"),
        ("a: !mine [x]", "a.yaml:1:4: the tag `!mine` can not be used here; take it out"),
        ("a: 1\n---\nb: 2", "a.yaml:2:1: a second document begins here; take the `---` out"),
        (
            'a: "\\0"',
            "a.yaml:1:4: the text holds a control character (U+0000); take it out",
        ),
        (
            'a: "\\uD800"',
            "a.yaml:1:4: the text holds a control character (U+D800); take it out",
        ),
        (
            "a: x\nb: \x07",
            "a.yaml:2:4: the file holds a control character (U+0007); take it out",
        ),
        ('a: "\\UFFFFFFFF"', "a.yaml:1:7: this is no YAML; put the text in quotes"),
        ('a: "\\d"', "a.yaml:1:6: `\\d` means nothing in double quotes; use single quotes"),
        ("a: 1\nb\nc: 3", "a.yaml:2:1: a line without `:`; write `key: value`"),
        ("a:" + " [" * 41, "a.yaml:1:84: this is nested more than 40 deep; make it flatter"),
    ],
)
def test_a_broken_file_is_refused_at_its_place(content: bytes | str, line: str) -> None:
    assert lines(content) == [line]


def test_faults_that_do_not_stop_the_reader_are_all_named() -> None:
    content = 'a: 1\na: 2\nb: !!set x\nc: *nobody\nd: "\\0"\n'

    assert [line.split(":")[1] for line in lines(content)] == ["2", "3", "4", "5"]


def test_a_file_over_the_limit_is_not_read() -> None:
    assert lines(b"#" * (1024 * 1024 + 1)) == [
        "a.yaml: the file is too large: 1,048,577 bytes; at most 1,048,576"
    ]


def test_a_billion_laughs_are_refused_at_once() -> None:
    names = "abcdefghij"
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
        for before, name in itertools.pairwise(names)
    )
    begun = time.thread_time()

    assert lines(bomb) == [
        "a.yaml:5:4: the file stands for more than 20,000 values; make it shorter, with fewer aliases"
    ]
    assert time.thread_time() - begun < 1


@pytest.mark.parametrize("piece", [b"[", b"{", b"- ", b"? ", b"a,", b"a: b\n", b"&a ", b"'", b"\n"])
def test_much_of_anything_takes_little_time(piece: bytes) -> None:
    begun = time.thread_time()

    load("a.yaml", b"[" + piece * (150_000 // len(piece)))

    assert time.thread_time() - begun < 3


def test_aliases_stand_for_what_they_name() -> None:
    document = read("a: &x {k: 1}\nb: [*x, *x]\n")

    assert document.value == {"a": {"k": 1}, "b": [{"k": 1}, {"k": 1}]}
    assert document.place(("b", 1, "k"), key=True) == (1, 8)


def test_places_are_those_of_keys_values_and_items() -> None:
    document = read("one:\n  two: [a, {three: b}]\n")

    assert document.place(("one", "two"), key=True) == (2, 3)
    assert document.place(("one", "two")) == (2, 8)
    assert document.place(("one", "two", 1), key=True) == (2, 12)
    assert document.place(("one", "two", 1, "three")) == (2, 20)
    assert document.place(("one", "nowhere", 7)) == (2, 3)


@pytest.mark.parametrize(
    "text",
    [
        "a: x == 1 or z # no\n",
        "a: x == 1\n   and y == 2\n     or z\n",
        "b: 1\na: x == 1 and\n  y == 2\n\n  or z\n",
        'a: "x == 1\n     and y == 2 or z"\n',
        "a: \"x == '\\u00e4' and \\\n  y == '\\t' or z\"\n",
        "a: 'x == ''y'' and z'\n",
        "a: >-\n    x == 1\n    and y\n\n    or z\n",
        "a: |\n  x == 'q\n  r' or z\n",
        "a: x ==\r\n  1 or z\r\n",
    ],
)
def test_each_character_of_a_passage_knows_its_place(text: str) -> None:
    lines = text.replace("\r\n", "\n").split("\n")

    found = read(text).passage(("a",))

    seen = [lines[line - 1][column - 1 : column] for line, column in found.marks[:-1]]
    pairs = [pair for pair in zip(found.source, seen, strict=True) if not pair[0].isspace()]
    assert all(one == other or other == "\\" for one, other in pairs)
    line, column = found.marks[found.source.rindex("z")]
    assert lines[line - 1][column - 1] == "z"


@pytest.mark.parametrize(
    ("text", "passage"),
    [
        ("a: x == 1 # no\n", Passage("x == 1", 1, 4)),
        ("a: x\n   and y\n", Passage("x\nand y", 1, 4)),
        ('a:   "x == 1"\n', Passage("x == 1", 1, 7)),
        ("a: 'x == ''y'''\n", Passage("x == 'y'", 1, 5)),
        ("a: |  # why\n\n    x\n      and y\n", Passage("x\n  and y", 3, 5)),
        ("a: >-\n  x\n  and y\n", Passage("x\nand y", 2, 3)),
        ("a: |\n  'x\n  y'\n", Passage("'x\ny'", 2, 3)),
        ("a: !!str x\n", Passage("x", 1, 10)),
        ("a: &b x\nc: *b\n", Passage("x", 1, 7)),
        ('a: &b !!str "x"\nc: *b\n', Passage("x", 1, 14)),
    ],
)
def test_a_passage_begins_where_its_text_does(text: str, passage: Passage) -> None:
    assert read(text).passage(("a",)) == passage


def test_an_offset_in_a_block_is_a_column_of_the_file() -> None:
    text = "where: |\n    orders > 1\n      and citty == 'Paris'\n"
    passage = read(text).passage(("where",))

    before, _, rest = passage.source.partition("citty")

    assert rest.startswith(" ==")
    assert passage.line + before.count("\n") == 3
    assert passage.column + len(before.rpartition("\n")[2]) == 11
    assert text.splitlines()[2][10:].startswith("citty")


YAML_LIKE = st.text("ab01:-[]{}\"'|>&*!%@`#?, \n\t\\~.x")


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.binary(), st.text().map(str.encode), YAML_LIKE.map(str.encode)))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    document, problems = load("a.yaml", content)

    assert document is not None or problems
    for problem in problems:
        assert problem.line <= content.count(b"\n") + content.count(b"\r") + 1000


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=60))
def test_a_quoted_text_comes_back_as_it_was(text: str) -> None:
    quoted = text.replace("'", "''")

    document, problems = load("a.yaml", f"a: '{quoted}'".encode())

    if not problems and document is not None and not {"\u2028", "\u2029", "\x85"} & set(text):
        assert document.value == {"a": text}
