"""The reference itself, by worlds written out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from reference import decide
from world import Consent, Customer, Touch, Verdict, World

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.settings.company import Brand, Company
from outreach.spans import Cap, Per, PerKind, QuietHours, parse_day_span
from outreach.vocabulary import ConsentState, Decision, Reason

AT = datetime(2026, 7, 3, 15, 0, tzinfo=UTC)  # a Friday, 17:00 in Berlin
ANNA = Customer("anna", "anna@example.com", "+491701234567", "Europe/Berlin")


def make_world(**changes: object) -> World:
    """Anna agreed to greetings by mail and text message; nothing limits them."""
    campaign = Campaign(
        "greeting",
        "Greeting",
        "mei@example.com",
        "greetings",
        Selection(),
        Schedule(ScheduleKind.MANUAL),
        (Step("greet", ("sms", "email"), "greeting"),),
    )
    company = Company(brand=Brand(name="Acme"), cadence=(), quiet_hours=())
    agreed = tuple(
        Consent("anna", channel, "greetings", ConsentState.GRANTED, AT - timedelta(days=90))
        for channel in ("sms", "email")
    )
    return replace(World((ANNA,), campaign, company, AT, AT, agreed), **changes)


def touch(hours: float, **changes: object) -> Touch:
    """A touch of Anna's mail address so many hours after AT."""
    at = AT + timedelta(hours=hours)
    made = Touch("anna", "earlier", "email", "anna@example.com", "greetings", at, at)
    return replace(made, **changes)


def test_nothing_in_the_way_sends_on_the_first_channel() -> None:
    assert decide(make_world()) == {"anna": Verdict(Decision.SEND, None, None, "sms")}


def test_who_is_not_in_the_audience_has_no_verdict() -> None:
    world = make_world()

    campaign = replace(world.campaign, audience=Selection(stage=("growth",)))

    assert decide(replace(world, campaign=campaign)) == {}


def test_quiet_hours_hold_to_the_minute_whatever_the_seconds_asked_at() -> None:
    quiet = (QuietHours(parse_day_span("16:00-18:00")),)
    company = Company(brand=Brand(name="Acme"), cadence=(), quiet_hours=quiet)
    at = AT + timedelta(seconds=17, microseconds=5)

    verdict = decide(make_world(company=company, asked_at=at))["anna"]

    until = datetime(2026, 7, 3, 16, 0, tzinfo=UTC)
    assert verdict == Verdict(Decision.HOLD, Reason.QUIET_HOURS, until, "sms")


def test_a_cap_to_the_second_frees_at_its_microsecond() -> None:
    caps = (Cap(1, Per(PerKind.SECONDS, 7200)),)
    campaign = replace(make_world().campaign, cadence=caps, when_capped="hold")
    before = touch(-1, at=AT - timedelta(hours=1, microseconds=-1))

    verdict = decide(make_world(campaign=campaign, touches=(before,)))["anna"]

    until = AT + timedelta(hours=1, microseconds=1)
    assert verdict == Verdict(Decision.HOLD, Reason.CAPPED, until, "sms")


def test_open_deliveries_reserve_only_for_those_after_them() -> None:
    caps = (Cap(1, Per(PerKind.DAYS, 7)),)
    campaign = replace(make_world().campaign, cadence=caps)

    def reason(**changes: object) -> Reason | None:
        world = make_world(campaign=campaign, touches=(touch(30, firm=False, **changes),))
        return decide(world)["anna"].reason

    assert reason(priority=51) is Reason.RESERVED
    assert reason(priority=49) is None
    assert reason(run_at=AT - timedelta(hours=1)) is Reason.RESERVED
    assert reason(run_at=AT, campaign="zulu") is None


def test_only_one_of_several_customers_gets_a_shared_number() -> None:
    names = ("ben", "anna", "zoe")
    customers = tuple(replace(ANNA, key=name) for name in names)
    agreed = make_world().consents[0]
    consents = tuple(replace(agreed, key=name) for name in names)

    verdicts = decide(make_world(customers=customers, consents=consents))

    assert verdicts["anna"].decision is Decision.SEND
    assert {verdicts[name].reason for name in ("ben", "zoe")} == {Reason.DUPLICATE}


def test_shares_of_the_holdout_count_arms_below_them() -> None:
    campaign = replace(make_world().campaign, holdout=1000)

    def reason(arm: int) -> Reason | None:
        customers = (replace(ANNA, holdout_arm=arm),)
        return decide(make_world(campaign=campaign, customers=customers))["anna"].reason

    assert reason(999) is Reason.HOLDOUT
    assert reason(1000) is None
