"""Every row of docs/meanings/falling-over.yaml, on both databases, through plan, claim and receipts."""

from pathlib import Path

import pytest
from falling_meanings import PATH, Row, page, rows
from falling_world import World
from sqlalchemy import Engine


@pytest.mark.parametrize("row", rows(), ids=str)
def test_what_failed_for_good_goes_on_by_the_next_channel(engine: Engine, row: Row) -> None:
    world = World(engine, row)

    for event in row.happens:
        world.happens(event)

    assert tuple(world.tried) == row.goes
    assert world.ends() == row.ends
    assert world.touches() == row.touches


def test_the_page_is_made_from_these_rows() -> None:
    """`python tests/falling_meanings.py` writes it anew."""
    assert Path(PATH).with_suffix(".md").read_text("utf-8") == page()
