"""Models of files: every error of a document at its place, in plain words."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

import pytest
from pydantic import Field, StrictBool, StrictInt

from outreach.documents import FileModel, did_you_mean, load, validate


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Leaf(FileModel):
    later: ClassVar[frozenset[str]] = frozenset({"veins"})

    name: str = Field(examples=["oak"])
    size: Annotated[StrictInt, Field(ge=1, le=9)] = 1
    green: StrictBool = True
    colour: Colour = Colour.GREEN


class Tree(FileModel):
    elsewhere: ClassVar[dict[str, str]] = {"name": "it belongs to a leaf"}

    leaves: tuple[Leaf, ...] = ()
    by_name: dict[str, Leaf] = Field(default_factory=dict)
    top: Leaf | None = None
    weight: Decimal | None = None


def lines(text: str) -> list[str]:
    document, problems = load("t.yaml", text.encode())
    assert document is not None
    tree, found = validate(document, Tree)
    assert (tree is None) is bool(found)
    return [str(problem) for problem in (*problems, *found)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("leavs: []", "t.yaml:1:1: unknown key `leavs`; did you mean `leaves`?"),
        (
            "bark: 1",
            "t.yaml:1:1: unknown key `bark`; the keys here are `by_name`, `leaves`, `top`, `weight`",
        ),
        ("name: x", "t.yaml:1:1: unknown key `name`; it belongs to a leaf"),
        ("top: {name: a, nam: b}", "t.yaml:1:16: unknown key `nam`; did you mean `name`?"),
        ("top: {nam: a}", "t.yaml:1:7: unknown key `nam`; did you mean `name`?"),
        ("top: {veins: 1}", "t.yaml:1:7: `veins` is not supported yet; take it out for now"),
        (
            "leaves: [{veins: 1}]",
            "t.yaml:1:11: `veins` is not supported yet; take it out for now",
        ),
        (
            "by_name: {a: {veins: 1}}",
            "t.yaml:1:15: `veins` is not supported yet; take it out for now",
        ),
        ("top: {}", "t.yaml:1:1: `name` is missing; write for example `name: oak`"),
        ("leaves:\n- {}", "t.yaml:2:3: `name` is missing; write for example `name: oak`"),
        ("top: {name: 5}", 't.yaml:1:13: `name` must be text, not a number; put it in quotes: "5"'),
        (
            "top: {name: true}",
            't.yaml:1:13: `name` must be text, not `true`; put it in quotes: "true"',
        ),
        (
            "top: {name: [a]}",
            "t.yaml:1:13: `name` must be text, not a list; write one text, in quotes if it begins with `[` or `{`",
        ),
        ("top: {name: }", "t.yaml:1:12: `name` is empty; write a value, or take it out"),
        ("top:", "t.yaml:1:5: `top` is empty; write a value, or take it out"),
        (
            "top: {name: a, size: 1.5}",
            "t.yaml:1:22: `size` must be a whole number, not a number; write for example `50`",
        ),
        (
            "top: {name: a, size: '5'}",
            "t.yaml:1:22: `size` must be a whole number, not text; write for example `50`",
        ),
        ("top: {name: a, size: 0}", "t.yaml:1:22: `size` is 0; it must be at least 1"),
        ("top: {name: a, size: 10}", "t.yaml:1:22: `size` is 10; it must be at most 9"),
        (
            "top: {name: a, green: yes}",
            "t.yaml:1:23: `green` must be `true` or `false`, not text; write `true`",
        ),
        (
            "top: {name: a, colour: grn}",
            "t.yaml:1:24: `colour` can not be `grn`; did you mean `green`?",
        ),
        (
            "top: {name: a, colour: blue}",
            "t.yaml:1:24: `colour` can not be `blue`; it can be `green`, `red`",
        ),
        (
            "leaves: a",
            "t.yaml:1:9: `leaves` must be a list, not text; write `[one, two]`, or a line beginning "
            "with `- ` for each",
        ),
        (
            "leaves: [a]",
            "t.yaml:1:10: item 1 of `leaves` must be a group of keys, not text; write each as "
            "`key: value` on its own line, indented",
        ),
        (
            "weight: [1]",
            "t.yaml:1:9: `weight` must be a number, not a list; write for example `0.05`",
        ),
        (
            "[a]",
            "t.yaml:1:1: the file must be a group of keys, not a list; write each as `key: value` "
            "on its own line, indented",
        ),
    ],
)
def test_a_fault_is_named_at_its_place_in_plain_words(text: str, line: str) -> None:
    assert lines(text) == [line]


def test_every_fault_is_named_at_once_in_order() -> None:
    text = "top: {name: 1}\nleaves:\n  - {nam: a}\n  - {name: a, size: 99}\nwieght: 1\n"

    assert [line.split(":")[1] for line in lines(text)] == ["1", "3", "4", "5"]


def test_a_guess_ignores_case_and_keeps_silent_when_nothing_is_near() -> None:
    assert did_you_mean("TITEL", ["title", "owner"]) == "did you mean `title`?"
    assert did_you_mean("zzz", ["title", "owner"]) == ""
