"""The worked examples hold for the reference, and their pages show them."""

from pathlib import Path

import pytest
from meanings import OUTSIDE, SOURCES, Example, examples, table
from reference import decide

EXAMPLES = examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_reference_agrees_with_the_worked_example(example: Example) -> None:
    assert decide(example.world).get(example.who, OUTSIDE) == example.expected, example.name


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_page_shows_the_examples_of_its_file(source: Path) -> None:
    """`python tests/meanings.py` writes the pages anew."""
    assert source.with_suffix(".md").read_text("utf-8") == table(source)


def test_no_two_examples_of_a_file_have_the_same_name() -> None:
    names = [(example.file, example.name) for example in EXAMPLES]

    assert len(set(names)) == len(names)
