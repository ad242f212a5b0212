"""A customer who stands for another one: what the other got counts as its own."""

from datetime import UTC, datetime, timedelta

import pytest
from database_world import fill, question_of
from makers import make_customer, make_delivery, make_run
from sqlalchemy import Connection
from world import Consent, Customer, World

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.decisions.asking import everywhere
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.localities import localities
from outreach.decisions.recheck import recheck
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.planning.decided import Decided
from outreach.settings.company import Brand, Company
from outreach.spans import Cap, Per, PerKind
from outreach.store.sharing import mark_sharing, sharers
from outreach.vocabulary import ConsentState, Reason

AT = datetime(2026, 7, 3, 15, tzinfo=UTC)
DAY = timedelta(days=1)
CAMPAIGN = Campaign(
    "greeting", "", "mei@example.com", "greetings", Selection(), Schedule(ScheduleKind.MANUAL),
    (Step("greet", ("email",), "greeting"),),
)  # fmt: skip
WEEKLY = (Cap(1, Per(PerKind.DAYS, 7)),)


def begin(conn: Connection, cadence: tuple[Cap, ...] = ()) -> tuple[World, Ruling, dict[str, int]]:
    """`old` was merged into `new`; they have different addresses, and both said yes."""
    people = (
        Customer("old", "old@example.com", None, "Europe/Berlin", merged_into="new"),
        Customer("new", "new@example.com", None, "Europe/Berlin"),
    )
    agreed = tuple(
        Consent(one.key, "email", "greetings", ConsentState.GRANTED, AT - 90 * DAY)
        for one in people
    )
    company = Company(brand=Brand(name="Acme"), cadence=cadence, quiet_hours=())
    world = World(people, CAMPAIGN, company, AT, AT, agreed)
    return (world, *fill(conn, world))


def planned(conn: Connection, question: object) -> dict[int, Verdict]:
    decided = Decided(conn, question)  # type: ignore[arg-type]
    found = {each.customer_id: each for page in decided.pages() for each in page}
    decided.drop()
    return found


@pytest.mark.parametrize(("days", "reason"), [(1, Reason.CAPPED), (8, None)])
def test_compliance_13_touches_of_who_was_merged_fill_the_caps_of_who_stays(
    conn: Connection, days: int, reason: Reason | None
) -> None:
    world, ruling, ids = begin(conn, WEEKLY)
    run = make_run(conn, "offer", occurrence_at=AT - days * DAY)
    make_delivery(conn, ids["old"], run_id=run, at=AT - days * DAY, address="old@example.com")

    found = planned(conn, question_of(conn, world, ruling))

    assert found[ids["new"]].reason == reason
    assert found[ids["old"]].reason == Reason.ERASED


def test_compliance_13_a_merge_frees_no_touch_of_the_mailbox_that_goes_with_it(
    conn: Connection,
) -> None:
    """Zoe was mailed at the address that was old's as well."""
    world, ruling, ids = begin(conn, WEEKLY)
    zoe = make_customer(conn, "zoe", email="old@example.com")
    mark_sharing(conn, "email", ["old@example.com"])
    run = make_run(conn, "offer", occurrence_at=AT - DAY)
    make_delivery(conn, zoe, run_id=run, at=AT - DAY, address="old@example.com")

    found = planned(conn, question_of(conn, world, ruling))

    assert found[ids["new"]].reason == Reason.CAPPED


def test_who_shares_an_address_with_a_closed_record_is_claimed_with_its_stand_in(
    conn: Connection,
) -> None:
    _, _, ids = begin(conn)
    zoe = make_customer(conn, "zoe", email="old@example.com")
    mark_sharing(conn, "email", ["old@example.com"])

    found = sharers(conn, [ids["new"], zoe])

    assert found == {
        ids["new"]: {ids["new"], ids["old"], zoe},
        zoe: {zoe, ids["old"], ids["new"]},
    }


def test_who_got_it_by_hand_under_the_other_key_is_a_duplicate(conn: Connection) -> None:
    _, ruling, ids = begin(conn)
    run = make_run(conn, "greeting", occurrence_at=AT - DAY / 2)
    make_delivery(conn, ids["old"], run_id=run, at=AT - DAY / 2)
    scope = Scope(run_at=AT, seen_at=AT, repeats_within=AT - DAY)

    found = planned(conn, ask_base(conn, ruling, scope, everywhere(localities(conn), AT)))

    assert found[ids["new"]].reason == Reason.DUPLICATE


def test_who_got_a_runs_message_under_the_other_key_gets_it_not_again(conn: Connection) -> None:
    _, ruling, ids = begin(conn)
    run = make_run(conn, "greeting", occurrence_at=AT)
    make_delivery(conn, ids["old"], run_id=run, at=AT, address="old@example.com")
    due = make_delivery(conn, ids["new"], "due", run_id=run, at=AT)

    found = recheck(conn, ruling, run, AT, [due], AT)

    assert found[due].reason == Reason.DUPLICATE
