"""What people read, where no terminal is."""

import io
import re

import pytest

from outreach.cli.screen import Screen


def test_a_table_is_as_wide_as_what_it_holds() -> None:
    out = io.StringIO()

    Screen(out).table(["name", "sent"], [("a" * 200, 1234), ("b", None)], right=["sent"])

    assert out.getvalue().splitlines() == [
        f"{'name':<200}    sent",
        "─" * 208,
        f"{'a' * 200}   1,234",
        "b",
    ]


def test_a_value_can_not_steer_the_terminal() -> None:
    out = io.StringIO()

    Screen(out).line("a\x1b[2Jb [bold]c[/bold] :smile:")

    assert out.getvalue() == "a�[2Jb [bold]c[/bold] :smile:\n"


def test_bars_are_in_proportion_and_the_least_is_seen() -> None:
    out = io.StringIO()

    Screen(out).bars({"growth": 2000, "decline": 1, "none": 0})

    assert out.getvalue().splitlines() == [
        f"growth   2,000  {'█' * 40}",
        "decline      1  █",
        "none         0",
    ]


class Terminal(io.StringIO):
    """A stream that says that a terminal is behind it."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_shown_the_same_words_in_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain, coloured = io.StringIO(), Terminal()

    for out in (plain, coloured):
        Screen(out).line("one\ttwo\nthree\n")
        Screen(out).heading("four")

    assert "\x1b[1mfour\x1b[0m\n" in coloured.getvalue()
    assert re.sub(r"\x1b\[\d*m", "", coloured.getvalue()) == plain.getvalue()
