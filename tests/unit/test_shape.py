"""The size and the names of things in outreach/: CONTRIBUTING.md says why."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_THE_REFERENCE = 200  # what decides is read at one go
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "misc"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def files() -> dict[Path, str]:
    return {
        path.relative_to(ROOT): path.read_text("utf-8") for path in ROOT.glob("outreach/**/*.py")
    }


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(text) for path, text in files().items() if text}


def test_files_are_short() -> None:
    lengths = {str(path): len(text.splitlines()) for path, text in files().items()}

    assert {path: n for path, n in lengths.items() if n > MOST_LINES_OF_A_FILE} == {}


def test_modules_are_named_after_what_they_hold() -> None:
    assert [
        path for path in files() if NAMES_THAT_SAY_NOTHING & {*path.with_suffix("").parts}
    ] == []


def test_functions_are_short() -> None:
    lengths = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, tree in trees().items()
        if "migrations" not in path.parts  # a table in full, made by Alembic and frozen
        for node in ast.walk(tree)
        if isinstance(node, Function)
    }

    assert {name: n for name, n in lengths.items() if n > MOST_LINES_OF_A_FUNCTION} == {}


@pytest.mark.parametrize(
    ("name", "words"), [("reference", ["outreach.vocabulary"]), ("reference_journeys", [])]
)
def test_a_reference_is_short_and_has_nothing_of_the_product_but_its_words(
    name: str, words: list[str]
) -> None:
    text = (ROOT / f"tests/{name}.py").read_text("utf-8")

    assert len(text.splitlines()) <= MOST_LINES_OF_THE_REFERENCE
    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    ours = [node.module for node in imported if (node.module or "").startswith("outreach")]
    assert ours == words


def test_what_is_public_says_what_it_gives() -> None:
    silent = [
        f"{path}:{getattr(node, 'lineno', 1)} {name}"
        for path, tree in trees().items()
        for name, node in [("the module", tree), *_public(tree)]
        if not ast.get_docstring(node)
    ]

    assert silent == []


def _public(tree: ast.Module | ast.ClassDef) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Public functions, classes, and the public methods of public classes."""
    for node in tree.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        yield node.name, node
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{name}", method) for name, method in _public(node))
