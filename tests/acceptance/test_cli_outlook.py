"""`outreach outlook`: one customer's next months, as all of them are simulated."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from commands import outreach, outreach_here, sample_project
from letterbox import people
from simulated_week import START, by_customer, planned_in, week_project

NOON = "2026-07-03T12:00"
KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCD"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Ten customers, nine of whom may be written to."""
    made = sample_project(tmp_path / "project")
    people(made, 10)
    return made


def test_people_read_what_comes_when_and_where_as_it_will_be_read(project: Path) -> None:
    answer = outreach(project, "outlook", "k1", "--days", "8", "--now", NOON)

    assert answer.code == 0
    assert answer.out.startswith("k1: 2 messages, 2026-07-03 to 2026-07-11, America/New_York\n")
    assert "\nFri 2026-07-03 17:00  email  weekly-greeting\nHave a good weekend\n" in answer.out
    assert "\nFri 2026-07-10 17:00  email  weekly-greeting\n" in answer.out
    assert "Ann" in answer.out


def test_people_read_what_is_withheld_and_why(project: Path) -> None:
    answer = outreach_here(project, "outlook", "k0", "--days", "1", "--now", NOON)

    assert answer.out == (
        "k0: 0 messages, 2026-07-03 to 2026-07-04, America/New_York\n\nWithheld\n"
        "when                   campaign          channel   why\n"
        "─────────────────────────────────────────────────────────────\n"
        "Fri 2026-07-03 17:00   weekly-greeting   email     no_consent\n"
    )


def test_nobody_of_that_key_is_told(project: Path) -> None:
    answer = outreach_here(project, "outlook", "nobody", "--now", NOON)

    assert answer.code == 2
    assert "there is no customer `nobody`" in answer.err


def test_an_outlook_is_what_simulating_everyone_says_of_the_customer(
    tmp_path: Path, database_url: str
) -> None:
    """Also of who shares an address."""
    settings = {"database_url": database_url, "secret_key": KEY}
    project = week_project(tmp_path / "project", 60, **settings)
    at = ("--days", "2", "--now", START.isoformat())
    outreach_here(project, "simulate", "--rows", "r.csv", *at, **settings)
    everyone = by_customer(planned_in(project / "r.csv"))

    for key in ("C0000", "C0017", "C0030", "C0036"):
        found = outreach_here(project, "outlook", key, *at, "--json", **settings).json

        assert len(found["messages"]) == len(everyone[key]) > 0
        assert sorted(_row(each) for each in found["messages"]) == [
            (row[1], row[3], row[6], row[7], row[8], row[10]) for row in sorted(everyone[key])
        ]


def _row(each: dict[str, str]) -> tuple[str, ...]:
    planned_at = datetime.fromisoformat(each["planned_at"]).astimezone(UTC).isoformat()
    names = ("decision", "reason", "state")
    return (each["campaign"], each["channel"], planned_at, *(each[name] for name in names))
