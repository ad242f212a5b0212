"""What was expected of a case beside what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from outreach.testing.cases import Case
from outreach.testing.deciding import Got

SHOWN = 400  # characters of a message


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected, both as people read them."""

    name: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case and what came of it; `expected` and `got` hold the same names."""

    file: str
    line: int
    name: str
    ok: bool
    expected: dict[str, Any]
    got: dict[str, Any]
    differences: tuple[Difference, ...] = ()
    why: tuple[str, ...] = ()  # of one that failed: what `explain` says stops the customer


def compare(case: Case, got: Got) -> CaseResult:
    """The case's result."""
    differences = tuple(_differences(case, got))
    return CaseResult(
        file=case.file,
        line=case.line,
        name=case.name,
        ok=not differences,
        expected=dict(case.expect),
        got={name: got.value(name) for name in case.expect},
        differences=differences,
    )


def _differences(case: Case, got: Got) -> Iterator[Difference]:
    for name, wanted in case.expect.items():
        found = got.value(name)
        if name == "text":
            missing = [each for each in wanted if each not in got.text]
            if missing:
                yield Difference(name, f"with {_quoted(missing)}", _shown(got))
        elif name == "not_text":
            there = [each for each in wanted if each in got.text]
            if there or not got.text:
                yield Difference(name, f"without {_quoted(there or wanted)}", _shown(got))
        elif found != wanted:
            yield Difference(name, _said(wanted, got), _said(found, got))


def _quoted(words: list[str]) -> str:
    return ", ".join(f"`{each}`" for each in words)


def _shown(got: Got) -> str:
    text = " ".join(got.text.split())
    if not text:
        return "no message"
    return f"`{text[:SHOWN]}{' …' if len(text) > SHOWN else ''}`"


def _said(value: object, got: Got) -> str:
    if value is None:
        return "none"
    return f"{got.local(value)} {got.timezone}" if isinstance(value, datetime) else str(value)
