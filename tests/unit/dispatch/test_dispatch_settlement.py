"""What each answer makes of a delivery."""

from datetime import UTC, datetime, timedelta

import pytest

from outreach.channels.adapter import Outcome
from outreach.dispatch.held import Held
from outreach.dispatch.retry import Backoff
from outreach.dispatch.settle import Answered, settlement
from outreach.store.custody import Settlement
from outreach.vocabulary import Answer, Fault, State

NOW = datetime(1998, 6, 26, 17, 0, tzinfo=UTC)  # the decisions' clock, frozen
REAL = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)
BACKOFF = Backoff(timedelta(minutes=1), timedelta(hours=4))


def settled(outcome: Outcome, tries: int = 0, resend: bool = False, late_hours: int = 24):
    held = Held(
        7, 3, 1, 1, "email", "a@example.com", None, NOW, NOW + timedelta(hours=late_hours), 0,
        tries, resend,
    )  # fmt: skip
    return settlement(Answered(held, outcome, REAL), NOW, BACKOFF)


def test_what_was_accepted_is_sent_at_the_decisions_now_and_settled_at_the_real_one() -> None:
    outcome = Outcome(7, Answer.ACCEPTED, provider_id="q")

    assert settled(outcome) == Settlement(
        7, 3, State.SENT, REAL, sent_at=NOW, provider_id="q"
    )  # fmt: skip


def test_what_was_refused_has_failed_for_the_fault() -> None:
    found = settled(Outcome(7, Answer.REJECTED, Fault.POLICY))

    assert (found.state, found.reason) == (State.FAILED, "policy")


def test_what_nobody_answered_is_unknown_unless_it_is_to_be_sent_again() -> None:
    outcome = Outcome(7, Answer.UNKNOWN, stage="dot")

    assert settled(outcome).state is State.UNKNOWN
    assert settled(outcome, resend=True).state is State.DUE


def test_what_was_not_begun_is_free_at_once_and_counts_no_try() -> None:
    assert settled(Outcome.not_begun(7)) == Settlement(7, 3, State.DUE, None, begun=False)


@pytest.mark.parametrize(
    ("answer", "fault", "counted"),
    [
        (Answer.RETRY, Fault.TEMPORARY, 1),
        (Answer.RETRY, Fault.MAILBOX, 1),
        (Answer.RETRY, Fault.CHANNEL, 0),
        (Answer.UNREACHABLE, Fault.NONE, 0),
    ],
)
def test_only_answers_about_the_message_make_its_waits_longer(
    answer: Answer, fault: Fault, counted: int
) -> None:
    found = settled(Outcome(7, answer, fault), tries=3)

    first = 8 if counted else 1
    assert (found.state, found.tries) == (State.DUE, counted)
    assert found.retry_at is not None
    assert timedelta() <= found.retry_at - REAL - timedelta(minutes=first) <= BACKOFF.first * 2


def test_a_wait_by_the_real_clock_that_ends_too_late_expires() -> None:
    found = settled(Outcome(7, Answer.RETRY, Fault.TEMPORARY), tries=6, late_hours=1)

    assert (found.state, found.reason) == (State.EXPIRED, "expired")


def test_retries_end_under_a_frozen_clock_too() -> None:
    outcome = Outcome(7, Answer.RETRY, Fault.TEMPORARY)

    states = [settled(outcome, tries).state for tries in range(20)]

    assert states[0] is State.DUE
    assert states[-1] is State.EXPIRED
    assert states == sorted(states)


@pytest.mark.parametrize(
    ("answer", "fault", "reason"),
    [
        (Answer.REJECTED, Fault.ADDRESS, "hard_bounce"),
        (Answer.REJECTED, Fault.OPTED_OUT, "opted_out"),
        (Answer.REJECTED, Fault.POLICY, None),
        (Answer.REJECTED, Fault.MAILBOX, None),
        (Answer.RETRY, Fault.ADDRESS, None),
    ],
)
def test_only_a_permanent_answer_about_the_address_suppresses(
    answer: Answer, fault: Fault, reason: str | None
) -> None:
    held = Held(7, 3, 1, 1, "sms", "+15550001", None, NOW, NOW, 0, 0, False)

    assert Answered(held, Outcome(7, answer, fault), REAL).suppresses == reason
