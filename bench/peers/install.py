"""The others' own packages, in a cached folder outside of this checkout."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
INSTALL_SECONDS = 600.0
MOST_WORDS = 600  # characters of what an installer said
DONE = "complete"


class MissingError(Exception):
    """Raised when what a peer needs can not be had here; says why."""


def python() -> Path:
    """The interpreter of an environment with requirements.txt, made at the first call."""
    folder = _cached("python", HERE / "requirements.txt", sys.version)
    found = folder / "bin" / "python"
    if not _is_complete(folder):
        _run([sys.executable, "-m", "venv", "--without-pip", folder])
        pip = [_with_pip(), "-m", "pip", "--python", found, "--disable-pip-version-check"]
        _run([*pip, "install", "--quiet", "--no-deps", "-r", HERE / "requirements.txt"])
        (folder / DONE).touch()
    return found


def node_modules() -> Path:
    """The folder of installed packages of bullmq/package.json, made at the first call."""
    wanted = HERE / "bullmq" / "package.json"
    folder = _cached("node", wanted)
    if not _is_complete(folder):
        if shutil.which("npm") is None or shutil.which("node") is None:
            raise MissingError("node and npm are not installed")
        folder.mkdir(parents=True)
        shutil.copy(wanted, folder)
        quiet = ("--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error")
        _run(["npm", "install", "--prefix", folder, *quiet])
        (folder / DONE).touch()
    return folder / "node_modules"


def _cached(kind: str, wanted: Path, *more: str) -> Path:
    """A folder for just these packages."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256(wanted.read_bytes() + "".join(more).encode()).hexdigest()[:12]
    return home / "outreach-bench" / f"{kind}-{digest}"


def _is_complete(folder: Path) -> bool:
    """Whether it was filled to the end; what was begun and not ended is taken away."""
    if (folder / DONE).exists():
        return True
    if folder.exists():
        shutil.rmtree(folder)
    return False


def _with_pip() -> str:
    """An interpreter that has pip: this one, or the one its environment was made from."""
    for each in (sys.executable, getattr(sys, "_base_executable", sys.executable)):
        asked = [each, "-m", "pip", "--version"]
        if subprocess.run(asked, check=False, capture_output=True).returncode == 0:
            return str(each)
    raise MissingError("this Python has no pip")


def _run(command: list[object]) -> None:
    words = [str(word) for word in command]
    print(f"bench peers: {' '.join(words[:4])} …", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(
            words, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise MissingError(f"{words[0]} took over {INSTALL_SECONDS:.0f} s") from error
    if done.returncode:
        raise MissingError((done.stderr.strip() or done.stdout.strip())[:MOST_WORDS])
