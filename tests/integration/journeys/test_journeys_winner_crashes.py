"""A process is killed between choosing a winner and using it, and two go on at once: chosen once, used."""

import sys
from collections import Counter
from pathlib import Path

import pytest
from commands import environment
from journeying import KEY, Way, a_way
from pythons import Process
from sqlalchemy import Engine, select
from test_journeys_winner import CAMPAIGN as JOURNEY
from test_journeys_winner import PEOPLE, come_in, sent

from outreach.store.engine import reading
from outreach.store.tables import audit, customers, deliveries

RUN = """\
schedule: {at: 2026-07-01T09:00}
experiment:
  variants: {plain: 1, warm: 1}
  winner: {by: goal, after: 5 days, test: 50%}
goal: {when: "count('visit', since=entered_at) > 0", within: 5 days}
steps: [{id: note, channels: email, template: note}]
"""
BEFORE, ENTERED, VISITED = "2026-07-01T08:30", "2026-07-01T09:00", "2026-07-03T09:00"
CHOSEN = "2026-07-06T09:00"
MORTAL = """
import os, signal, sys
from sqlalchemy import Engine, event
from outreach.cli.frame import run

table, number = sys.argv[1], int(sys.argv[2])
seen = 0

@event.listens_for(Engine, "commit")
def die(conn):
    global seen
    query = f"SELECT count(*) FROM {table} WHERE variant IS NOT NULL"
    seen += conn.exec_driver_sql(query).scalar()
    if seen == number:
        os.kill(os.getpid(), signal.SIGKILL)

sys.exit(run(sys.argv[3:]))
"""


def begin(way: Way, *words: str) -> Process:
    """A process that looks at the instant of the choice."""
    variables = environment(database_url=way.url, secret_key=KEY, lease_seconds="2")
    look = ("run", "--until-idle", "--now", CHOSEN)
    return Process([sys.executable, *words, *look], way.project, variables)


def killed_then_two(way: Way, table: str, number: int) -> None:
    """One dies at the commit of this number that has the choice in it; then two look at once."""
    assert begin(way, "-c", MORTAL, table, str(number)).wait(120) == -9
    both = [begin(way, "-m", "outreach") for _ in range(2)]
    assert [each.wait(240) for each in both] == [0, 0]


def visit(way: Way, variant: str, keys: set[str]) -> None:
    """Whoever of them got a variant reaches the goal."""
    lines = [f"{key},visit,{VISITED}," for key, got in sent(way, "note").items() if got == variant]
    way.events(VISITED, *(line for line in lines if line.split(",")[0] in keys))


def messages(way: Way) -> Counter[str]:
    """By key how many messages there are, whatever came of them."""
    query = select(customers.c.key).join(deliveries, customers.c.id == deliveries.c.customer_id)
    with reading(way.engine) as conn:
        return Counter(conn.execute(query).scalars())


def chosen(way: Way) -> list[str]:
    """The choices that were written down."""
    with reading(way.engine) as conn:
        found = conn.execute(select(audit.c.detail).where(audit.c.action == "winner chosen"))
        return [each["variant"] for each in found.scalars()]


@pytest.mark.parametrize("number", [1, 2])
def test_who_waits_in_a_run_gets_the_winner_once(
    tmp_path: Path, engine: Engine, number: int
) -> None:
    way = a_way(tmp_path, engine, RUN)
    keys = [f"c{n}" for n in range(PEOPLE)]
    head = "key,email,timezone,country,consent.email.greetings"
    rows = [f"{key},{key}@example.com,Europe/Berlin,DE,yes" for key in keys]
    (way.project / "new.csv").write_text("\n".join([head, *rows]))
    assert way.call(BEFORE, "customers", "import", "new.csv", "--consent-source", "form").code == 0
    way.run(ENTERED)
    tested = sent(way, "note")
    visit(way, "warm", set(keys))

    killed_then_two(way, "winners", number)

    got = sent(way, "note")
    assert chosen(way) == ["warm"]
    assert got.keys() == {"ann", "bob", *keys}
    assert set(messages(way).values()) == {1}
    assert {key: got[key] for key in tested} == tested
    assert 0 < len(tested) < len(got)
    assert {got[key] for key in got.keys() - tested.keys()} == {"warm"}


@pytest.mark.parametrize("number", [1, 2])
def test_who_comes_into_a_journey_gets_the_winner_once(
    tmp_path: Path, engine: Engine, number: int
) -> None:
    way = a_way(tmp_path, engine, JOURNEY)
    first = {f"c{n}" for n in range(PEOPLE)}
    come_in(way, ENTERED, sorted(first))
    visit(way, "warm", first)
    new = [f"n{n}" for n in range(5)]
    way.run("2026-07-06T08:00")
    rows = [f"{key},{key}@example.com,Europe/Berlin,DE,yes" for key in new]
    head = "key,email,timezone,country,consent.email.greetings"
    (way.project / "new.csv").write_text("\n".join([head, *rows]))
    assert way.call(CHOSEN, "customers", "import", "new.csv", "--consent-source", "form").code == 0
    way.events(CHOSEN, *(f"{key},order,{CHOSEN}," for key in new))

    killed_then_two(way, "journey_winners", number)

    assert chosen(way) == ["warm"]
    assert {sent(way, "note")[key] for key in new} == {"warm"}
    assert set(messages(way).values()) == {1}
