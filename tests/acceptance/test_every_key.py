"""Whatever may be written in a campaign's file has a worked example, whose outcome hangs on it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from schema_walk import places
from worked_keys import Example, examples, outcome, without

from outreach.campaign.schema import campaign_schema

Urls = Callable[[], str]


@pytest.mark.parametrize("example", examples(), ids=str)
def test_what_an_example_shows_makes_the_difference(
    example: Example, tmp_path: Path, new_database_url: Urls
) -> None:
    def comes_of(campaign: dict[str, object], name: str) -> list[str]:
        (tmp_path / name).mkdir()
        return outcome(example.given, campaign, tmp_path / name, new_database_url())

    written = example.given["campaign"]
    found = comes_of(written, "written")
    others = [
        comes_of(without(written, shown), f"without-{number}")
        for number, shown in enumerate(example.shows)
    ]

    assert found == list(example.expect)
    for shown, other in zip(example.shows, others, strict=True):
        assert other != found, f"{shown.place} makes no difference"


def test_every_place_of_the_schema_has_an_example() -> None:
    shown = {shown.place for example in examples() for shown in example.shows}

    assert places(campaign_schema()) - shown == set()
    assert shown - places(campaign_schema()) == set()
