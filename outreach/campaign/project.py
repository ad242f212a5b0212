"""A project folder as bytes: what is checked here, stored, and read by every worker."""

import os
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from outreach.errors import Problem, SetupError
from outreach.settings.company_file import COMPANY_FILE

FOLDERS = ("campaigns", "lifecycles", "templates")
MAX_FILE_BYTES = 2 * 1024 * 1024
MAX_BYTES = 64 * 1024 * 1024
MAX_FILES = 10_000
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """What a project folder holds: bytes by path, `/` between its parts, relative to the folder.

    `problems` are files that are there and were not read.
    """

    contents: Mapping[str, bytes]
    problems: tuple[Problem, ...] = ()


def read_project(folder: Path) -> ProjectFiles:
    """The files of the project in `folder`: outreach.yaml, campaigns, lifecycles, templates.

    Hidden files and editors' backups are left out. Links may lead to files inside the folder
    only. SetupError when there is no project.
    """
    if not (folder / COMPANY_FILE).is_file():
        message = f"there is no {COMPANY_FILE} in `{folder}`"
        raise SetupError(message, "go to the project's folder, or make one with `outreach init`")
    reader = _Reader(folder.resolve())
    reader.read(COMPANY_FILE)
    for name in FOLDERS:
        reader.walk(name, 1)
    return ProjectFiles(reader.contents, tuple(sorted(reader.problems)))


class _Reader:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.contents: dict[str, bytes] = {}
        self.problems: list[Problem] = []
        self.bytes = 0

    def walk(self, path: str, depth: int) -> None:
        """Read the folder at `path` and those in it."""
        try:
            names = sorted(entry.name for entry in os.scandir(self.root / path))
        except FileNotFoundError:
            return
        except OSError as error:
            self._refuse(path, f"this folder can not be read: {error.strerror}", "mend its rights")
            return
        for name in names:
            if name.startswith(".") or name.endswith("~"):
                continue
            self._enter(f"{path}/{name}", depth)

    def _enter(self, path: str, depth: int) -> None:
        file = self.root / path
        try:
            path.encode()
            inside = file.resolve(strict=True).is_relative_to(self.root)
            mode = file.stat().st_mode
        except UnicodeEncodeError:
            shown = path.encode("utf-8", "backslashreplace").decode()
            self._refuse(shown, "this name is not UTF-8", "rename the file")
            return
        except (OSError, RuntimeError):
            self._refuse(path, "this link leads nowhere", "take it out")
            return
        if not inside or (file.is_symlink() and S_ISDIR(mode)):
            self._refuse(
                path, "this link leads to a folder or out of the project", "copy the files"
            )
        elif S_ISDIR(mode) and path.endswith(".yaml") and not path.startswith("templates/"):
            self._refuse(path, "this is a folder, not a file", "rename it, or put a file there")
        elif S_ISDIR(mode):
            if depth < MAX_DEPTH:
                self.walk(path, depth + 1)
            else:
                self._refuse(path, f"this is more than {MAX_DEPTH} folders deep", "make it flatter")
        elif S_ISREG(mode):
            self.read(path)
        else:
            self._refuse(path, "this is no file", "take it out")

    def read(self, path: str) -> None:
        """Take one file in, if it is not too large."""
        if len(self.contents) >= MAX_FILES or self.bytes >= MAX_BYTES:
            self._refuse_once("there are too many files in the project")
            return
        try:
            with (self.root / path).open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            self._refuse(path, f"this file can not be read: {error.strerror}", "mend its rights")
            return
        if len(content) > MAX_FILE_BYTES:
            self._refuse(path, "the file is too large", f"at most {MAX_FILE_BYTES:,} bytes")
            return
        self.bytes += len(content)
        # A Mac may spell `é` as two characters in names; templates are asked for by the other.
        self.contents[unicodedata.normalize("NFC", path)] = content

    def _refuse(self, path: str, message: str, hint: str) -> None:
        self.problems.append(Problem(path, 0, 0, "file", message, hint))

    def _refuse_once(self, message: str) -> None:
        hint = f"at most {MAX_FILES:,} files and {MAX_BYTES:,} bytes"
        problem = Problem(COMPANY_FILE, 0, 0, "too-large", message, hint)
        if problem not in self.problems:
            self.problems.append(problem)


def campaign_files(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """`(name, path)` of each campaign, by name: files right in campaigns/ that end in `.yaml`."""
    for path in sorted(files):
        folder, _, file = path.rpartition("/")
        if folder == "campaigns" and file.endswith(".yaml"):
            yield file.removesuffix(".yaml"), path
