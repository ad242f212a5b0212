"""Arguments at the edge of what can be meant: an answer in one line, never a fault of ours."""

from pathlib import Path

import pytest
from commands import outreach, outreach_here

NO_RUN = (0, 2**63, 99999999999999999999999)


@pytest.mark.parametrize("id_", NO_RUN)
@pytest.mark.parametrize("words", [("runs", "show"), ("runs", "cancel"), ("report", "--run")])
def test_a_number_that_no_run_can_have_is_no_run(
    project: Path, id_: int, words: tuple[str, str]
) -> None:
    answer = outreach_here(project, *words, id_)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"outreach: there is no run {id_}; see `outreach runs`\n"


MISUSED = {("--json",): "missing command", ("--json", "chekc"): "no such command 'chekc'."}


@pytest.mark.parametrize("words", MISUSED, ids=" ".join)
def test_json_without_a_known_command_is_an_error(project: Path, words: tuple[str, ...]) -> None:
    answer = outreach(project, *words)

    assert (answer.code, answer.err) == (2, "")
    assert answer.json["error"]["code"] == "usage"
    assert answer.json["error"]["message"].startswith(MISUSED[words])


def test_help_is_text_with_json_too(project: Path) -> None:
    answer = outreach_here(project, "--json", "--help")

    assert answer.code == 0
    assert answer.out.startswith("Usage: outreach")


@pytest.mark.parametrize("words", [("plan", "service-notice"), ("report",)], ids=" ".join)
def test_rows_for_a_folder_that_is_not_there_are_wrong_usage(
    project: Path, words: tuple[str, ...]
) -> None:
    absent = outreach_here(project, *words, "--rows", "nowhere/x.csv")
    folder = outreach_here(project, *words, "--rows", "campaigns")

    assert (absent.code, folder.code) == (2, 2)
    assert "there is no folder `nowhere`; make it, or name another file" in absent.err
    assert "`campaigns` is a folder; name a file in it" in folder.err
