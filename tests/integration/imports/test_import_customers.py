"""Customers from files, on both databases."""

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from outreach.errors import UsageError
from outreach.imports import ImportResult, Options, import_customers
from outreach.imports.outcome import Reject
from outreach.settings.company import Brand, Company, Topic
from outreach.store.engine import reading
from outreach.store.tables import consents, customers, places, stage_changes

COMPANY = Company(
    brand=Brand(name="Sample", timezone="Europe/Berlin", country="DE"),
    topics={"offers": Topic(), "service": Topic()},
    attributes={"points": "number", "credit": "money", "vip": "yes_no", "since": "date"},
)


class Base:
    """A customer base that files are imported into."""

    def __init__(self, engine: Engine, folder: Path, now: datetime) -> None:
        self.engine, self.path, self.now = engine, folder / "customers.csv", now

    def take(self, text: str | bytes, company: Company = COMPANY, **options: Any) -> ImportResult:
        """Import a file with this content."""
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return import_customers(self.engine, self.path, company, self.now, Options(**options))

    def one(self, key: str, *names: str) -> Any:
        """Some columns of a customer."""
        with reading(self.engine) as conn:
            columns = [customers.c[name] for name in names]
            return tuple(conn.execute(select(*columns).where(customers.c.key == key)).one())


@pytest.fixture
def base(engine: Engine, tmp_path: Path, now: datetime) -> Base:
    return Base(engine, tmp_path, now)


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.created, result.updated, result.unchanged, result.rejected


def places_of(result: ImportResult) -> list[tuple[int, str]]:
    return [(reject.line, reject.column) for reject in result.rejects]


FILE = """key,first_name,email,phone,country,timezone,tags,points,credit,vip,since
1,Ann,Ann@Example.com,030 901820,DE,,gold; new;gold,12.5,9.99,yes,2024-02-29
2,Bo,,+1 650 253 0000,,America/New_York,,,,,
"""


def test_a_file_becomes_customers(base: Base) -> None:
    result = base.take(FILE)

    assert counts(result) == (2, 0, 0, 0)
    assert base.one("1", "email", "phone", "tags", "attributes") == (
        "ann@example.com",
        "+4930901820",
        ["gold", "new"],
        {"points": 12.5, "credit": 99_900, "vip": True, "since": "2024-02-29"},
    )


def test_a_second_import_of_the_same_file_changes_nothing(base: Base) -> None:
    base.take(FILE)
    later = Base(base.engine, base.path.parent, base.now.replace(year=2027))

    result = later.take(FILE)

    assert counts(result) == (0, 0, 2, 0)
    assert base.one("1", "updated_at") == (base.now,)


def test_a_blank_cell_leaves_what_is_there(base: Base) -> None:
    base.take(FILE)

    result = base.take("key,first_name,email,vip\n1,Anna,,\n")

    assert counts(result) == (0, 1, 0, 0)
    assert base.one("1", "first_name", "email") == ("Anna", "ann@example.com")
    assert base.one("1", "attributes")[0]["vip"] is True


def test_blank_clears_empties_fields_and_attributes(base: Base) -> None:
    base.take(FILE)

    base.take("key,email,tags,vip\n1,,,\n", blank_clears=True)

    assert base.one("1", "email", "tags") == (None, [])
    assert "vip" not in base.one("1", "attributes")[0]


def test_the_own_zone_is_the_place(base: Base) -> None:
    base.take(FILE)

    assert place(base, "2") == ("America/New_York", True, "US")


def test_without_a_zone_the_place_is_every_zone_of_number_and_country(base: Base) -> None:
    base.take(FILE)

    assert place(base, "1") == ("Europe/Berlin;Europe/Busingen", False, "DE")


def test_a_later_zone_moves_the_customer(base: Base) -> None:
    base.take(FILE)

    base.take("key,timezone\n1,Asia/Tokyo\n")

    assert place(base, "1") == ("Asia/Tokyo", True, "DE")


def test_nothing_known_is_company_time(base: Base) -> None:
    base.take("key\n9\n")

    assert place(base, "9") == ("", False, "")


def place(base: Base, key: str) -> tuple[str, bool, str]:
    with reading(base.engine) as conn:
        found = conn.execute(
            select(places.c.zones, places.c.known, places.c.country)
            .join(customers, customers.c.place_id == places.c.id)
            .where(customers.c.key == key)
        )
        return tuple(found.one())


def test_each_bad_cell_is_reported_and_the_rest_imported(base: Base) -> None:
    result = base.take(
        "key,email,phone,timezone\n"
        "1,ann@example.com,,\n"
        "2,no address,123,Europe/Berlni\n"
        "3,,,\n"
        ",x@example.com,,\n"
    )

    assert counts(result) == (2, 0, 0, 2)
    assert places_of(result) == [(3, "email"), (3, "timezone"), (3, "phone"), (5, "key")]
    assert result.rejects[1].message == (
        "`Europe/Berlni` is no time zone; did you mean `Europe/Berlin`?"
    )


