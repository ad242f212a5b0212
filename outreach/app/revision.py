"""The files of a project at another revision: read from git's own store, the tree is not touched."""

import os
import subprocess
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from outreach.campaign.project import FOLDERS, ProjectFiles
from outreach.errors import UsageError
from outreach.settings.company_file import COMPANY_FILE

SECONDS = 60
_NOT_OURS = b"dubious ownership"  # git's words since 2.35.2
_PLAIN = ("100644", "100755")  # modes of files; links and submodules are left out


def files_at(folder: Path, revision: str) -> ProjectFiles:
    """What the project in a folder held at a revision of its repository.

    UsageError where there is no git, no repository, no such revision, or no project in it.
    """
    commit = _git(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    if commit is None:
        _must_be_repository(folder)
        raise UsageError(f"git knows no revision `{revision}`", "name a branch, a tag or a commit")
    name = commit.decode().strip()
    listed = _git(folder, "ls-tree", "-r", "-z", name, "--", COMPANY_FILE, *FOLDERS) or b""
    blobs = dict(_blobs(listed))
    if COMPANY_FILE not in blobs:
        raise UsageError(f"there is no {COMPANY_FILE} at `{revision}`", "name a later revision")
    asked = "".join(f"{each}\n" for each in blobs.values()).encode()
    answer = _git(folder, "cat-file", "--batch", given=asked) or b""
    return ProjectFiles(dict(zip(blobs, _contents(answer), strict=True)))


def _blobs(listed: bytes) -> list[tuple[str, str]]:
    """By path below the project the name of each file's content; hidden files are left out."""
    found = []
    for line in filter(None, listed.split(b"\0")):
        about, _, path = line.partition(b"\t")
        mode, _, name = about.decode().split()
        shown = unicodedata.normalize("NFC", path.decode("utf-8", "replace"))
        hidden = any(part.startswith(".") for part in shown.split("/")) or shown.endswith("~")
        if mode in _PLAIN and not hidden:
            found.append((shown, name))
    return found


def _contents(answer: bytes) -> list[bytes]:
    """The contents in `cat-file --batch`: `<name> blob <size>`, the bytes, a line's end."""
    found, at = [], 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        size = int(answer[at:end].rpartition(b" ")[2])
        found.append(answer[end + 1 : end + 1 + size])
        at = end + size + 2
    return found


def _must_be_repository(folder: Path) -> None:
    asked = _asked(folder, "rev-parse", "--git-dir")
    if asked.returncode and _NOT_OURS in asked.stderr:
        where = asked.stderr.rpartition(b"safe.directory ")[2].decode("utf-8", "replace").strip()
        hint = f"`git config --global --add safe.directory {where}` trusts it"
        raise UsageError(f"git does not read `{folder}`: it is somebody else's", hint)
    if asked.returncode:
        raise UsageError(f"`{folder}` is in no git repository", "`--diff` compares with a commit")


def _git(folder: Path, *words: str, given: bytes | None = None) -> bytes | None:
    """What git answers; None where it refuses."""
    found = _asked(folder, *words, given=given)
    return found.stdout if found.returncode == 0 else None


def _asked(
    folder: Path, *words: str, given: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    command: Sequence[str] = ("git", "-C", str(folder), *words)
    try:
        return subprocess.run(  # noqa: S603  no shell; the revision stands behind --end-of-options
            command, input=given, capture_output=True, timeout=SECONDS, check=False, env=_english()
        )
    except FileNotFoundError:
        raise UsageError("`--diff` needs git, and there is none", "install it") from None


def _english() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}
