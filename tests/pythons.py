"""Processes of Python that begin with outreach loaded: to load it is most of a short command.

One process of the tests loads it, and forks for each command. What is forked is a process like any
other: with its own memory, files, signals and end.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

import outreach


class Process:
    """`command` begins with this Python; without `stdout` and `stderr` they are the tests' own."""

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdout: int | IO[Any] | None = None,
        stderr: int | IO[Any] | None = None,
    ) -> None:
        assert command[0] == sys.executable
        self.returncode: int | None = None
        self._line, theirs = socket.socketpair()
        with theirs, open(os.devnull, "wb") as nowhere:
            out = _number(stdout, nowhere, 1)
            err = out if stderr == subprocess.STDOUT else _number(stderr, nowhere, 2)
            socket.send_fds(_nursery(), [b"+"], [theirs.fileno(), out, err])
        asked = {
            "words": command[1:],
            "cwd": str(cwd or Path.cwd()),
            "env": dict(env or os.environ),
        }
        self._line.sendall(json.dumps(asked).encode() + b"\n")
        self._answers = self._line.makefile("r")
        self.pid = int(self._answers.readline())

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """How it ends: its exit code, or minus the signal; TimeoutError if it does not."""
        code = self._ended(timeout)
        if code is None:
            raise TimeoutError(f"process {self.pid} runs on")
        return code

    def send_signal(self, number: int) -> None:
        """Send it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._line], [], [], timeout)[0]:
            self.returncode = int(self._answers.readline())
            self._answers.close()
            self._line.close()
        return self.returncode


def _number(stream: int | IO[Any] | None, nowhere: IO[bytes], own: int) -> int:
    if stream is None:
        return own
    return nowhere.fileno() if isinstance(stream, int) else stream.fileno()


@cache
def _nursery() -> socket.socket:
    """The line to the process that forks; it ends with us."""
    ours, theirs = socket.socketpair()
    with theirs:
        words = [sys.executable, __file__, str(theirs.fileno())]
        process = subprocess.Popen(words, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _serve(line: socket.socket) -> None:
    """In the nursery: fork for each request; returns in the child that is to run a command."""
    for found in pkgutil.walk_packages(outreach.__path__, "outreach."):
        if not {"migrations", "__main__"} & {*found.name.split(".")}:  # these do something
            importlib.import_module(found.name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who watch
    while True:
        said, numbers, _, _ = socket.recv_fds(line, 1, 3)
        if not said:
            sys.exit()
        if os.fork() == 0:
            line.close()
            return _watch(*numbers)
        for number in numbers:
            os.close(number)


def _watch(line_number: int, out: int, err: int) -> None:
    """Beside the command: tell its number and its end; returns in the command."""
    line = socket.socket(fileno=line_number)
    with line.makefile("r") as requests:
        asked = json.loads(requests.readline())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        line.close()
        return _become(asked, out, err)
    line.sendall(f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(asked: dict[str, Any], out: int, err: int) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in ((out, 1), (err, 2)):
        os.dup2(number, stream)
    os.closerange(3, max(out, err) + 1)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = asked["words"]


def _run() -> None:
    """What `python WORDS` does, for `-m MODULE …`, `-c CODE …` and `FILE …`."""
    kind = sys.argv[0] if sys.argv[0] in ("-m", "-c") else None
    first = os.getcwd() if kind else str(Path(sys.argv[0]).parent)
    sys.path[:1] = [first, *os.environ.get("PYTHONPATH", "").split(":")]
    if kind:
        named, sys.argv[:2] = sys.argv[1], [sys.argv[1]]
    if kind == "-m":
        runpy.run_module(named, run_name="__main__", alter_sys=True)
    elif kind == "-c":
        exec(compile(named, "<string>", "exec"), {"__name__": "__main__"})
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
    _run()
