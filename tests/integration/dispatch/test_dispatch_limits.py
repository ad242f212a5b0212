"""Rate limits where messages are claimed: lanes without tokens cost nothing, the others go on."""

import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from dispatching import LIMITS, OneCap, Told, accept, make_due, make_shift, rows, states
from makers import NOW, make_customer, make_delivery, make_run
from sqlalchemy import Connection, Engine, event, insert, select

from outreach.channels.adapter import Message, Outcome
from outreach.clock import Instants
from outreach.dispatch.claim import Claimer
from outreach.dispatch.held import Held
from outreach.dispatch.patience import MOST_REFUSALS
from outreach.dispatch.pump import Pump
from outreach.dispatch.purse import Grant, Purse
from outreach.dispatch.shift import Shift
from outreach.settings.company import Brand, ChannelSettings, Company
from outreach.settings.rate_limits import ChannelLimits, DomainLimit
from outreach.settings.rates import parse_rate
from outreach.store import deliveries, lanes
from outreach.store.engine import reading, writing
from outreach.store.lanes import Waiting
from outreach.store.tables import customers, runs
from outreach.store.tables import deliveries as table
from outreach.store.tables import limits as limits_table
from outreach.vocabulary import Answer, Fault

AT = Instants(NOW, NOW)
SLOW = "email/slow.example"
BACKLOG = 20_000


def company(rate: str = "", **per_domain: str) -> Company:
    """Its e-mail's limits; `slow` stands for slow.example, `default` for each other domain."""
    limits = tuple(
        DomainLimit(
            "" if name == "default" else f"{name}.example",
            () if name == "default" else (f"{name}.example",),
            (parse_rate(written),),
        )
        for name, written in per_domain.items()
    )
    email = ChannelSettings(rate=(parse_rate(rate),) if rate else (), per_domain=limits)
    return Company(brand=Brand(name="Harbour Tea"), channels={"email": email})


def due(conn: Connection, run_id: int, domain: str, count: int, **columns: object) -> list[int]:
    """So many to addresses of a domain, each due a second after the one before."""
    found = []
    for number in range(count):
        address = f"{domain}{number}@{domain}.example"
        customer = make_customer(conn, f"{domain}{number}", email=address)
        at = NOW - timedelta(hours=1) + timedelta(seconds=number)
        found.append(
            make_delivery(conn, customer, "due", run_id=run_id, address=address, at=at, **columns)
        )
    return found


def backlog(conn: Connection, run_id: int, lane: str = SLOW) -> None:
    """Rows of one lane that came due before all others, each at an instant of its own."""
    run = conn.execute(select(runs).where(runs.c.id == run_id)).one()
    customer = make_customer(conn, "slow", email="slow@slow.example")
    values = [
        {
            "run_id": run_id, "run_at": NOW, "campaign_id": run.campaign_id, "step": str(number),
            "customer_id": customer, "topic": "greetings", "priority": 50, "channel": "email",
            "lane": lane, "address": "slow@slow.example", "state": "due", "ready": True,
            "planned_at": NOW, "due_at": NOW - timedelta(seconds=BACKLOG - number + 10_000),
            "late_at": NOW + timedelta(days=1), "slot_at": NOW,
        }
        for number in range(BACKLOG)
    ]  # fmt: skip
    conn.execute(insert(table), values)


@pytest.fixture
def run_id(engine: Engine) -> int:
    with writing(engine) as conn:
        return make_run(conn)


def ask_all(conn: Connection, run_id: int) -> None:
    """The questions of a claim while the slow lane is dry."""
    dry = frozenset({SLOW})
    assert [run.id for run in deliveries.runs_with_work(conn, "email", AT, dry)] == [run_id]
    assert deliveries.channels_with_work(conn, ["email"], AT, {"email": dry}) == ["email"]
    assert deliveries.is_anything_open(conn, ["email"], NOW, {"email": dry})
    assert lanes.waiting(conn, run_id, "email", AT, 200, dry) == [Waiting("", 10)]
    assert len(deliveries.pick(conn, run_id, "email", AT, [("", 200)], 200)) == 10


