"""Columns as the text that PostgreSQL's COPY reads: a line a row, a tab between fields.

Source: PostgreSQL's documentation of COPY, «Text Format». A third of what the driver takes, which
asks anew of each value what it is.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import repeat
from operator import is_
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from outreach.store.types import json_text

NULL = "\\N"
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NONE = type(None)


def copy(conn: Connection, command: str, columns: Sequence[Sequence[Any]]) -> None:
    """Write rows past the engine; transaction and errors are the engine's, as callers expect."""
    from psycopg import Error  # slow to load, and SQLite needs none

    text = copy_text(columns)
    if not conn.in_transaction():
        conn.begin()
    cursor = conn.connection.cursor()
    try:
        with cursor.copy(command) as copying:
            if text is not None:
                copying.write(text)
            for row in zip(*columns, strict=True) if text is None else ():
                copying.write_row(row)
    except Error as error:
        cause: Any = error
        lost = conn.dialect.is_disconnect(cause, conn.connection.driver_connection, cursor)
        told: Any = DBAPIError.instance(command, None, error, Error, True, lost, conn.dialect)
        if lost:
            conn.invalidate(error)
        raise told from error


def copy_text(columns: Sequence[Sequence[Any]]) -> str | None:
    """The rows of columns of equal length; None where a value is of a type only the driver knows.

    Instants are aware.
    """
    fields = []
    for values in columns:
        found = _fields(values)
        if found is None:
            return None
        fields.append(found)
    return "\n".join(map("\t".join, zip(*fields, strict=True))) + "\n"


def _fields(values: Sequence[Any]) -> Iterable[str] | None:
    kinds = set(map(type, values))
    if kinds == {int}:
        return map(str, values)
    if kinds == {str}:
        return values if _SPECIAL.search("".join(values)) is None else map(_escaped, values)
    if kinds == {_NONE}:
        return repeat(NULL, len(values))
    write = _WRITERS | {_jsonb(): lambda value: _escaped(json_text(value.obj))}
    if kinds - write.keys():
        return None
    if all(map(is_, values, repeat(values[0]))):
        return repeat(write[type(values[0])](values[0]), len(values))
    found: list[str] = []
    last, written = None, NULL
    for value in values:
        if value is not last:  # one instant, one empty list stand in thousands of rows
            last, written = value, write[type(value)](value)
        found.append(written)
    return found


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES) if _SPECIAL.search(text) else text


def _jsonb() -> type[Any]:
    from psycopg.types.json import Jsonb  # slow to load, and SQLite needs none

    return Jsonb


_WRITERS: dict[type[Any], Callable[[Any], str]] = {
    _NONE: lambda _: NULL,
    int: str,
    str: _escaped,
    bool: lambda value: "t" if value else "f",
    datetime: str,
}
