"""What people read: lines, tables, bars; the same text whether or not a terminal shows it.

rich lays out tables and colours terminals; plain lines elsewhere do not wait for it to load.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDEST = 10_000  # columns where no terminal is: nothing is wrapped or cut
BAR_WIDTH = 40
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # a value must not steer the terminal


class Screen:
    """Writes to a stream: coloured for a terminal, else plain and never wrapped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @cached_property
    def _console(self) -> "Console":
        from rich.console import Console

        return Console(
            file=self._stream,
            width=None if self._stream.isatty() else WIDEST,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def line(self, text: object = "", style: str = "") -> None:
        """One line, or several."""
        if self._stream.isatty():
            self._console.print(_rich(text, style), soft_wrap=True)
        else:
            self._stream.write(f"{_safe(text)}\n")

    def heading(self, text: str) -> None:
        """A line over what follows."""
        self.line(text, "bold")

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[object]],
        right: Sequence[str] = (),
    ) -> None:
        """Rows under their columns; the columns named in `right` are numbers."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, justify="right" if column in right else "left")
        for row in rows:
            table.add_row(*(_rich(shown(cell)) for cell in row))
        with self._console.capture() as captured:
            self._console.print(table)
        for text in captured.get().splitlines():
            self._stream.write(text.rstrip() + "\n")

    def pairs(self, values: Mapping[str, object]) -> None:
        """Names and what they are, one a line."""
        width = max(map(len, values), default=0)
        for name, value in values.items():
            self.line(f"{name:<{width}}  {shown(value)}".rstrip())

    def bars(self, counts: Mapping[str, int]) -> None:
        """Counts as a bar chart, in the order given."""
        names, most = max(map(len, counts), default=0), max(counts.values(), default=0)
        digits = len(f"{most:,}")
        for name, count in counts.items():
            bar = "█" * (-(-count * BAR_WIDTH // most) if most else 0)
            self.line(f"{name:<{names}}  {count:>{digits},}  {bar}".rstrip())


def shown(value: object) -> str:
    """A value as people read it: numbers with separators, instants in UTC, nothing for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shown(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    return str(value)


def _rich(text: object, style: str = "") -> "Text":
    from rich.text import Text

    return Text(_safe(text), style=style)


def _safe(text: object) -> str:
    return _CONTROLS.sub("�", str(text)).expandtabs(8)