def test_a_lane_without_tokens_is_left_out_by_index_not_by_reading_its_backlog(
    sqlite_engine: Engine,
) -> None:
    """Counted in steps of SQLite's machine: a row read takes ten and more."""
    with writing(sqlite_engine) as conn:
        run_id = make_run(conn)
        backlog(conn, run_id)
        due(conn, run_id, "quick", 10)
    steps = Counter[str]()
    with reading(sqlite_engine) as conn:
        machine = conn.connection.driver_connection
        assert machine is not None
        machine.set_progress_handler(lambda: steps.update(["hundred"]), 100)
        ask_all(conn, run_id)
        machine.set_progress_handler(None, 0)

    assert steps["hundred"] * 100 < BACKLOG


def test_postgres_reads_no_backlog_of_a_dry_lane_either(postgres_engine: Engine) -> None:
    with writing(postgres_engine) as conn:
        run_id = make_run(conn)
        backlog(conn, run_id)
        due(conn, run_id, "quick", 10)
    with postgres_engine.connect() as conn:
        conn.exec_driver_sql("ANALYZE")
        conn.commit()
    seen: list[tuple[str, object]] = []
    with reading(postgres_engine) as conn:
        event.listen(conn, "before_cursor_execute", lambda *a: seen.append((a[2], a[3])))
        ask_all(conn, run_id)
        plans = [
            (text, [row[0] for row in conn.exec_driver_sql("EXPLAIN ANALYZE " + text, parameters)])
            for text, parameters in list(seen)
        ]

    assert len(plans) >= 5
    for text, plan in plans:
        removed = [line for line in plan if "Rows Removed" in line]
        many = [line for line in removed if int(line.rpartition(":")[2]) > 100]
        assert not many, f"{text}\n" + "\n".join(plan)
        assert "Seq Scan on deliveries" not in "\n".join(plan)


