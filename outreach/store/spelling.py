"""Functions of SQL that each database spells its own way, for expressions about customers."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Boolean, Double, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import JSON, BigInteger, TypeEngine

from outreach.store.types import Instant

Json = JSON().with_variant(JSONB(), "postgresql")
Function = Callable[..., ColumnElement[Any]]


class _Condition(FunctionElement[bool]):
    """A condition that stands by itself: SQLite finds no index for `(…) = 1`."""

    def self_group(self, against: Any = None) -> "_Condition":  # noqa: ARG002
        """Itself: each spelling has its own parentheses."""
        return self


def _spelled(name: str, result: TypeEngine[Any], *, postgresql: str, sqlite: str) -> Function:
    """A function of SQL; `{0}`, `{1}` are its arguments in either spelling."""
    kind = _Condition if isinstance(result, Boolean) else FunctionElement
    made = type(name, (kind,), {"type": result, "inherit_cache": True, "name": name})
    for dialect, spelling in (("postgresql", postgresql), ("sqlite", sqlite)):
        compiles(made, dialect)(_filled(spelling))
    return made


def _filled(spelling: str) -> Callable[..., str]:
    def fill(element: FunctionElement[Any], compiler: SQLCompiler, **kw: Any) -> str:
        parts = [compiler.process(part, **kw) for part in element.clauses]
        return spelling.format(*parts, letters=_letters(compiler))

    return fill


def _letters(compiler: SQLCompiler) -> str:
    """The collation that knows Unicode's letters without a library: whole mappings since 18."""
    version = getattr(compiler.dialect, "server_version_info", None) or (18,)
    if version >= (18,):
        return "pg_unicode_fast"
    return "pg_c_utf8" if version >= (17,) else "und-x-icu"


# Letters that Unicode got after the running Python's tables may differ; no others do.
listed_in = _spelled(  # whether a number is one of a list, a value of type `Ids`
    "listed_in",
    Boolean(),
    postgresql="({0} = ANY ({1}))",
    sqlite="({0} IN (SELECT value FROM json_each({1})))",
)
lowered = _spelled(
    "lowered", Text(), postgresql='lower(({0}) COLLATE "{letters}")', sqlite="lower({0})"
)
uppered = _spelled(
    "uppered", Text(), postgresql='upper(({0}) COLLATE "{letters}")', sqlite="upper({0})"
)
truncated = _spelled(  # towards 0; the caller sees to it that it fits
    "truncated",
    BigInteger(),
    postgresql="CAST(trunc({0}) AS bigint)",
    sqlite="CAST({0} AS INTEGER)",
)
text_order = _spelled(  # text that compares by code point, as SQLite and Python do
    "text_order", Text(), postgresql='(({0}) COLLATE "C")', sqlite="{0}"
)
shifted = _spelled(  # an instant so many microseconds later
    "shifted",
    Instant(),
    postgresql="({0} + ({1}) * interval '1 microsecond')",
    sqlite="({0} + {1})",
)
microseconds_between = _spelled(  # later − earlier, the earlier first
    "microseconds_between",
    BigInteger(),
    postgresql="CAST(extract(epoch FROM {1} - {0}) * 1000000 AS bigint)",
    sqlite="({1} - {0})",
)
latest = _spelled(  # of two; null only when both are
    "latest",
    Instant(),
    postgresql="greatest({0}, {1})",
    sqlite="max(coalesce({0}, {1}), coalesce({1}, {0}))",
)

earliest = _spelled(  # of two that are both there
    "earliest", Instant(), postgresql="least({0}, {1})", sqlite="min({0}, {1})"
)
domain_part = _spelled(  # of an address; null where it has none
    "domain_part",
    Text(),
    postgresql="nullif(split_part({0}, '@', 2), '')",
    sqlite="(CASE WHEN instr({0}, '@') THEN substr({0}, instr({0}, '@') + 1) END)",
)

