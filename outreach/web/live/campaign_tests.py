"""The project's campaign tests, run beside the live page: in a process of their own, at low priority."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outreach.app.background import Background
from outreach.errors import UsageError
from outreach.testing.run import files_with_tests

TOPIC = "tests"
NICE = 10
Stamp = tuple[str, int, int]  # path, time of change, size


@dataclass(frozen=True, slots=True)
class Tested:
    """What `outreach test --json` says; `is_current` False: files have changed, they run again.

    `found` is None before the first of them is through, and where there are no tests.
    """

    are_there: bool
    is_current: bool
    found: object


class CampaignTests:
    """Runs them when they are asked for and files have changed; of what waits only the newest."""

    def __init__(self, project: Path, background: Background) -> None:
        self._project = project
        self._background = background
        self._stamps = self._looked()
        self._process: subprocess.Popen[bytes] | None = None

    def look_for_changes(self) -> bool:
        """Whether a file with tests has changed since it was asked last."""
        found = self._looked()
        has_changed, self._stamps = found != self._stamps, found
        return has_changed

    def tested(self, version: int) -> Tested:
        """What came of them last; `version` is that of the project's files."""
        key = (version, self._stamps)
        if not self._stamps:
            return Tested(are_there=False, is_current=True, found=None)
        self._background.ask(TOPIC, key, self._run)
        done = self._background.result(TOPIC)
        if done is None:
            return Tested(are_there=True, is_current=False, found=None)
        return Tested(True, done.key == key, done.value)

    def close(self) -> None:
        """End what runs."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()

    def _looked(self) -> tuple[Stamp, ...]:
        return tuple(_stamps(_files(self._project)))

    def _run(self) -> object:
        words = (sys.executable, "-m", "outreach", "test", "--json", "--project", self._project)
        nicely = ("nice", "-n", NICE) if shutil.which("nice") else ()  # edits are shown meanwhile
        root, known = str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")
        self._process = subprocess.Popen(  # noqa: S603  our own command
            [str(word) for word in (*nicely, *words)],
            env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{known}" if known else root},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        out, _ = self._process.communicate()
        return _document(out)


def _document(out: bytes) -> object:
    """The command's answer; None where it was ended before it had one."""
    try:
        found: Mapping[str, Any] | Sequence[Any] = json.loads(out)
    except ValueError:
        return None
    return found


def _files(project: Path) -> Sequence[Path]:
    try:
        return files_with_tests(project)
    except UsageError:
        return ()


def _stamps(files: Sequence[Path]) -> Iterator[Stamp]:
    for path in files:
        with suppress(OSError):
            status = path.stat()
            yield str(path), status.st_mtime_ns, status.st_size