def test_a_pick_takes_each_lanes_share_in_the_order_of_due(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        first = due(conn, run_id, "a", 5, lane="email/a.example")
        second = due(conn, run_id, "b", 5, lane="email/b.example")
        shares = [("email/a.example", 2), ("email/b.example", 4), ("email/none.example", 9)]

        picked = deliveries.pick(conn, run_id, "email", AT, shares, 5)

    assert [one.id for one in picked] == [first[0], second[0], first[1], second[1], second[2]]
    assert {one.lane for one in picked} == {"email/a.example", "email/b.example"}


def test_lanes_are_found_in_turn_however_many_there_are(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        for number in range(lanes.MOST + 5):
            due(conn, run_id, f"d{number:03}", 1, lane=f"email/d{number:03}.example")
        first = lanes.waiting(conn, run_id, "email", AT, 200, ())
        rest = lanes.waiting(conn, run_id, "email", AT, 200, (), first[-1].lane)

    assert (len(first), len(rest)) == (lanes.MOST, 5)
    assert len({each.lane for each in [*first, *rest]}) == lanes.MOST + 5


def test_two_pickers_share_lanes_and_never_see_the_same_delivery(postgres_engine: Engine) -> None:
    with writing(postgres_engine) as conn:
        run_id = make_run(conn)
        for domain in ("a", "b"):
            due(conn, run_id, domain, 4, lane=f"email/{domain}.example")
    shares = [("email/a.example", 3), ("email/b.example", 3)]

    with writing(postgres_engine) as one, writing(postgres_engine) as two:
        first = {each.id for each in deliveries.pick(one, run_id, "email", AT, shares, 9)}
        second = {each.id for each in deliveries.pick(two, run_id, "email", AT, shares, 9)}

    assert (len(first), len(second)) == (6, 2)
    assert not first & second


def claim(shift: Shift, run_id: int, grant: Grant) -> list[int]:
    with reading(shift.engine) as conn:
        run = conn.execute(select(runs).where(runs.c.id == run_id)).one()
        ruling = shift.rulebook.ruling(conn, run.revision_id)
    with writing(shift.engine) as conn:
        claimer = Claimer(shift.worker_id, shift.rulebook, 200)
        return [one.id for one in claimer.claim(conn, run, ruling, "email", AT, grant).held]


def test_what_was_planned_before_a_limit_came_changes_to_its_lane_and_pays(
    engine: Engine, run_id: int
) -> None:
    with writing(engine) as conn:
        [slow] = due(conn, run_id, "slow", 1)
        [other] = due(conn, run_id, "other", 1)
    rules = company(slow="1/second")
    shift = make_shift(engine, OneCap(company=rules))

    claimed = claim(shift, run_id, Grant(rules.limits("email"), (("", 9),), 9))

    assert claimed == [other]
    assert (rows(engine)[slow].lane, rows(engine)[slow].state) == (SLOW, "due")
    assert claim(shift, run_id, Grant(rules.limits("email"), ((SLOW, 1),), 1)) == [slow]


def test_a_customers_new_address_changes_the_lane(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        [id_] = due(conn, run_id, "other", 1)
        conn.execute(customers.update().values(email="new@slow.example"))
    rules = company(slow="1/second")

    claimed = claim(
        make_shift(engine, OneCap(company=rules)),
        run_id,
        Grant(rules.limits("email"), (("", 9),), 9),
    )

    assert claimed == []
    assert rows(engine)[id_].lane == SLOW


def test_a_lane_whose_limit_was_taken_out_of_the_file_goes_on(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        due(conn, run_id, "slow", 3, lane=SLOW)

    Pump(make_shift(engine), "email", Told()).serve(5)

    assert states(engine) == {"sent": 3}


def test_a_day_limit_is_kept_and_the_rest_stays_due_unclaimed(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        due(conn, run_id, "slow", 9, lane=SLOW)
        due(conn, run_id, "quick", 9)
    rules = OneCap(company=company(slow="5/day, doubling to 100/day"))
    shift = make_shift(engine, rules)
    pump = Pump(shift, "email", Told())

    pump.serve(5)

    left = [row for row in rows(engine).values() if row.state == "due"]
    assert states(engine) == {"due": 4, "sent": 14}
    assert {(row.lane, row.fence, row.firm) for row in left} == {(SLOW, 0, False)}
    assert pump.purse.spent_today() == {SLOW}
    with reading(engine) as conn:
        dry = {"email": pump.purse.dry()}
        assert deliveries.channels_with_work(conn, ["email"], AT, dry) == []
        assert not deliveries.is_anything_open(conn, ["email"], NOW, {"email": frozenset({SLOW})})


def test_a_channel_without_tokens_is_not_served_at_all(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        due(conn, run_id, "quick", 9)
    pump = Pump(make_shift(engine, OneCap(company=company("5/day"))), "email", Told())

    assert pump.serve(5)

    assert states(engine) == {"due": 4, "sent": 5}
    assert not pump.serve(5)


def used(engine: Engine) -> dict[str, int]:
    with reading(engine) as conn:
        return {row.name: row.used for row in conn.execute(select(limits_table))}


def test_a_run_goes_at_the_rate_to_its_end(engine: Engine, run_id: int) -> None:
    """25 at 10 a second: tokens that are not there yet are waited for, none is bought in vain."""
    with writing(engine) as conn:
        due(conn, run_id, "quick", 25)
    shift = make_shift(engine, OneCap(company=company("10/second")))
    begun = shift.real_clock.now()

    Pump(shift, "email", Told()).serve(20)

    assert states(engine) == {"sent": 25}
    with reading(engine) as conn:
        full_at = conn.execute(select(limits_table.c.full_at)).scalar_one()
    assert full_at - begun >= timedelta(seconds=2.5)
    assert used(engine) == {"email": 25}


@pytest.mark.parametrize(
    ("answer", "fault", "paid"),
    [
        (Answer.ACCEPTED, Fault.NONE, 3),
        (Answer.RETRY, Fault.TEMPORARY, 3),
        (Answer.UNREACHABLE, Fault.TEMPORARY, 0),
        (Answer.RETRY, Fault.CHANNEL, 0),
    ],
)
def test_only_what_reached_the_provider_counts_for_the_day(
    engine: Engine, run_id: int, answer: Answer, fault: Fault, paid: int
) -> None:
    with writing(engine) as conn:
        due(conn, run_id, "slow", 3, lane=SLOW)
    rules = OneCap(company=company("100/day", slow="100/day"))
    adapter = Told(lambda message: Outcome(message.id, answer, fault))

    Pump(make_shift(engine, rules), "email", adapter).serve(5)

    assert used(engine) == {"email": paid, SLOW: paid}


def test_claims_given_back_cost_nothing(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        due(conn, run_id, "quick", 30)
    shift = make_shift(engine, OneCap(company=company("100/day")))

    def stop(message: Message) -> Outcome:
        shift.stop.set()
        return accept(message)

    Pump(shift, "email", Told(stop, group=2, lanes=1)).serve(5)

    assert used(engine)["email"] == states(engine)["sent"]


def test_tokens_that_were_not_used_in_time_go_back_to_the_day(engine: Engine) -> None:
    purse = Purse(make_shift(engine), "email")
    rules = company("10/day").limits("email")

    grant = purse.fill(rules, "UTC", [Waiting("", 8)], {}, 200)
    before = used(engine)
    purse.empty()

    assert grant.total == 8
    assert (before, used(engine)) == ({"email": 8}, {"email": 0})


def test_what_was_bought_of_a_days_quota_pays_for_nothing_of_the_next(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    midnight = datetime(2026, 3, 7, tzinfo=UTC)
    moments = iter([midnight - timedelta(seconds=0.1), midnight + timedelta(seconds=0.1)])
    monkeypatch.setattr("outreach.dispatch.purse.database_now", lambda _: next(moments))
    purse = Purse(make_shift(engine), "email")
    rules = company("10/day").limits("email")

    first = purse.fill(rules, "UTC", [Waiting("", 8)], {}, 200)
    second = purse.fill(rules, "UTC", [Waiting("", 4)], {}, 200)

    assert (first.total, second.total) == (8, 4)
    assert (first.day, second.day) == (date(2026, 3, 6), date(2026, 3, 7))
    assert used(engine) == {"email": 4}


@pytest.mark.parametrize(("seconds", "bought"), [(0.5, 8), (1.5, 2)])
def test_tokens_in_the_purse_are_good_for_a_second(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, seconds: float, bought: int
) -> None:
    moment = [time.monotonic()]
    monkeypatch.setattr("outreach.dispatch.purse.time.monotonic", lambda: moment[0])
    purse = Purse(make_shift(engine), "email")
    rules = company("10/day").limits("email")
    purse.fill(rules, "UTC", [Waiting("", 8)], {}, 200)

    moment[0] += seconds
    purse.fill(rules, "UTC", [Waiting("", 2)], {}, 200)

    assert used(engine) == {"email": bought}


@pytest.mark.parametrize(("seconds", "good"), [(1.5, True), (2.5, False)])
def test_what_was_paid_is_good_for_two_seconds(
    engine: Engine, run_id: int, monkeypatch: pytest.MonkeyPatch, seconds: float, good: bool
) -> None:
    moment = [time.monotonic()]
    monkeypatch.setattr("outreach.dispatch.purse.time.monotonic", lambda: moment[0])
    purse = Purse(make_shift(engine), "email")
    grant = purse.fill(company("10/day").limits("email"), "UTC", [Waiting("", 8)], {}, 200)
    held = Held(
        1, 1, run_id, 1, "email", "a@example.com", None, NOW, NOW, 0, 0, resend=False,
        paid=grant.paid(""),
    )  # fmt: skip

    moment[0] += seconds

    assert purse.is_good(held) is good


def test_a_purse_buys_no_more_than_a_seconds_messages_with_those_on_the_shelf(
    engine: Engine,
) -> None:
    purse = Purse(make_shift(engine), "email")
    rules = company("50/second", slow="10/second").limits("email")

    grant = purse.fill(rules, "UTC", [Waiting("", 200), Waiting(SLOW, 200)], {SLOW: 4, "": 30}, 200)

    assert grant.total == 16
    assert dict(grant.shares) == {"": 200, SLOW: 6}


def test_a_domain_that_says_later_rests_by_itself_and_the_others_go_on(
    engine: Engine, run_id: int
) -> None:
    """No limit is written for it: its rows change to a lane of its own, untried and undecided."""
    with writing(engine) as conn:
        refused = due(conn, run_id, "refusing", 300)
        due(conn, run_id, "quick", 10)

    def say(message: Message) -> Outcome:
        if message.to.endswith("@refusing.example"):
            return Outcome(message.id, Answer.RETRY, Fault.TEMPORARY, "rcpt", "450 4.7.1")
        return accept(message)

    adapter = Told(say, group=4)
    limits = LIMITS.__class__(batch=20, backoff=LIMITS.backoff.__class__())
    pump = Pump(make_shift(engine, limits=limits), "email", adapter)
    pump.serve(20)

    found = rows(engine)
    tried = [id_ for id_ in refused if found[id_].tries]
    assert states(engine) == {"due": 300, "sent": 10}
    assert MOST_REFUSALS <= len(tried) <= MOST_REFUSALS + 2 * 20
    assert {found[id_].lane for id_ in refused[100:]} == {"email/refusing.example"}
    assert pump.purse.dry() == {"email/refusing.example"}
    with reading(engine) as conn:
        assert deliveries.runs_with_work(conn, "email", AT, pump.purse.dry()) == []


def test_a_provider_of_several_domains_rests_as_a_whole(engine: Engine, run_id: int) -> None:
    """Its rows stay in the lane of its limit: none is claimed only to be given back."""
    lane = "email/provider"
    with writing(engine) as conn:
        due(conn, run_id, "one", 60, lane=lane)
        due(conn, run_id, "two", 60, lane=lane)
    domains = DomainLimit("provider", ("one.example", "two.example"), (parse_rate("1000/second"),))
    channels = {"email": ChannelSettings(per_domain=(domains,))}
    rules = OneCap(company=Company(brand=Brand(name="Harbour Tea"), channels=channels))
    later = Told(lambda message: Outcome(message.id, Answer.RETRY, Fault.TEMPORARY), group=4)
    limits = LIMITS.__class__(batch=20, backoff=LIMITS.backoff.__class__())
    pump = Pump(make_shift(engine, rules, limits), "email", later)

    pump.serve(20)

    assert pump.purse.dry() == {lane}
    assert {row.state for row in rows(engine).values()} == {"due"}
    assert max(row.fence for row in rows(engine).values()) == 1


def test_lanes_in_sql_are_those_in_python(engine: Engine) -> None:
    limits = [
        ChannelLimits("email"),
        company(slow="1/second").limits("email"),
        company(slow="1/second", default="2/second").limits("email"),
        company(default="2/second").limits("email"),
    ]
    addresses = ["a@slow.example", "b@other.example", "+15550100", None]
    with writing(engine) as conn:
        for number, address in enumerate(addresses):
            make_customer(conn, f"c{number}", email=address)

        for each in limits:
            query = select(customers.c.email, lanes.lane_for(each, customers.c.email))
            for address, lane in conn.execute(query):
                assert lane == each.lane(address)


def test_nothing_is_made_due_in_a_lane_by_default(engine: Engine, run_id: int) -> None:
    with writing(engine) as conn:
        make_due(conn, run_id, 1)

    assert {row.lane for row in rows(engine).values()} == {""}