def test_refused_rows_stand_in_a_file_that_can_be_mended_and_imported(base: Base) -> None:
    result = base.take("key,phone,city\n1,+49 1,=cmd()\n2,+4930901820,Bonn\n")

    assert result.rejects_path == base.path.with_name("customers.csv.rejects.csv")
    rows = list(csv.DictReader(result.rejects_path.read_text().splitlines()))
    assert rows == [
        {
            "line": "2",
            "column": "phone",
            "message": "is no phone number",
            "key": "1",
            "phone": "'+49 1",
            "city": "'=cmd()",
        }
    ]
    mended = result.rejects_path.read_text().replace("+49 1", "+4930901820")
    again = base.take(mended)
    assert (counts(again), again.warnings) == ((1, 0, 0, 0), ())
    assert base.one("1", "phone", "city") == ("+4930901820", "=cmd()")
    assert not result.rejects_path.exists()


def test_a_dry_run_counts_and_writes_nothing(base: Base) -> None:
    result = base.take(FILE, dry_run=True)

    assert counts(result) == (2, 0, 0, 0)
    with reading(base.engine) as conn:
        assert conn.execute(select(func.count()).select_from(customers)).scalar() == 0
        assert conn.execute(select(func.count()).select_from(places)).scalar() == 0


def test_a_key_that_comes_again_is_refused_and_the_file_again_changes_nothing(base: Base) -> None:
    text = "key,first_name,city\n1,Ann,Bonn\n2,,Rome\n1,Anna,Paris\n"

    result, again = base.take(text), base.take(text)

    assert result.rejects == (Reject(4, "key", "stands on line 2 already: one row a customer"),)
    assert (counts(result), counts(again)) == ((2, 0, 0, 1), (0, 0, 2, 1))
    assert base.one("1", "first_name", "city") == ("Ann", "Bonn")


def test_customers_with_one_address_are_marked_until_it_is_given_up(base: Base) -> None:
    base.take("key,email,phone\n1,a@example.com,\n2,A@example.com,+4930901820\n3,,+4930901820\n")
    assert [base.one(key, "shares")[0] for key in "123"] == [True, True, True]

    base.take("key,email\n1,b@example.com\n")

    assert [base.one(key, "shares")[0] for key in "123"] == [False, True, True]
    base.take("key,phone\n3,\n", blank_clears=True)
    assert [base.one(key, "shares")[0] for key in "123"] == [False, False, False]


def test_unknown_columns_are_named_once(base: Base) -> None:
    result = base.take("key,frist_name,stage,shoe size,spend,hat\n1,a,b,c,1,d\n2,a,b,c,1,d\n")

    assert result.warnings == (
        "column `frist_name` is not read: there is no such field; did you mean `first_name`?",
        "column `stage` is not read: the lifecycle `six-stage` decides it",
        "column `shoe size` is not read: there is no such field; declare it under `attributes` in "
        'outreach.yaml by another name to keep it, and say `--map "shoe size=<its name>"`',
        "column `spend` is not read: it is a fact, which is counted from the customers' events; "
        "import those",
        "column `hat` is not read: there is no such field; "
        "declare it under `attributes` in outreach.yaml to keep it",
    )


@pytest.mark.parametrize(
    ("before", "file"), [("00123\n", "123\n"), ("123\n", "00123\n"), ("", "00123\n123\n")]
)
def test_zeros_that_a_spreadsheet_lost_are_told(base: Base, before: str, file: str) -> None:
    base.take(f"key\n124\n{before}")

    result = base.take(f"key\n{file}124\n125\n0\n")

    assert result.warnings == (
        "new keys that are there with or without zeros before them: 1, such as `123` and `00123`;"
        " if a spreadsheet lost the zeros, make the column text there",
    )


@pytest.mark.parametrize("header", ["E-Mail", "e mail", "E_MAIL"])
def test_case_spaces_and_strokes_in_the_names_of_columns_do_not_matter(
    base: Base, header: str
) -> None:
    base.take(f"Key,{header},Time-Zone\n1,a@example.com,Europe/Berlin\n")

    assert base.one("1", "email", "timezone") == ("a@example.com", "Europe/Berlin")


