"""Keys that a spreadsheet took for numbers: `00123` comes back as `123`."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from outreach.imports.feed import Refused
from outreach.store.customers import by_keys
from outreach.store.keys import some_key_begins_with_zero

MOST_ZEROS = 6


def with_zeros(conn: Connection, keys: Collection[str]) -> dict[str, str]:
    """Of keys that are all digits those that a customer has with zeros before them, as it has."""
    wanted = {
        "0" * count + key: key
        for key in keys
        if key.isascii() and key.isdigit() and len(key) <= 12
        for count in range(1, MOST_ZEROS + 1)
    }
    return {wanted[key]: key for key in by_keys(conn, wanted)} if wanted else {}


def unknown_customers(
    conn: Connection, rows: Sequence[tuple[int, str, list[str]]]
) -> list[Refused]:
    """Rows (line, key, cells) about customers who are not there, refused."""
    meant = with_zeros(conn, {key for _, key, _ in rows})
    return [Refused(line, [("key", _why(key, meant.get(key)))], cells) for line, key, cells in rows]


def _why(key: str, meant: str | None) -> str:
    if meant is None:
        return "there is no customer with this key"
    return f"there is no customer `{key}`, but `{meant}`: its zeros were lost; make the column text"


class LostZeros:
    """Counts new customers whose key somebody else has with zeros before it."""

    def __init__(self) -> None:
        self._wanted: bool | None = None
        self._count = 0
        self._example: tuple[str, str] | None = None

    def look(self, conn: Connection, new: Collection[str]) -> None:
        """Look at the keys of a batch that are new; asks once whether any key begins with a zero."""
        if self._wanted is None and new:
            self._wanted = some_key_begins_with_zero(conn)
        found = with_zeros(conn, new) if self._wanted else {}
        self._count += len(found)
        self._example = next(iter(found.items()), None) if not self._example else self._example

    def warning(self) -> str | None:
        """What to tell; None when there is nothing."""
        if self._example is None:
            return None
        key, meant = self._example
        return (
            f"new keys that are there with zeros before them: {self._count:,}, such as `{key}`"
            f" for `{meant}`; if a spreadsheet lost the zeros, make the column text there"
        )
