"""Rate limits: what is bought never goes over the rate and a second's burst, nor over the day's."""

import multiprocessing
import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW
from sqlalchemy import Engine, select

from outreach.settings.rate_limits import RateLimit
from outreach.settings.rates import Rate, Unit, parse_rate
from outreach.store import limits
from outreach.store.engine import dispose, make_engine, reading, writing
from outreach.store.limits import Standing, sell, today_in
from outreach.store.tables import limits as table

TODAY = today_in("UTC", NOW)
MIDNIGHT = datetime(2026, 7, 4, tzinfo=UTC)


def limit(*written: str, name: str = "email") -> RateLimit:
    return RateLimit(name, tuple(parse_rate(each) for each in written))


def buy(engine: Engine, wanted: dict[RateLimit, int], now: datetime = NOW) -> dict[str, int]:
    with writing(engine) as conn:
        sales = limits.buy(conn, wanted, now, today_in("UTC", now))
    return {name: sale.count for name, sale in sales.items()}


@given(
    st.integers(1, 40),
    st.sampled_from([Unit.SECOND, Unit.MINUTE, Unit.HOUR]),
    st.lists(st.tuples(st.integers(0, 3_000_000), st.integers(1, 60)), max_size=40),
)
def test_no_span_of_time_exceeds_the_rate_and_one_seconds_burst(
    count: int, unit: Unit, asks: list[tuple[int, int]]
) -> None:
    """Asked at any instants for any number: between any two sales it is at most what has come."""
    rated = RateLimit("x", (Rate(count, unit),))
    standing, now, sold = Standing("x"), NOW, [(NOW, 0)]

    for microseconds, wanted in asks:
        now += timedelta(microseconds=microseconds)
        sale, standing = sell(rated, standing, wanted, now, today_in("UTC", now))
        sold.append((now, sale.count))

    assert rated.spacing is not None
    for start in range(len(sold)):
        for end in range(start, len(sold)):
            had = sum(number for _, number in sold[start : end + 1])
            assert had <= rated.burst + (sold[end][0] - sold[start][0]) / rated.spacing


@given(st.lists(st.tuples(st.integers(0, 20 * 3600), st.integers(1, 2000)), max_size=60))
def test_no_day_exceeds_its_quota_which_doubles_with_each_day_on_which_something_went(
    asks: list[tuple[int, int]],
) -> None:
    ramp = limit("100/day, doubling to 1000/day")
    standing, now = Standing("x"), NOW
    sold: Counter[date] = Counter()

    for seconds, wanted in asks:
        now += timedelta(seconds=seconds)
        sale, standing = sell(ramp, standing, wanted, now, today_in("UTC", now))
        sold[now.date()] += sale.count

    used = [count for _, count in sorted(sold.items()) if count]
    assert all(count <= min(100 * 2**days, 1000) for days, count in enumerate(used))


def test_all_of_several_rates_hold() -> None:
    both = limit("10/second", "15/day")

    first, standing = sell(both, Standing("x"), 50, NOW, TODAY)
    later, standing = sell(both, standing, 50, NOW + timedelta(seconds=1), TODAY)

    assert (first.count, first.spent_today) == (10, False)
    assert (later.count, later.spent_today, later.again_at) == (5, True, MIDNIGHT)


def test_who_gets_less_is_told_when_a_few_more_are_there() -> None:
    sale, _ = sell(limit("20/second"), Standing("x"), 30, NOW, TODAY)

    assert sale.count == 20
    assert sale.again_at == NOW + timedelta(milliseconds=250)


def test_what_is_not_bought_in_time_is_lost() -> None:
    _, standing = sell(limit("5/second"), Standing("x"), 5, NOW, TODAY)

    sale, _ = sell(limit("5/second"), standing, 500, NOW + timedelta(hours=1), TODAY)

    assert sale.count == 5


def test_a_clock_that_was_ahead_stops_nobody_for_long() -> None:
    ahead = Standing("x", NOW + timedelta(days=900), date(2028, 1, 1), 50, 3)

    sale, standing = sell(limit("5/second", "10/day"), ahead, 9, NOW, TODAY)
    later, _ = sell(limit("5/second", "10/day"), standing, 9, NOW + timedelta(seconds=1), TODAY)

    assert (sale.count, later.count) == (0, 5)


def test_a_clock_that_goes_back_over_midnight_opens_no_quota_anew() -> None:
    tomorrow = today_in("UTC", MIDNIGHT)
    _, standing = sell(limit("10/day"), Standing("x"), 10, MIDNIGHT, tomorrow)

    sale, _ = sell(limit("10/day"), standing, 10, MIDNIGHT - timedelta(seconds=1), TODAY)

    assert sale.count == 0


