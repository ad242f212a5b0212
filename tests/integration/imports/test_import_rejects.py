"""The file of refused rows: where it may be, and what stands in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from makers import NOW
from sqlalchemy import Engine, select

from outreach.errors import UsageError
from outreach.imports import Options, import_consents, import_customers, import_events
from outreach.settings.company import Brand, Company, Topic
from outreach.store.engine import reading
from outreach.store.tables import customers

COMPANY = Company(brand=Brand(name="Sample"), topics={"greetings": Topic()})
TEXT = "key,email\n1,a@example.com\n2,@@\n"
IMPORTS = (import_customers, import_events, import_consents)


@pytest.mark.parametrize("take_in", IMPORTS)
@pytest.mark.parametrize("link", [None, Path.symlink_to, Path.hardlink_to])
def test_no_import_writes_refused_rows_over_its_own_file(
    sqlite_engine: Engine, tmp_path: Path, take_in: Any, link: Callable[[Path, Path], None] | None
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(TEXT)
    rejects = path if link is None else tmp_path / "b.csv"
    if link is not None:
        link(rejects, path)

    with pytest.raises(UsageError, match="is the file to be imported"):
        take_in(sqlite_engine, path, COMPANY, NOW, Options(rejects_path=rejects))

    assert path.read_text() == TEXT


def test_refused_rows_take_their_name_at_the_end(sqlite_engine: Engine, tmp_path: Path) -> None:
    path, rejects = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text(TEXT)
    rejects.write_text("of yesterday")
    seen = []

    def look(_: int) -> None:
        seen.append(rejects.read_text())

    import_customers(sqlite_engine, path, COMPANY, NOW, Options(rejects_path=rejects), look)

    assert seen == ["of yesterday"]
    assert rejects.read_text().startswith("line,column,message,key,email\n3,email,")
    assert sorted(each.name for each in tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("text", ["5,a,Paris,Texas", '5,a,"Paris","Texas"'])
def test_a_row_with_too_many_cells_is_mended_in_its_place(
    sqlite_engine: Engine, tmp_path: Path, text: str
) -> None:
    path, rejects = tmp_path / "a.csv", tmp_path / "a.csv.rejects.csv"
    path.write_text(f"key,first_name,city\n{text}\n6,b\n")

    import_customers(sqlite_engine, path, COMPANY, NOW)
    written = rejects.read_text()
    path.write_text(written.replace("Paris,Texas", '"Paris, Texas"').replace("6,b", "6,b,Rome"))
    found = import_customers(sqlite_engine, path, COMPANY, NOW)

    assert written.splitlines() == [
        "line,column,message,key,first_name,city",
        '2,city,"the row has 4 cells, the header 3",5,a,Paris,Texas',
        '3,city,"the row has 2 cells, the header 3",6,b',
    ]
    assert (found.created, found.rejected) == (2, 0)


def test_a_row_names_all_its_faults_at_once(sqlite_engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Number,email,birthday\n,@@,someday\n")

    found = import_customers(sqlite_engine, path, COMPANY, NOW, Options(map={"Number": "key"}))

    assert [each.column for each in found.rejects] == ["email", "birthday", "Number"]


def test_refused_rows_may_go_to_a_device(sqlite_engine: Engine, tmp_path: Path) -> None:
    path, device = tmp_path / "a.csv", Path("/dev/null")
    path.write_text(TEXT)

    import_customers(sqlite_engine, path, COMPANY, NOW, Options(rejects_path=device))

    assert device.is_char_device()


def test_two_names_of_one_field_in_a_json_line_are_refused(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"key": "1", "email": "a@example.com", "E-Mail": "b@example.com"}\n' * 2)

    found = import_customers(sqlite_engine, path, COMPANY, NOW, Options(map={"E-Mail": "email"}))

    assert (found.created, found.rejected) == (0, 2)
    told = found.rejects[0]
    assert (told.line, told.column, told.message) == (
        1,
        "E-Mail",
        "is `email`, and so is `email`",
    )


@pytest.mark.parametrize(
    "row",
    [
        {"consent": {"email": {"greetings": "no"}}},
        {"consent": "no"},
        {"Consent.Email.Greetings": "no"},
        {"consent.email": {"greetings": "no"}},
    ],
)
def test_a_consent_in_another_form_is_told_and_nothing_imported(
    sqlite_engine: Engine, tmp_path: Path, row: dict[str, Any]
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"key": "1"} | row))

    with pytest.raises(UsageError) as error:
        import_customers(sqlite_engine, path, COMPANY, NOW)

    assert error.value.hint == "write `consent.email.greetings`"
    with reading(sqlite_engine) as conn:
        assert conn.execute(select(customers.c.key)).all() == []


def test_a_row_with_an_open_quote_comes_back_as_often_as_it_takes(
    sqlite_engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text('key;first_name;city\n1;"Ann;Bonn\n2;Bob;Rome\n')
    for _ in range(2):  # the second time nothing was mended
        rejects = import_customers(sqlite_engine, path, COMPANY, NOW).rejects_path
        assert rejects is not None
        text, path = rejects.read_text(), rejects

    assert text.splitlines()[0] == "line,column,message,key,first_name,city"
    path.write_text(text.replace('""Ann', "Ann"))
    mended = import_customers(sqlite_engine, path, COMPANY, NOW)

    assert (mended.created, mended.rejected) == (1, 0)
