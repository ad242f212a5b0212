"""Journeys go on as the plain-Python reference says, on random ones: by scheduler and worker."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from journey_world import JourneyWorld
from journey_worlds import random_journeys
from journeyed import walked
from reference_journeys import walks
from sqlalchemy import Engine

from outreach.store.engine import dispose, make_engine

Fresh = Callable[[], AbstractContextManager[tuple[Path, Engine]]]
ON_ONE_DATABASE = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def fresh(_database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Fresh:
    """A folder and an empty database, as often as they are asked for."""
    numbers = count(1)

    @contextmanager
    def made() -> Iterator[tuple[Path, Engine]]:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        if _database == "postgres":
            stock = request.getfixturevalue("postgres_stock")
            name = stock.take()
            url = request.getfixturevalue("postgres_server").format(database=name)
        else:
            shutil.copyfile(request.getfixturevalue("sqlite_template"), folder / "outreach.db")
            url = f"sqlite:///{folder / 'outreach.db'}"
        engine = make_engine(url)
        try:
            yield folder, engine
        finally:
            dispose(engine)
            shutil.rmtree(folder)
            if _database == "postgres":
                stock.give_back(name)

    return made


@ON_ONE_DATABASE
@given(world=random_journeys())
def test_a_journey_goes_as_the_reference_says(fresh: Fresh, world: JourneyWorld) -> None:
    with fresh() as (folder, engine):
        assert walked(folder, engine, world) == walks(world)
