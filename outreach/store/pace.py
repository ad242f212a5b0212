"""How many rows the next of many write transactions takes, so that each stays short anywhere."""

GROWTH = 1.25  # at most, from one to the next: a quick one is mostly chance
AIM_SECONDS = 0.1  # others wait for a writer on SQLite; far below the 0.25 s that are told as long


class Pace:
    """A batch size that follows the machine: from what the last transaction took."""

    def __init__(self, rows: int, most: int, least: int = 100) -> None:
        """`rows` the first time; never more than `most` or fewer than `least`."""
        self.rows = rows
        self._most = most
        self._least = least

    def took(self, seconds: float) -> None:
        """Learn that the last `rows` rows took so long; at most a quarter more come next."""
        fitting = self.rows * AIM_SECONDS / max(seconds, AIM_SECONDS / GROWTH)
        self.rows = max(self._least, min(self._most, int(fitting)))
