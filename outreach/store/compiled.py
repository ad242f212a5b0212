"""Statements as text, compiled once for all engines of a process that speak to databases of a kind.

To compile a decision takes longer than most databases take to answer it, and a copy of the base or the
next context of a process asks the same.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from functools import cache
from typing import Any

MOST_TEXT = 6_000_000  # characters of SQL: what is kept with each takes some 70 times the memory


class Statements(MutableMapping[tuple[Any, ...], Any]):
    """Compiled statements by SQLAlchemy's keys, the last used, of so much text together.

    A key begins with the dialect of its engine: of those that are alike any will do.
    """

    def __init__(self, most_text: int = MOST_TEXT) -> None:
        self.most_text = most_text
        self.text = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    def __getitem__(self, key: tuple[Any, ...]) -> Any:
        key = _alike(key)
        with self._lock:
            found = self._kept[key]
            self._kept.move_to_end(key)
            return found

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        key = _alike(key)
        with self._lock:
            before = self._kept.pop(key, None)
            self.text += _length(compiled) - (0 if before is None else _length(before))
            self._kept[key] = compiled
            while self.text > self.most_text and len(self._kept) > 1:
                self.text -= _length(self._kept.popitem(last=False)[1])

    def __delitem__(self, key: tuple[Any, ...]) -> None:
        with self._lock:
            self.text -= _length(self._kept.pop(_alike(key)))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(list(self._kept))

    def __len__(self) -> int:
        return len(self._kept)


@cache
def statements() -> Statements:
    """Those of this process."""
    return Statements()


def _alike(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """The key with what tells one dialect's text from another's: its name and the server's version."""
    dialect, *rest = key
    if isinstance(dialect, tuple):
        return key
    return ((dialect.name, getattr(dialect, "server_version_info", None)), *rest)


def _length(compiled: Any) -> int:
    return len(compiled.string or "")
