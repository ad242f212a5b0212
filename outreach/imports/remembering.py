"""Cells that are mostly alike in a column, each read once."""

from typing import Any

from outreach.imports.values import Read

LONGEST_KEPT = 100  # characters
MOST_KEPT = 1_024


def remembering(read: Read) -> Read:
    """The same, for a column whose cells are mostly alike: a thousand short texts are kept.

    `read` gives the same for the same text. Rows then share the value; it is never changed.
    """
    kept = _Kept(read)
    return lambda raw: kept[raw] if type(raw) is str else read(raw)


class _Kept(dict[str, Any]):
    """What short texts are read as, each read when it is asked for first."""

    def __init__(self, read: Read) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, raw: str) -> Any:
        found = self._read(raw)
        if len(raw) <= LONGEST_KEPT:
            if len(self) >= MOST_KEPT:
                self.clear()
            self[raw] = found
        return found
