"""Keys of a single machine: each made once, kept in the project's state folder."""

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from outreach.errors import SetupError

SHORTEST_KEY = 32
_HINT = "set {} to 32 or more characters, made by chance"


def check_secret_key(key: str) -> None:
    """ValueError when a key is short or shows a pattern, as `changeme…` does."""
    if len(key) < SHORTEST_KEY or len(set(key)) < 10:
        raise ValueError(f"a key must be {SHORTEST_KEY} or more characters, made by chance")


def stored_secret_key(state: Path) -> SecretStr:
    """The key that signs links, as `stored_key` keeps it."""
    return stored_key(state, "secret_key")


def stored_key(state: Path, name: str) -> SecretStr:
    """The key kept in the folder `state`; the first process to ask makes it, readable by its user.

    Processes that start at once get the same key: a whole file is linked to its name, which
    fails if the name is taken, so nobody reads a key that is half written.
    """
    path, hint = state / name, _HINT.format(f"OUTREACH_{name.upper()}")
    what = name.replace("_", " ")
    try:
        if not path.exists():
            _make(path)
        key = path.read_text("ascii").strip()
        check_secret_key(key)
    except OSError as error:
        message = f"the {what} `{path}` can not be kept: {error.strerror}"
        raise SetupError(message, hint) from error
    except ValueError as error:
        raise SetupError(f"the {what} in `{path}` is damaged", hint) from error
    return SecretStr(key)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first: its key is the key
    finally:
        draft.unlink()
