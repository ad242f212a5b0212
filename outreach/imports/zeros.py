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
    """Counts customers whose keys differ by zeros before them alone, where one of the two is new."""

    def __init__(self) -> None:
        self._wanted: bool | None = None
        self._count = 0
        self._example: tuple[str, str] | None = None

    def look(self, conn: Connection, new: Collection[str]) -> None:
        """Look at a batch's new keys, written already; asks once whether any begins with a zero."""
        zeroed = {key: key.lstrip("0") for key in new if key[:1] == "0" and key.isdecimal()}
        if zeroed:
            self._wanted = True
        elif self._wanted is None and new:
            self._wanted = some_key_begins_with_zero(conn)
        pairs = set(with_zeros(conn, new).items()) if self._wanted else set()
        there = by_keys(conn, set(zeroed.values())) if zeroed else {}
        pairs |= {(bare, key) for key, bare in zeroed.items() if bare in there}
        self._count += len(pairs)
        self._example = self._example or min(pairs, default=None)

    def warning(self) -> str | None:
        """What to tell; None when there is nothing."""
        if self._example is None:
            return None
        bare, zeroed = self._example
        return (
            f"new keys that are there with or without zeros before them: {self._count:,}, such as"
            f" `{bare}` and `{zeroed}`; if a spreadsheet lost the zeros, make the column text there"
        )
