"""Domains that answer «later»: when one rests, how long, and when it is forgotten."""

from datetime import timedelta

from outreach.channels.adapter import Outcome
from outreach.dispatch.patience import LONGEST, MOST_REFUSALS, Patience
from outreach.dispatch.retry import Backoff
from outreach.vocabulary import Answer, Fault

LATE, OTHER = "email/later.example", "email/example.com"
LATER = Outcome(1, Answer.RETRY, Fault.TEMPORARY, "rcpt", "450 4.7.1")
TAKEN = Outcome(1, Answer.ACCEPTED)


def patience(first: timedelta = timedelta(hours=1)) -> Patience:
    return Patience("email", Backoff(first, timedelta(hours=4)))


def tell(of: Patience, outcome: Outcome, times: int, lane: str = LATE) -> None:
    for _ in range(times):
        of.note(lane, outcome)


def test_a_domain_rests_after_so_many_refusals_in_a_row_and_no_other_does() -> None:
    known = patience()

    tell(known, LATER, MOST_REFUSALS - 1)
    assert known.resting() == frozenset()
    tell(known, LATER, 1)

    assert known.resting() == {LATE}
    assert known.rests(LATE)
    assert not known.rests(OTHER)


def test_a_message_that_is_taken_ends_the_row_and_the_rest() -> None:
    known = patience()

    tell(known, LATER, MOST_REFUSALS - 1)
    tell(known, TAKEN, 1)
    tell(known, LATER, MOST_REFUSALS - 1)
    assert known.resting() == frozenset()
    tell(known, LATER, 1)
    tell(known, TAKEN, 1)

    assert known.resting() == frozenset()


def test_only_what_is_about_the_domain_counts() -> None:
    known = patience()

    for outcome in (
        Outcome(1, Answer.RETRY, Fault.MAILBOX, "rcpt", "452 4.2.2"),  # one full mailbox
        Outcome(1, Answer.RETRY, Fault.CHANNEL, "mail", "550"),
        Outcome(1, Answer.UNREACHABLE, Fault.TEMPORARY),
        Outcome(1, Answer.REJECTED, Fault.ADDRESS),
        Outcome.not_begun(1),
    ):
        tell(known, outcome, MOST_REFUSALS)
    tell(known, LATER, MOST_REFUSALS, "")

    assert known.resting() == frozenset()


def test_answers_to_what_was_on_its_way_make_the_rest_no_longer() -> None:
    """The next rest is the second: with a first one of nothing it is nothing as well."""
    known = patience(timedelta(0))

    tell(known, LATER, MOST_REFUSALS * 50)

    assert known.resting() == frozenset()
    assert Backoff(timedelta(minutes=1)).wait(50) > LONGEST  # a rest is never as long as a retry
