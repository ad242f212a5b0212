"""What holds for every command: options, errors, exit codes, what is imported."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from commands import ROOT, environment, outreach, outreach_here

from outreach.cli.app import COMMANDS


def test_help_names_every_command_and_the_options_of_all(project: Path) -> None:
    answer = outreach(project, "--help")

    assert answer.code == 0
    assert answer.out.startswith("Usage: outreach [OPTIONS] COMMAND [ARGS]...\n")
    for word in ("--project DIR", "--json", "check", "customers", "send", "doctor"):
        assert word in answer.out
    assert "--now" not in answer.out


def test_help_of_a_sub_command_names_the_options_of_all_and_its_arguments(project: Path) -> None:
    answer = outreach_here(project, "runs", "show", "--help")

    assert "ID <int>  The run: see `outreach runs`  [required]\n" in answer.out
    assert answer.out.endswith("\n  Everywhere: --project DIR, --json.\n")


def test_what_sub_commands_do_is_told_whole(project: Path) -> None:
    answer = outreach_here(project, "customers", "--help")

    told = " ".join(answer.out.split())
    assert "show One customer: data, consents, suppressions, stages, dates, interests, " in told
    assert "..." not in answer.out.partition("Commands:")[2]


def test_the_version_is_told(project: Path) -> None:
    assert outreach_here(project, "--version").out == f"outreach {version('outreach')}\n"
    assert outreach_here(project, "--json", "--version").json == {"version": version("outreach")}


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from outreach.cli.frame import run; run(['--help']);"
        "print(sorted({'sqlalchemy', 'pydantic', 'rich', 'jinja2', 'redis'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_check_without_a_database_imports_no_sqlalchemy(project: Path) -> None:
    program = (
        "import sys; from outreach.cli.frame import run; code = run(['check']);"
        "print(code, 'sqlalchemy' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "0 False"


EACH_ALONE = """
import os, sys
import jinja2.ext, psycopg, pydantic_settings, sqlalchemy.dialects.postgresql
from outreach.cli.app import COMMANDS
for name in COMMANDS:
    if os.fork() == 0:
        from outreach.cli.frame import run
        sys.stdout = sys.stderr
        os._exit(run([name, "--help"]))
    _, status = os.wait()
    print(name, status)
"""


def test_each_command_can_be_the_first_that_is_loaded() -> None:
    """Most tests run their commands in processes that have loaded all of them."""
    done = subprocess.run(
        [sys.executable, "-c", EACH_ALONE], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [f"{name} 0" for name in COMMANDS], done.stderr


def test_options_of_all_commands_work_before_and_after_the_command(
    project: Path, tmp_path: Path
) -> None:
    before = outreach(tmp_path, "--json", "--project", project, "schema")
    after = outreach(tmp_path, "schema", f"--project={project}", "--json")

    assert (before.code, before.err) == (0, "")
    assert before == after
    assert list(before.json) == ["campaign", "lifecycle", "outreach", "test"]


def test_after_two_dashes_options_are_plain_words(project: Path) -> None:
    answer = outreach(project, "customers", "show", "--", "--json")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("outreach: there is no customer `--json`")


WRONG_USAGE = {
    ("checks",): "no such command 'checks'. Did you mean 'check'?; see `outreach --help`",
    ("check", "extra"): ("got unexpected extra argument(s) (extra); see `outreach check --help`"),
    ("check", "--fast"): "no such option: --fast; see `outreach check --help`",
    ("customers",): "missing command; see `outreach customers --help`",
    ("consent", "grant", "a"): "missing option '--channel'; see `outreach consent grant --help`",
    ("explain", "win-back", "a", "--run", "x"): (
        "invalid value for '--run': this is no whole number; see `outreach explain --help`"
    ),
    ("dates", "import", "outreach.yaml", "--dates", "x"): (
        "invalid value for '--dates': 'x' is not one of 'dmy', 'mdy', 'iso'; "
        "see `outreach dates import --help`"
    ),
    ("--project",): "`--project` needs a value; name the project's folder",
    ("check", "--now", "soon"): (
        "`--now soon` is no date and time; write for example `--now 2026-07-03T17:00`"
    ),
}


@pytest.mark.parametrize("words", WRONG_USAGE, ids=" ".join)
def test_wrong_usage_is_said_in_one_line(project: Path, words: tuple[str, ...]) -> None:
    answer = outreach(project, *words)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"outreach: {WRONG_USAGE[words]}\n"


@pytest.mark.parametrize(
    "words", [("customers", "show", "caf\udce9"), ("tasks", "done", "1", "--note", "caf\udce9")]
)
def test_words_in_another_encoding_are_wrong_usage(project: Path, words: tuple[str, ...]) -> None:
    answer = outreach_here(project, *words)

    assert answer.code == 2
    assert "is not in UTF-8; set the terminal to UTF-8" in answer.err


def test_wrong_usage_with_json_is_one_document(project: Path) -> None:
    answer = outreach(project, "checks", "--json")

    message, hint = "no such command 'checks'. Did you mean 'check'?", "see `outreach --help`"
    assert (answer.code, answer.err) == (2, "")
    assert answer.json == {"error": {"code": "usage", "message": message, "hint": hint}}


def test_a_folder_that_is_no_project_is_a_broken_set_up(tmp_path: Path) -> None:
    answer = outreach(tmp_path, "check", "--json")

    assert answer.code == 3
    assert answer.json == {
        "error": {
            "code": "setup",
            "message": "there is no outreach.yaml in `.`",
            "hint": "go to the project's folder, or make one with `outreach init`",
        }
    }


def test_a_setting_that_does_not_exist_is_named(project: Path) -> None:
    answer = outreach(project, "check", lok="json")

    assert (answer.code, answer.out) == (3, "")
    assert answer.err == (
        "outreach: there is no setting OUTREACH_LOK; did you mean `OUTREACH_LOG`?\n"
    )


def test_a_reader_that_leaves_ends_the_command_in_silence(project: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "outreach", "schema", "--json"],
        cwd=project,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()

    process.wait(60)

    assert process.stderr.read() == b""
    process.stderr.close()
