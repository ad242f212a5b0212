"""Column types that mean the same on SQLite and PostgreSQL."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import repeat
from operator import is_
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Connection, Dialect, Integer, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MONEY_SCALE = 10_000

BigId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts only INTEGER keys up
json_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def to_microseconds(at: datetime) -> int:
    """Microseconds since 1970 of an aware instant, exactly."""
    return (at - EPOCH) // MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The aware UTC instant so many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=value)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: timestamptz on PostgreSQL, microseconds since 1970 on SQLite."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column's own type on this database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To the database; a naive instant is a bug and refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime reached the database")
        return value if dialect.name == "postgresql" else to_microseconds(value)

    def result_processor(
        self,
        dialect: Dialect,
        coltype: object,  # noqa: ARG002
    ) -> Callable[[Any], datetime | None]:
        """From the database; of thousands of rows most have an instant that others have, too."""
        return _in_utc if dialect.name == "postgresql" else _from_stored


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _from_stored(value: int | None) -> datetime | None:
    return None if value is None else _kept_instant(value)


_kept_instant = lru_cache(maxsize=4096)(from_microseconds)


class Money(TypeDecorator[Decimal]):
    """An exact amount with four decimals, stored as an integer (SQLite has no decimals)."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | int | None, _: Dialect) -> int | None:
        """To the database; more than four decimals are refused."""
        if value is None:
            return None
        scaled = Decimal(value) * MONEY_SCALE
        if scaled != scaled.to_integral_value():
            raise ValueError("an amount has at most four decimals")
        return int(scaled)

    def process_result_value(self, value: int | None, _: Dialect) -> Decimal | None:
        """From the database."""
        return None if value is None else Decimal(value) / MONEY_SCALE


_QUOTED = re.compile(r'["\\]')
_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]


class Listed(UserDefinedType[Sequence[Any]]):
    """An array of PostgreSQL as one parameter, of values as its element's type takes them."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        self.item = item

    def get_col_spec(self, **_: Any) -> str:
        """The array's type."""
        return f"{self.item.compile(dialect=_POSTGRES)}[]"

    def bind_processor(self, dialect: Dialect) -> Callable[[Sequence[Any] | None], Any]:
        """To the database: as text where that can be written, else as the driver does."""
        convert = self.item.dialect_impl(dialect).bind_processor(dialect)

        def process(values: Sequence[Any] | None) -> Any:
            if values is None:
                return None
            plain = list(values) if convert is None else list(map(convert, values))
            text = array_text(plain)
            return plain if text is None else text

        return process


def array_text(values: Sequence[Any]) -> str | None:
    """The array literal of values; None where one is of a type only the driver knows.

    Source: PostgreSQL's documentation of arrays, «Array Input and Output Syntax».
    """
    kinds = set(map(type, values))
    if kinds == {int}:
        return f"{{{','.join(map(str, values))}}}"
    if kinds == {str} and _QUOTED.search("".join(values)) is None:
        return f"""{{"{'","'.join(values)}"}}"""
    if kinds - _ELEMENTS.keys():
        return None
    return f"{{{','.join(_ELEMENTS[type(value)](value) for value in values)}}}"


def _quoted(text: str) -> str:
    return f'"{_QUOTED.sub(_BEFORE, text)}"'


_BEFORE = r"\\\g<0>"  # a backslash before it
_ELEMENTS: dict[type[Any], Callable[[Any], str]] = {
    type(None): lambda _: "NULL",
    int: str,
    str: _quoted,
    bool: lambda value: "t" if value else "f",
    datetime: lambda value: f'"{value}"',
}


class Ids(TypeDecorator[list[int]]):
    """A list of ids as one parameter, however many: an array, or JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """What the database has for it."""
        array = dialect.name == "postgresql"
        return dialect.type_descriptor(Listed(BigInteger()) if array else Text())

    def process_bind_param(self, value: list[int] | None, dialect: Dialect) -> Any:
        """To the database."""
        return value if value is None or dialect.name == "postgresql" else json.dumps(value)


def bound(conn: Connection, column: Column[Any], values: Sequence[Any]) -> Sequence[Any]:
    """A column's values as the driver takes them."""
    convert = column.type.dialect_impl(conn.dialect).bind_processor(conn.dialect)
    if convert is None:
        return values
    if values and all(map(is_, values, repeat(values[0]))):  # one instant for everyone
        return [convert(values[0])] * len(values)
    found, last, converted = [], None, convert(None)
    for value in values:
        if value is not last:  # one instant, one empty list stand in thousands of rows
            last, converted = value, convert(value)
        found.append(converted)
    return found


def json_rows(
    conn: Connection,
    columns: Sequence[tuple[str, TypeEngine[Any]]],
    rows: Sequence[Sequence[Any]],
) -> str:
    """Rows as the one text that SQLite reads them from."""
    convert = [kind.dialect_impl(conn.dialect).bind_processor(conn.dialect) for _, kind in columns]
    plain = [
        [value if to is None else to(value) for to, value in zip(convert, row, strict=True)]
        for row in rows
    ]
    return json.dumps(plain)
