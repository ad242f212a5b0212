"""Options of every command, taken out of the arguments."""

from pathlib import Path

import pytest

from outreach.cli.options import Everywhere, take_out, wants_json
from outreach.errors import UsageError


def test_options_are_found_anywhere_and_the_rest_keeps_its_order() -> None:
    found = take_out(["--json", "plan", "--project", "shop", "greeting", "--now=2026-07-03", "-x"])

    assert found == (
        Everywhere(Path("shop"), json=True, now="2026-07-03"),
        ["plan", "greeting", "-x"],
    )


def test_without_options_the_project_is_this_folder() -> None:
    assert take_out(["check"]) == (Everywhere(Path(), json=False, now=None), ["check"])


def test_two_dashes_end_the_options() -> None:
    options, rest = take_out(["show", "--", "--json", "--now", "x"])

    assert options == Everywhere()
    assert rest == ["show", "--", "--json", "--now", "x"]
    assert not wants_json(["show", "--", "--json"])


@pytest.mark.parametrize("words", [["--now"], ["check", "--project"], ["--project="]])
def test_a_missing_value_is_refused(words: list[str]) -> None:
    with pytest.raises(UsageError, match="needs a value"):
        take_out(words)
