"""Every worked example of docs/meanings, decided by the chain on each database."""

import pytest
from database_world import fill, verdicts
from meanings import OUTSIDE, Example, examples
from sqlalchemy import Connection


@pytest.mark.parametrize("example", examples(), ids=str)
def test_the_chain_decides_as_the_example_says(conn: Connection, example: Example) -> None:
    ruling, _ = fill(conn, example.world)

    found = verdicts(conn, example.world, ruling).get(example.who, OUTSIDE)
    assert found == example.expected, example.name
