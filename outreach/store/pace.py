"""How many rows the next of many write transactions takes, so that each stays short anywhere."""

GROWTH = 1.25  # at most, from one to the next: a quick one is mostly chance
AIM_SECONDS = 0.1  # others wait for a writer on SQLite; far below the 0.25 s that are told as long


class Pace:
    """A batch size that follows the machine: from what the last transaction took."""

    def __init__(self, rows: int, most: int, least: int = 100) -> None:
        """`rows` the first time; never more than `most` or fewer than `least`."""
        self.rows = rows
        self._taken: int | None = None
        self._most = most
        self._least = least

    def share(self, left: int) -> int:
        """How many of so many rows the next one takes, where fewer than `rows` would be left.

        All, up to a quarter more than `rows`; then halves: a transaction for a few costs as much.
        """
        if left <= self.rows * GROWTH:
            self._taken = left
        else:
            self._taken = min(self.rows, -(-left // 2))
        return self._taken

    def took(self, seconds: float) -> None:
        """Learn that the last one took so long for its share, or for `rows` where none was asked.

        At most a quarter more than `rows` come next.
        """
        taken, self._taken = self.rows if self._taken is None else self._taken, None
        most = min(self._most, self.rows * GROWTH)
        fitting = most if seconds <= 0 else min(most, taken * AIM_SECONDS / seconds)
        self.rows = max(self._least, int(fitting))