# Reading one attribute, `(attributes, name)`: null where it is missing or of another type, so
# that a type that was changed in outreach.yaml never aborts a statement.
_PATH = """('$."' || {1} || '"')"""
_NUMBER = "CAST({0} -> {1} AS numeric)"
_MONTH_AND_DAY = "[01][0-9]-[0-3][0-9]"
_WRITTEN = "[0-9]" * 4 + f"-{_MONTH_AND_DAY}"
_CLOCK = "T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]." + "[0-9]" * 6 + "Z"
text_in = _spelled(
    "text_in",
    Text(),
    postgresql="(CASE WHEN jsonb_typeof({0} -> {1}) = 'string' THEN {0} ->> {1} END)",
    sqlite=f"(CASE WHEN json_type({{0}}, {_PATH}) = 'text' THEN json_extract({{0}}, {_PATH}) END)",
)
# Beyond ±1e15, or nearer to 0 than 1e-15, nothing is known: sums and products can not overflow,
# which would abort a statement on PostgreSQL.
number_in = _spelled(
    "number_in",
    Double(),
    postgresql=f"(CASE jsonb_typeof({{0}} -> {{1}}) WHEN 'number' THEN CASE"
    f" WHEN {_NUMBER} BETWEEN -1e15 AND 1e15"
    f" AND ({_NUMBER} = 0 OR {_NUMBER} NOT BETWEEN -1e-15 AND 1e-15)"
    " THEN CAST({0} -> {1} AS double precision) END END)",
    sqlite=f"(CASE WHEN json_type({{0}}, {_PATH}) IN ('integer', 'real')"
    f" AND json_extract({{0}}, {_PATH}) BETWEEN -1e15 AND 1e15"
    f" AND (json_extract({{0}}, {_PATH}) = 0"
    f" OR json_extract({{0}}, {_PATH}) NOT BETWEEN -1e-15 AND 1e-15)"
    f" THEN CAST(json_extract({{0}}, {_PATH}) AS REAL) END)",
)
money_in = _spelled(  # ten-thousandths
    "money_in",
    BigInteger(),
    postgresql=f"(CASE jsonb_typeof({{0}} -> {{1}}) WHEN 'number' THEN CASE"
    f" WHEN {_NUMBER} BETWEEN -1e15 AND 1e15 AND {_NUMBER} = trunc({_NUMBER})"
    " THEN CAST({0} -> {1} AS bigint) END END)",
    sqlite=f"(CASE WHEN json_type({{0}}, {_PATH}) = 'integer'"
    f" AND json_extract({{0}}, {_PATH}) BETWEEN -1e15 AND 1e15"
    f" THEN json_extract({{0}}, {_PATH}) END)",
)
yes_no_in = _spelled(
    "yes_no_in",
    Boolean(),
    postgresql="(CASE {0} -> {1} WHEN 'true' THEN true WHEN 'false' THEN false END)",
    sqlite=f"(CASE json_type({{0}}, {_PATH}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END)",
)
instant_in = _spelled(  # YYYY-MM-DDTHH:MM:SS.ffffffZ
    "instant_in",
    Instant(),
    postgresql=f"(CASE WHEN {{0}} ->> {{1}} ~ '^{_WRITTEN}{_CLOCK}$'"
    " THEN CAST({0} ->> {1} AS timestamptz) END)",
    sqlite=f"(CASE WHEN json_extract({{0}}, {_PATH}) GLOB '{_WRITTEN}{_CLOCK}'"
    f" THEN strftime('%s', substr(json_extract({{0}}, {_PATH}), 1, 19)) * 1000000"
    f" + substr(json_extract({{0}}, {_PATH}), 21, 6) END)",
)
list_in = _spelled(
    "list_in",
    Json,
    postgresql="(CASE WHEN jsonb_typeof({0} -> {1}) = 'array' THEN {0} -> {1} END)",
    sqlite=f"(CASE WHEN json_type({{0}}, {_PATH}) = 'array' THEN json_extract({{0}}, {_PATH}) END)",
)

list_holds = _spelled(  # (list, text): the text is a whole member
    "list_holds",
    Boolean(),
    postgresql="({0} @> jsonb_build_array(CAST({1} AS text)))",
    sqlite="EXISTS (SELECT 1 FROM json_each({0}) AS member WHERE member.value = {1})",
)
list_with = _spelled(  # (list, text): the list with one more member
    "list_with",
    Json,
    postgresql="({0} || jsonb_build_array(CAST({1} AS text)))",
    sqlite="json_insert({0}, '$[#]', {1})",
)
list_length = _spelled(
    "list_length",
    Integer(),
    postgresql="jsonb_array_length({0})",
    sqlite="json_array_length({0})",
)

