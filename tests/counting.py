"""What is counted, not timed: the statements of a block."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements of the block, one of many rows once; what is copied into tables is none."""
    found: list[str] = []

    def note(_conn: Connection, _cursor: Any, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