def test_map_names_a_column(base: Base) -> None:
    base.take("Nr.;E-Mail\n1;a@example.com\n", map={"Nr.": "key", "E-Mail": "email"})

    assert base.one("1", "email") == ("a@example.com",)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "the file is empty"),
        ("email\na@example.com\n", {}, "the file has no column `key`"),
        ("key,key\n1,2\n", {}, "two columns are called `key`"),
        ("key,Email,email\n", {}, "two columns are `email`: `Email` and `email`"),
        ("key,consent.sms.offers\n", {}, "`consent.sms.offers` is a consent, and a yes needs to say where it was given"),
        ("key,consent.sms.ofers\n", {"consent_source": "x"}, "`consent.sms.ofers`: outreach.yaml has no topic `ofers`"),
        ("key,consent.sns.offers\n", {"consent_source": "x"}, "`consent.sns.offers`: there is no channel `sns`"),
        ("key,Vorname\n", {"map": {"Vornam": "first_name"}}, "`--map Vornam=first_name`: the file has no column `Vornam`"),
        ("key,a\n", {"map": {"a": "emial"}}, "`--map a=emial`: there is no field `emial`"),
        ("key\n", {"encoding": "klingon"}, "there is no encoding `klingon`"),
        ("key\n", {"sheet": "Kunden"}, "`--sheet` is for workbooks, and this file is none"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", {}, "the file is an old workbook (.xls), or one with a password"),
    ],
)  # fmt: skip
def test_a_file_that_can_not_be_meant_is_refused_as_a_whole(
    base: Base, text: str | bytes, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        base.take(text, **options)

    assert refusal.value.message == message


def test_a_consent_to_tasks_is_refused_with_what_makes_the_channel(base: Base) -> None:
    with pytest.raises(UsageError) as refusal:
        base.take("key,consent.task.offers\n", consent_source="x")

    assert refusal.value.message == "`consent.task.offers`: there is no channel `task`"
    assert refusal.value.hint == "add `task: {adapter: task}` to `channels` in outreach.yaml"


def test_a_given_stage_is_taken_and_its_moves_are_kept(base: Base) -> None:
    company = replace_lifecycle("given")
    base.take("key,stage\n1,growth\n", company)
    base.take("key,stage\n1,growth\n", company)
    base.take("key,stage\n1,decline\n", company)

    with reading(base.engine) as conn:
        moves = conn.execute(select(stage_changes.c.from_stage, stage_changes.c.to_stage))
        assert [tuple(move) for move in moves] == [(None, "growth"), ("growth", "decline")]


def replace_lifecycle(name: str) -> Company:
    return COMPANY.model_copy(update={"lifecycle": name})


def test_json_lines_are_read_too(base: Base, tmp_path: Path) -> None:
    path = tmp_path / "customers.jsonl"
    path.write_text(
        '{"key": 7, "tags": ["a", "b"], "credit": 12.3456, "vip": false, "email": null}\n'
        "{broken\n"
        '[1]\n{"key": "8", "points": {"a": 1}}\n{"key": "9", "timezone": ["x"]}\n'
    )

    result = import_customers(base.engine, path, COMPANY, base.now)

    assert counts(result) == (1, 0, 0, 4)
    assert [(reject.line, reject.column) for reject in result.rejects] == [
        (2, ""), (3, ""), (4, "points"), (5, "timezone"),
    ]  # fmt: skip
    assert base.one("7", "tags", "attributes") == (["a", "b"], {"credit": 123_456, "vip": False})


LARGE = "".join(f"c{n},u{n}@example.com,{'x' * 1_900}\n" for n in range(4_500))  # 8.7 MB


def test_a_large_file_is_parsed_by_a_second_process(base: Base) -> None:
    done: list[int] = []
    base.path.write_text(f"key,email,note\n{LARGE}bad,nowhere,\n")

    result = import_customers(base.engine, base.path, COMPANY, base.now, progress=done.append)

    assert counts(result) == (4_500, 0, 0, 1)
    assert result.rejects[0].line == 4_502
    assert done[-1] == base.path.stat().st_size


def test_the_second_process_says_what_is_wrong_with_the_file(base: Base) -> None:
    with pytest.raises(UsageError) as refusal:
        base.take("name,email,note\n" + LARGE)

    assert refusal.value.hint == 'rename one with `--map "<its name>=key"`'


CONSENTS = "key,email,consent.email.offers,consent.sms.offers\n"


def test_consent_columns_say_yes_no_or_nothing(base: Base) -> None:
    result = base.take(CONSENTS + "1,a@example.com,yes,no\n2,,,\n", consent_source="form")

    assert result.consents_recorded == 2
    with reading(base.engine) as conn:
        rows = conn.execute(
            select(consents.c.channel, consents.c.state, consents.c.source, consents.c.at)
        )
        assert sorted(map(tuple, rows)) == [
            ("email", "granted", "form", base.now),
            ("sms", "withdrawn", "form", base.now),
        ]


def test_an_import_lifts_no_no(base: Base) -> None:
    base.take(CONSENTS + "1,a@example.com,no,\n", consent_source="form")

    result = base.take(CONSENTS + "1,a@example.com,yes,\n", consent_source="form")

    assert (result.consents_recorded, result.consents_refused) == (0, 1)


def test_a_record_made_anew_does_not_free_its_address(base: Base) -> None:
    base.take(CONSENTS + "1,a@example.com,no,\n", consent_source="form")

    result = base.take(CONSENTS + "2,A@example.com,yes,\n", consent_source="form")

    assert (result.consents_recorded, result.consents_refused) == (0, 1)


def test_something_else_than_yes_or_no_refuses_the_row(base: Base) -> None:
    result = base.take(CONSENTS + "1,a@example.com,maybe,\n", consent_source="form")

    assert places_of(result) == [(2, "consent.email.offers")]
