"""How many rows the next of many write transactions takes, so that each stays short anywhere."""

AIM_SECONDS = 0.1  # others wait for a writer on SQLite; far below the 0.25 s that are told as long


class Pace:
    """A batch size that follows the machine: from what the last transaction took."""

    def __init__(self, rows: int, most: int, least: int = 100) -> None:
        """`rows` the first time; never more than `most` or fewer than `least`."""
        self.rows = rows
        self._most = most
        self._least = least

    def took(self, seconds: float) -> None:
        """Learn that the last `rows` rows took so long; at most twice as many come next."""
        fitting = self.rows * AIM_SECONDS / max(seconds, AIM_SECONDS / 2)
        self.rows = max(self._least, min(self._most, int(fitting)))
