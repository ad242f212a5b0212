"""Erasing a customer: what the database, the outbox and workers hold of a person."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.person import person
from outreach.channels.capture.adapter import IDS_A_FOLDER, outbox_of
from outreach.errors import SetupError, UsageError
from outreach.store.acknowledgement import all_acknowledged
from outreach.store.engine import writing
from outreach.store.erased import Erased
from outreach.store.erasure import erase
from outreach.store.keys import kept_keys


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of an erasure; `key` stands for the customer from now on."""

    key: str
    stopped: int  # messages that had not begun
    kept: int  # suppressions and noes, as keyed hashes
    files: int  # captured messages that were deleted


def erased_of(context: Context, *, make: bool = False) -> Erased:
    """Who knows what was erased; `make` makes the key on the embedded default."""
    key = context.environment.key_of_erasures(make=make)
    return Erased(None if key is None else key.get_secret_value().encode())


def forget(context: Context, key: str) -> Forgotten:
    """Erase a customer; returns when no message to them begins any more, and none is in the outbox.

    Of captured test messages nobody knows whose data they show: all of them are deleted.

    UsageError where there is no such customer, SetupError where the hashes have no key.
    """
    erased = erased_of(context, make=True)
    if erased.key is None:
        hint = "set it to 32 or more characters, made by chance; it must never change"
        raise SetupError("OUTREACH_ERASURE_KEY is unset", hint)
    with writing(context.engine) as conn:
        found = erase(conn, erased, key, person() or "", context.now())
        if found is None:
            raise _not_there(conn, erased, key)
    all_acknowledged(context.engine)
    files = sum(_delete(context, id_) for id_ in found.messages) + _delete_tests(context)
    return Forgotten(found.key, found.stopped, found.kept, files)


def _not_there(conn: Connection, erased: Erased, key: str) -> UsageError:
    """Why nobody can be erased by this key."""
    kept = kept_keys(conn, [key]).get(key)
    if kept is not None:
        hint = f"erase `{kept}`: this one goes along"
        return UsageError(f"customer `{key}` was merged into `{kept}`", hint)
    if erased.erased_keys(conn, [key]):
        return UsageError(f"customer `{key}` was erased")
    hint = "keys are exact, upper and lower case too"
    return UsageError(f"there is no customer `{key}`", hint)


def _delete(context: Context, delivery_id: int) -> int:
    """Delete the captured messages of a delivery; how many."""
    place = Path(str(delivery_id // IDS_A_FOLDER)) / str(delivery_id)
    deleted = 0
    for folder in outbox_of(context.environment).glob("*"):
        for path in (folder / place).parent.glob(f"{delivery_id}.*"):
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def _delete_tests(context: Context) -> int:
    """Delete what `send --test` captured; how many. Its messages have numbers below zero."""
    found = [
        path
        for path in outbox_of(context.environment).glob("*/*/*")
        if path.is_file() and path.name.startswith("-")
    ]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
