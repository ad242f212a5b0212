"""The command in a copy of the sample project: as a process of its own, or within this one."""

import io
import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, STDOUT
from tempfile import TemporaryFile
from typing import IO, Any
from unittest.mock import patch

import structlog
from pythons import Process

from outreach.cli.frame import run
from outreach.logger import before_first_line

ROOT = Path(__file__).resolve().parents[1]
NOW = "2026-07-03T17:00"  # company time of the sample: New York
SAMPLE = ("outreach.yaml", "campaigns", "templates")
FLOORS = re.compile(r"^floors:\n(?:  - .*\n)+", re.MULTILINE)
FIRST_SAMPLES = ("birthday", "service-notice", "weekly-greeting", "win-back")


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


def outreach(project: Path, *arguments: object, **settings: str) -> Answer:
    """Run `outreach` in the project's folder; `settings` are OUTREACH_ variables in lower case.

    It is a process that begins with the code loaded.
    """
    with TemporaryFile() as out, TemporaryFile() as err:
        code = _begin(project, arguments, settings, out, err).wait(120)
        for file in (out, err):
            file.seek(0)
        return _faultless(Answer(code, out.read().decode(), err.read().decode()))


def begin(
    project: Path, *arguments: object, into: IO[bytes] | int = DEVNULL, **settings: str
) -> Process:
    """Begin `outreach` in the project's folder and go on; all it writes lands `into`."""
    return _begin(project, arguments, settings, into, STDOUT)


def _begin(
    project: Path, arguments: Sequence[object], settings: dict[str, str],
    out: IO[bytes] | int, err: IO[bytes] | int,
) -> Process:  # fmt: skip
    words = [sys.executable, "-m", "outreach", *map(str, arguments)]
    return Process(words, project, environment(**settings), out, err)


def outreach_here(project: Path, *arguments: object, **settings: str) -> Answer:
    """The same answer from within this process, sooner still.

    For what the process itself has no part in; each command also has tests that start one.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    variables = patch.dict(os.environ, environment(**settings), clear=True)
    with variables, chdir(project), redirect_stdout(out), redirect_stderr(err):
        code = run([str(each) for each in arguments])
    structlog.reset_defaults()  # the log of this call ended with it
    before_first_line(lambda: None)
    return _faultless(Answer(code, *(each.buffer.getvalue().decode() for each in (out, err))))


def _faultless(answer: Answer) -> Answer:
    assert "Traceback" not in answer.err + answer.out
    assert "fault of outreach" not in answer.err + answer.out
    return answer


def environment(**settings: str) -> dict[str, str]:
    """This process's variables without any OUTREACH_ but the ones given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OUTREACH_")}
    given = {f"OUTREACH_{name.upper()}": value for name, value in settings.items()}
    return {**kept, **given, "PYTHONPATH": str(ROOT)}


def sample_project(folder: Path, whole: bool = False) -> Path:
    """A copy of the sample project at a folder; unless it is to be whole, with FIRST_SAMPLES alone.

    So what commands print about all campaigns is the same however many samples there are.
    """
    folder.mkdir()
    for name in SAMPLE:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, folder / name)
    if whole:
        return folder
    for path in (folder / "campaigns").glob("*.yaml"):
        if path.stem not in FIRST_SAMPLES:
            path.unlink()
    birthday = folder / "campaigns/birthday.yaml"  # one of them is a draft
    birthday.write_text(birthday.read_text("utf-8").replace("status: active", "status: draft"))
    rules = (folder / "outreach.yaml").read_text("utf-8")  # a floor gives customers to one of them
    (folder / "outreach.yaml").write_text(FLOORS.sub("", rules), "utf-8")
    return folder
