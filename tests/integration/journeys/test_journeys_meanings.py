"""The rows of docs/meanings/journeys.md, as scheduler and worker carry them out, on both databases."""

from pathlib import Path

import pytest
from journey_meanings import PATH, Row, page, rows
from journeying import BEGIN, HEAD, a_way
from sqlalchemy import Engine

ROWS = rows()


def test_the_page_is_made_from_the_rows() -> None:
    assert PATH.with_suffix(".md").read_text("utf-8") == page()


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_messages_come_as_the_table_says(tmp_path: Path, engine: Engine, row: Row) -> None:
    head = HEAD.replace("audience: everyone\n", "") if "audience:" in row.campaign else HEAD
    before = [f"ann,{each['event']},{each['dated']}" for each in row.before]
    way = a_way(
        tmp_path, engine, row.campaign, head, customer=row.customer, before=before, rules=row.rules
    )
    seen = set(row.looks)
    for each in row.happens:
        if not each.get("unseen"):
            seen.add(each["at"])
    happens = {each["at"]: each for each in row.happens}

    for now in sorted(seen | happens.keys()):
        if (each := happens.get(now)) is not None:
            way.happens(now, each)
        if now in seen:
            way.run(now)

    assert way.messages_at() == list(row.messages), BEGIN
