"""What one message may cost: steps, sizes; counted by checks compiled into every template."""

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from outreach.rendering.refusal import RenderError

STEPS = 50_000  # rounds of loops, calls, members a filter looks at
CHARACTERS = 2_000_000  # of all texts a message builds on its way
LARGEST_TEXT = 500_000  # characters of one text, and of one part of a message
_LARGEST_NUMBER = 256  # bits


class Budget:
    """What is left for the message this thread renders; `values` takes what it prints, where that is wanted."""

    __slots__ = ("characters", "steps", "values")

    def __init__(self, values: list[str] | None = None) -> None:
        self.steps = STEPS
        self.characters = CHARACTERS
        self.values = [] if values is None else values

    def spend(self, steps: int = 1) -> None:
        """Take steps; RenderError when there are none left."""
        self.steps -= steps
        if self.steps < 0:
            raise RenderError(
                f"takes more than {STEPS:,} steps; go through fewer members, or put no loop into a loop"
            )

    def grow(self, characters: int) -> None:
        """Take characters of a text that is about to be made, or just was."""
        self.characters -= characters
        if characters > LARGEST_TEXT or self.characters < 0:
            raise RenderError(
                f"makes more than {LARGEST_TEXT:,} characters; write less, or cut it by `truncate`"
            )


class _Present(threading.local):
    budget: Budget

    def __init__(self) -> None:
        self.budget = Budget()


_present = _Present()


def present() -> Budget:
    """The budget of the message this thread is rendering."""
    return _present.budget


def enter(budget: Budget) -> Budget:
    """Make this the thread's budget; returns the one before, to be entered again at the end."""
    before = _present.budget
    _present.budget = budget
    return before


def tick() -> str:
    """Take one step; compiled into every round of a loop. Prints nothing."""
    return ""  # the step itself is taken by the sandbox, as for every call


def weigh(value: object) -> None:
    """Take what a value weighs: steps for members, characters for texts."""
    if isinstance(value, str):
        present().grow(len(value))
    elif isinstance(value, list | tuple | dict | range | set | frozenset):
        present().spend(len(value))


def _text_guard(left: object, right: object) -> None:
    if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
        present().grow(len(left) + len(right))


def _bits(value: object) -> int:
    if isinstance(value, int):
        return value.bit_length()
    return 64 if isinstance(value, float | Decimal) else 0


def add(left: Any, right: Any) -> Any:
    """`+` for what is not too large."""
    _text_guard(left, right)
    return left + right


def multiply(left: Any, right: Any) -> Any:
    """`*` for numbers of moderate size; a text or list is repeated only within the budget."""
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | list | tuple):
            count = times if isinstance(times, int) else 0
            present().grow(len(sequence) * max(0, count))
    if _bits(left) + _bits(right) > _LARGEST_NUMBER:
        raise RenderError("makes too large a number")
    return left * right


def power(left: Any, right: Any) -> Any:
    """`**` for numbers of moderate size."""
    exponent = right if isinstance(right, int) else 64
    if abs(exponent) > _LARGEST_NUMBER or _bits(left) * abs(exponent) > _LARGEST_NUMBER:
        raise RenderError("makes too large a number")
    return left**right


def modulo(left: Any, right: Any) -> Any:
    """`%` for numbers; formatting a text with it is refused: its widths know no bounds."""
    if isinstance(left, str | bytes):
        raise RenderError("formats a text with %; write ~ instead")
    return left % right


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "*": multiply,
    "**": power,
    "%": modulo,
}