# A date inside an expression is its text, YYYY-MM-DD: it compares alike on both databases.
day_text = _spelled(
    "day_text", Text(), postgresql="to_char(CAST({0} AS date), 'YYYY-MM-DD')", sqlite="{0}"
)
days_later = _spelled(
    "days_later",
    Text(),
    postgresql="to_char(CAST({0} AS date) + CAST({1} AS integer), 'YYYY-MM-DD')",
    sqlite="date({0}, {1} || ' days')",
)
# Calendar months; a day that the month has not is its last. SQLite's own would run over.
_MONTH = "date({0}, 'start of month', {1} || ' months')"
_CLAMPED = (
    f"min(date({_MONTH}, (strftime('%d', {{0}}) - 1) || ' days'),"
    f" date({_MONTH}, '+1 month', '-1 day'))"
)
months_later = _spelled(
    "months_later",
    Text(),
    postgresql="to_char(CAST({0} AS date) + CAST({1} AS integer) * interval '1 month',"
    " 'YYYY-MM-DD')",
    sqlite=_CLAMPED,
)
_UTC_DAY = "date({0} / 1000000, 'unixepoch')"
instant_months_later = _spelled(  # in UTC's calendar; the time of day stays
    "instant_months_later",
    Instant(),
    postgresql="(({0} AT TIME ZONE 'UTC' + CAST({1} AS integer) * interval '1 month')"
    " AT TIME ZONE 'UTC')",
    sqlite=f"(strftime('%s', {_CLAMPED.replace('{0}', _UTC_DAY)}) * 1000000 + {{0}} % 86400000000)",
)

month_day = _spelled(  # of YYYY-MM-DD or MM-DD
    "month_day", Text(), postgresql="right({0}, 5)", sqlite="substr({0}, -5)"
)

# `(day, today)`, day YYYY-MM-DD or MM-DD: days to its next return, which is every year, but not
# before the day itself; 29 February is the 28th where there is none. Null for any other text.
_MONTH_DAY = "(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-9])|(0[13-9]|1[0-2])-30|(0[13578]|1[02])-31"
_YET_TO_COME = "length({0}) = 10 AND substr({0}, 1, 4) > substr({1}, 1, 4)"  # in no year before
_YEAR_POSTGRESQL = (
    f"CASE WHEN {_YET_TO_COME} THEN CAST(left({{0}}, 4) AS integer)"
    " ELSE CAST(left({1}, 4) AS integer) + CAST(right({0}, 5) < right({1}, 5) AS integer) END"
)
_YEAR_SQLITE = (
    f"CASE WHEN {_YET_TO_COME} THEN substr({{0}}, 1, 4)"
    " ELSE substr({1}, 1, 4) + (substr({0}, -5) < substr({1}, -5)) END"
)
days_until = _spelled(
    "days_until",
    Integer(),
    postgresql=f"(CASE WHEN {{0}} ~ '^({'[0-9]' * 4}-)?({_MONTH_DAY})$' THEN"
    f" CAST(CAST('2000-' || right({{0}}, 5) AS date)"
    f" + ({_YEAR_POSTGRESQL} - 2000) * interval '1 year' AS date) - CAST({{1}} AS date) END)",
    sqlite=f"(CASE WHEN ({{0}} GLOB '{_WRITTEN}' OR {{0}} GLOB '{_MONTH_AND_DAY}')"
    " AND substr({0}, -5) NOT IN ('02-30', '02-31', '04-31', '06-31', '09-31', '11-31') THEN"
    " CAST(julianday(CASE substr({0}, -5)"
    f" WHEN '02-29' THEN date(({_YEAR_SQLITE}) || '-03-01', '-1 day')"
    f" ELSE ({_YEAR_SQLITE}) || '-' || substr({{0}}, -5) END) - julianday({{1}}) AS INTEGER) END)",
)
