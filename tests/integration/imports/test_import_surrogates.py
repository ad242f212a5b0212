"""Characters that no database keeps: told row by row, never the end of an import."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import NOW, make_customer
from sqlalchemy import Engine

from outreach.imports import import_customers, import_events
from outreach.imports.outcome import Touched
from outreach.settings.company import Brand, Company
from outreach.store.engine import writing

COMPANY = Company(brand=Brand(name="Sample"))
WORDS = st.text(st.characters(exclude_characters="=+-@'"), max_size=6) | st.sampled_from(
    ["\ud800", "a\udfffb", "\x00", "\u2028", "e\u0301"]
)
ROWS = st.lists(st.dictionaries(WORDS | st.just("first_name"), WORDS, max_size=3), max_size=4)
QUICK = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def lines(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """A file of JSON lines, each character outside of ASCII escaped."""
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_lone_surrogate_is_refused_and_its_neighbours_are_taken(
    engine: Engine, tmp_path: Path
) -> None:
    rows = [{"key": "S1", "first_name": "\ud800"}, {"key": "S2", "first_name": "Ann"}]

    found = import_customers(engine, lines(tmp_path, rows), COMPANY, NOW)

    assert (found.created, found.rejected) == (1, 1)
    assert found.rejects[0].message == "has the control character U+D800"
    assert found.rejects_path is not None
    assert '""first_name"": ""\\ud800""' in found.rejects_path.read_text()


@pytest.mark.parametrize("data", [{"shop": "\ud800"}, {"\ud800": "Bonn"}, {"sh\x00op": "Bonn"}])
def test_events_refuse_such_values_and_names(
    engine: Engine, tmp_path: Path, data: dict[str, str]
) -> None:
    with writing(engine) as conn:
        make_customer(conn, "1")
    row = {"key": "1", "kind": "visit", "at": "2026-01-05"}

    found = import_events(engine, lines(tmp_path, [row | data, row]), COMPANY, NOW)

    assert (found.created, found.rejected) == (1, 1)


@QUICK
@given(ROWS)
def test_every_json_line_is_taken_or_refused(
    sqlite_engine: Engine, tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    people = [{**row, "key": str(number)} for number, row in enumerate(rows)]
    happened = [{**row, "key": "0", "kind": "visit", "at": "2026-01-05"} for row in rows]

    taken = import_customers(sqlite_engine, lines(tmp_path, people), COMPANY, NOW)
    added = import_events(sqlite_engine, lines(tmp_path, happened), COMPANY, NOW)

    assert taken.created + taken.updated + taken.unchanged + taken.rejected == len(rows)
    assert added.created + added.duplicate + added.rejected == len(rows)


def test_who_is_committed_is_known_when_an_import_ends_by_an_error(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    rows = [{"key": str(number)} for number in range(2_000)]
    path, touched = lines(tmp_path, [*rows, {"key": "x"}]), Touched()

    def stop(_: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        import_customers(sqlite_engine, path, COMPANY, NOW, progress=stop, touched=touched)

    assert len(touched.ids() or ()) == 2_000
