"""Which keys of a file came before: kept on disk, so that memory does not grow with the file."""

import sqlite3

CACHE_KIB = 16_384  # what is beyond goes to the disk


class SeenKeys:
    """The keys of one file, each with the line that it first stood on."""

    def __init__(self) -> None:
        # "": a file of its own, written only when its cache is full, gone with the process
        self._kept = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._kept.execute("PRAGMA journal_mode=OFF")
        self._kept.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        self._kept.execute("CREATE TABLE keys (key TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._kept.execute("BEGIN")

    def earlier(self, key: str, line: int) -> int | None:
        """The line on which the key stood before; None: on none, and it stands on this one now."""
        put = self._kept.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (key, line))
        if put.rowcount:
            return None
        [found] = self._kept.execute("SELECT line FROM keys WHERE key = ?", (key,)).fetchone()
        return int(found)
