"""The files that the demo runs on."""

import csv
from collections import Counter
from pathlib import Path
from random import Random

import phonenumbers
import pytest
from email_validator import validate_email

from outreach.demo.customers import make_customers
from outreach.demo.files import make_files
from outreach.demo.purchases import FIRST_DAY, LAST_DAY, Purchase, made_up


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    """Customers of the small made-up base."""
    random = Random(1)
    return [customer.row for customer in make_customers(random, made_up(random))]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()

    made, again = make_files(one, 7, real=False), make_files(other, 7, real=False)

    for name in ("customers", "events", "consents"):
        assert getattr(made, name).read_bytes() == getattr(again, name).read_bytes()


def test_everyone_who_bought_is_a_customer_and_some_rows_are_bad(tmp_path: Path) -> None:
    made = make_files(tmp_path, real=False)

    keys = {row["key"] for row in read(made.customers)}
    buyers = {row["key"] for row in read(made.events) if row["kind"] == "order"}
    assert len({key for key in keys if key.startswith("X")}) == 11
    assert {key for key in buyers if key not in keys} == {"C99999"}


def test_addresses_are_accepted_and_reach_nobody(rows: list[dict[str, str]]) -> None:
    for row in rows:
        if row["email"]:
            assert validate_email(row["email"], check_deliverability=False).domain[:8] == "example."
        if row["phone"]:
            assert phonenumbers.is_valid_number(phonenumbers.parse(row["phone"], row["country"]))


def test_few_customers_share_an_address(rows: list[dict[str, str]]) -> None:
    shared = [
        address
        for column in ("email", "phone")
        for address, count in Counter(row[column] for row in rows if row[column]).items()
        if count > 1
    ]

    assert 5 <= len(shared) <= 20


def test_some_have_no_zone_no_name_day_no_owner(rows: list[dict[str, str]]) -> None:
    for column in ("timezone", "nickname", "gender", "birthday", "owner", "phone", "locale"):
        assert {bool(row[column]) for row in rows} == {True, False}, column


def test_made_up_purchases_lie_in_the_time_of_the_real_ones() -> None:
    days = [purchase.day for purchase in made_up(Random(3))]

    assert FIRST_DAY <= min(days) <= max(days) <= LAST_DAY


def test_real_purchases_are_read_whole(purchases: list[Purchase]) -> None:
    assert len(purchases) == 69_659
    assert len({purchase.customer for purchase in purchases}) == 23_570
    assert isinstance(purchases[0], Purchase)


def test_files_of_the_same_maker_stay_as_they_are(tmp_path: Path) -> None:
    made = make_files(tmp_path, real=False)
    made.events.write_text("kept", "utf-8")

    make_files(tmp_path, real=False)

    assert made.events.read_text("utf-8") == "kept"


def test_files_that_were_not_finished_are_made_anew(tmp_path: Path) -> None:
    made = make_files(tmp_path, real=False)
    whole = made.events.read_bytes()
    made.events.write_bytes(whole[:100])
    (tmp_path / "made-by").unlink()

    make_files(tmp_path, real=False)

    assert made.events.read_bytes() == whole


def test_another_seed_makes_other_files(tmp_path: Path) -> None:
    before = make_files(tmp_path, 7, real=False).events.read_bytes()

    assert make_files(tmp_path, 8, real=False).events.read_bytes() != before
