"""Whatever may be written in a project's files has a worked example, whose outcome hangs on it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from key_desk import Desk
from key_verbs import outcome
from schema_walk import places
from worked_keys import SUBJECTS, Example, examples, values_at

from outreach.campaign.schema import campaign_schema, company_schema
from outreach.lifecycle.lifecycle_file import lifecycle_schema

SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "campaign": campaign_schema,
    "company": company_schema,
    "lifecycle": lifecycle_schema,
}


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Desk]]:
    """Gives the desk on a database; all examples share it."""
    known: dict[str, Desk] = {}

    def give(url: str) -> Desk:
        if url not in known:
            known[url] = Desk.at(url, tmp_path_factory.mktemp("project"))
        return known[url]

    yield give
    for desk in known.values():
        desk.close()


@pytest.fixture
def desk(shared_database_url: str, desks: Callable[[str], Desk]) -> Desk:
    return desks(shared_database_url)


@pytest.mark.parametrize("example", examples(*SUBJECTS), ids=str)
def test_what_an_example_shows_makes_the_difference(example: Example, desk: Desk) -> None:
    found = outcome(desk, example.given)

    assert found == list(example.expect)
    for shown in example.shows:
        assert outcome(desk, example.without(shown)) != found, f"{shown.place} makes no difference"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_place_of_a_schema_has_an_example(subject: str) -> None:
    shown = {shown.place for example in examples(subject) for shown in example.shows}
    known = places(SCHEMAS[subject]())

    assert sorted(known - shown) == []
    assert sorted(shown - known) == []


@pytest.mark.parametrize("example", examples(*SUBJECTS), ids=str)
def test_a_value_that_an_example_shows_is_written_in_it(example: Example) -> None:
    for shown in example.shows:
        _, told, value = shown.place.partition("=")
        if told:
            assert value in values_at(example.given[example.subject], shown), shown.place
