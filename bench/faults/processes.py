"""The processes of `outreach` that a scenario started: begun, killed, ended in order."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

PATIENCE_SECONDS = 60.0


@dataclass
class Processes:
    """Starts commands in a project's folder; what they write lands in `folder`/logs."""

    folder: Path
    settings: Mapping[str, str]
    begin: Callable[..., Any] = subprocess.Popen
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    _count: int = 0

    def start(self, *words: object) -> "subprocess.Popen[bytes]":
        """Start `outreach` with these words."""
        return self.start_command([sys.executable, "-m", "outreach", *map(str, words)])

    def start_command(self, command: list[str]) -> "subprocess.Popen[bytes]":
        """Start any command; `-m outreach worker` is told from the others by its log's name."""
        self._count += 1
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        name = f"{self._count:03}-{'-'.join(command[2:4])}.log"
        with (logs / name).open("wb") as log:
            process: subprocess.Popen[bytes] = self.begin(
                command, cwd=self.folder, env=dict(self.settings), stdout=log, stderr=log
            )
        self.running.append(process)
        return process

    def kill_tree(self, process: "subprocess.Popen[bytes]") -> int:
        """Kill -9 a process and, before it, all that it started; how many those were."""
        children = children_of(process)
        for each in children:  # first: they would end in order once it is gone
            kill(each.pid)
        process.kill()
        process.wait(PATIENCE_SECONDS)
        psutil.wait_procs(children, PATIENCE_SECONDS)
        self.running.remove(process)
        return len(children)

    def end(self, process: "subprocess.Popen[bytes]") -> int:
        """SIGTERM; the exit code."""
        process.terminate()
        self.running.remove(process)
        return process.wait(PATIENCE_SECONDS)

    def end_all(self) -> list[int]:
        """SIGTERM to all that still run; their exit codes."""
        ending, self.running = self.running, []
        for process in ending:
            process.terminate()
        return [process.wait(PATIENCE_SECONDS) for process in ending]

    def kill_all(self) -> None:
        """At the end of a scenario that failed: leave nothing behind."""
        for process in list(self.running):
            self.kill_tree(process)

    def said(self) -> str:
        """All that they wrote."""
        logs = sorted((self.folder / "logs").glob("*.log"))
        return "".join(log.read_text("utf-8", errors="replace") for log in logs)


def children_of(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """The processes that one started and that run; none where it is gone."""
    try:
        return list(psutil.Process(process.pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def kill(pid: int) -> None:
    """Kill -9; one that has just ended is no matter."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