def test_the_day_is_the_companys() -> None:
    shanghai = today_in("Asia/Shanghai", datetime(2026, 7, 3, 20, tzinfo=UTC))

    assert shanghai.on == date(2026, 7, 4)
    assert shanghai.ends_at == datetime(2026, 7, 4, 16, tzinfo=UTC)


def test_a_ramp_goes_on_where_it_was_after_days_without_a_message() -> None:
    ramp, standing = limit("5/day, doubling to 100/day"), Standing("x")
    had = []

    for day in (0, 1, 9, 10):
        now = NOW + timedelta(days=day)
        sale, standing = sell(ramp, standing, 1000, now, today_in("UTC", now))
        had.append(sale.count)

    assert had == [5, 10, 20, 40]


def test_each_limit_is_a_row_of_its_own(engine: Engine) -> None:
    one, other = limit("5/second", name="email"), limit("3/second", name="email/outlook")

    assert buy(engine, {one: 9, other: 2}) == {"email": 5, "email/outlook": 2}
    assert buy(engine, {one: 9, other: 2}) == {"email": 0, "email/outlook": 1}
    assert buy(engine, {one: 0}) == {}


def test_tokens_given_back_are_there_again_for_the_day(engine: Engine) -> None:
    daily = limit("10/day")
    buy(engine, {daily: 10})

    with writing(engine) as conn:
        limits.take_back(conn, {"email": 4, "unknown": 1}, TODAY.on)
        limits.take_back(conn, {"email": 5}, TODAY.on - timedelta(days=1))

    assert buy(engine, {daily: 10}) == {"email": 4}


def test_the_standing_is_kept_for_all_workers(engine: Engine) -> None:
    buy(engine, {limit("10/day"): 4})
    buy(engine, {limit("10/day"): 3}, NOW + timedelta(days=1))

    with reading(engine) as conn:
        found = limits.standings(conn, ["email", "sms"])

    assert found.keys() == {"email"}
    assert (found["email"].day, found["email"].used) == (date(2026, 7, 4), 3)
    assert found["email"].days == 1


def test_the_busiest_of_many_domains_are_found(engine: Engine) -> None:
    rates = ("5/day",)
    for number in range(4):
        buy(engine, {limit(*rates, name=f"email/{number}.example"): number})
    buy(engine, {limit(*rates, name="email_x/9.example"): 5, limit(*rates): 5})

    with reading(engine) as conn:
        found = limits.busiest(conn, "email/", TODAY.on, 2)

    assert [each.name for each in found] == ["email/3.example", "email/2.example"]


def _buy_much(url: str, got: list[int], rates: tuple[str, ...] = ("100/second", "120/day")) -> None:
    engine = make_engine(url)
    for number in range(40):
        now = NOW + timedelta(milliseconds=number * 10)
        got.append(sum(buy(engine, {limit(*rates): 7}, now).values()))
    dispose(engine)


@pytest.mark.parametrize(
    ("rates", "most"), [(("100/second",), 139), (("1000/second", "120/day"), 120)]
)
def test_eight_workers_together_get_no_more_than_one_would(
    database_url: str, rates: tuple[str, ...], most: int
) -> None:
    """In 390 ms a second's burst and 39 tokens more come, but no more than the day's."""
    got: list[int] = []
    workers = [
        threading.Thread(target=_buy_much, args=(database_url, got, rates)) for _ in range(8)
    ]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(got) == most


def _in_a_process(url: str, results: "multiprocessing.Queue[int]") -> None:
    got: list[int] = []
    _buy_much(url, got)
    results.put(sum(got))


def test_so_do_processes_and_no_token_is_sold_twice(database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[int] = context.Queue()
    workers = [
        context.Process(target=_in_a_process, args=(database_url, results)) for _ in range(3)
    ]

    for worker in workers:
        worker.start()
    got = sum(results.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join()

    engine = make_engine(database_url)
    with reading(engine) as conn:
        assert got == conn.execute(select(table.c.used)).scalar_one() == 120
    dispose(engine)


@pytest.mark.parametrize("backwards", [False, True])
def test_limits_bought_in_any_order_never_wait_for_each_other_in_a_ring(
    postgres_engine: Engine, backwards: bool
) -> None:
    named = [limit("1000/second", name=f"email/{letter}.example") for letter in "abcdef"]
    failed: list[Exception] = []

    def work(mine: list[RateLimit]) -> None:
        try:
            for _ in range(60):
                buy(postgres_engine, dict.fromkeys(mine, 1))
        except Exception as error:
            failed.append(error)

    orders = [named, named[::-1] if backwards else named]
    workers = [threading.Thread(target=work, args=(order,)) for order in orders]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert failed == []
