"""A folder that a mail server drops mails into: a Maildir, or files named `*.eml` or by a number.

A mail appears in it whole, by being renamed into it, as Maildir has it; other names are left alone. What was taken is moved to `done/`, what nothing could be made of to `strange/`:
after the commit, so a mail is taken again after a crash, which changes nothing.
"""

import os
import re
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from outreach.errors import SetupError
from outreach.feedback.mail import MOST_BYTES
from outreach.feedback.taking import Taken

MOST_AT_ONCE = 1_000  # mails of one look: the next look goes on
_MAILDIR = re.compile(r"[^.].*", re.DOTALL)
_PLAIN = re.compile(r"[^.].*\.eml|\d+", re.DOTALL | re.ASCII)  # numbers: as MH has it
Take = Callable[[bytes], Taken]


class Folder:
    """The folder at a path; `new/` inside makes it a Maildir."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path

    def look(self, take: Take, stop: threading.Event) -> Counter[str]:
        """Take the mails that are there, oldest names first; how many of each kind.

        SetupError where the folder can not be read, or mails not moved out of it.
        """
        found: Counter[str] = Counter()
        try:
            for path in self._mails():
                if stop.is_set():
                    break
                raw = _beginning(path)
                if raw is not None:
                    taken = take(raw)
                    found[taken.kind.value] += 1
                    self._move(path, "strange" if taken.is_strange else "done")
        except OSError as error:
            raise self._unusable(error.strerror) from error
        return found

    def check(self) -> None:
        """SetupError where mails could not be read, or not be moved out of it."""
        new = self._path / "new"
        for folder in (self._path, new if new.is_dir() else self._path):
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise self._unusable("no such folder, or no right to write to it")

    def _unusable(self, why: str | None) -> SetupError:
        message = f"`{self.name}`, where mails come back, can not be used: {why}"
        return SetupError(message, "make the folder, and let this user write to it")

    def _mails(self) -> Iterator[Path]:
        new = self._path / "new"
        folder, pattern = (new, _MAILDIR) if new.is_dir() else (self._path, _PLAIN)
        names = [each.name for each in os.scandir(folder) if pattern.fullmatch(each.name)]
        return (folder / name for name in sorted(names)[:MOST_AT_ONCE])

    def _move(self, path: Path, to: str) -> None:
        folder = self._path / to
        folder.mkdir(exist_ok=True)
        target = folder / path.name
        if target.exists():
            target = folder / f"{path.name}.{time.time_ns()}"
        with suppress(FileNotFoundError):  # another one who watches moved it
            os.rename(path, target)


def _beginning(path: Path) -> bytes | None:
    """As much of a mail as is read, nothing where that is not allowed; None: no file, or gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError:
        return None if path.is_symlink() else b""
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with os.fdopen(handle, "rb", closefd=False) as file:
            return file.read(MOST_BYTES)
    finally:
        os.close(handle)
