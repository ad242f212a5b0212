"""The chain agrees with the plain-Python reference row by row, on random worlds."""

from database_world import arms, fill, undone, verdicts
from hypothesis import HealthCheck, given, settings
from reference import decide
from sqlalchemy import Connection
from world import World
from worlds import random_birthdays, random_feasts, random_household, random_world

ON_ONE_DATABASE = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@ON_ONE_DATABASE
@given(world=random_world(arms))
def test_the_chain_agrees_with_the_reference(conn: Connection, world: World) -> None:
    with undone(conn):
        ruling, _ = fill(conn, world)

        assert verdicts(conn, world, ruling) == decide(world)


@ON_ONE_DATABASE
@given(world=random_birthdays(arms))
def test_whose_birthday_it_is_agrees_with_the_reference(conn: Connection, world: World) -> None:
    with undone(conn):
        ruling, _ = fill(conn, world)

        assert verdicts(conn, world, ruling) == decide(world)


@ON_ONE_DATABASE
@given(world=random_feasts(arms))
def test_whose_country_has_a_feast_agrees_with_the_reference(
    conn: Connection, world: World
) -> None:
    with undone(conn):
        ruling, _ = fill(conn, world)

        assert verdicts(conn, world, ruling) == decide(world)


@ON_ONE_DATABASE
@given(world=random_household())
def test_people_who_share_addresses_get_no_more_in_one_run_than_their_caps_allow(
    conn: Connection, world: World
) -> None:
    with undone(conn):
        ruling, _ = fill(conn, world)

        assert verdicts(conn, world, ruling) == decide(world)
