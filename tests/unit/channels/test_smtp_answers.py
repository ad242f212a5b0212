"""What an SMTP answer means, as a table."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.channels.email.answers import BEFORE_RCPT, Stage, classify, dropped, queue_id
from outreach.vocabulary import Answer, Fault

ACCEPTED = (Answer.ACCEPTED, Fault.NONE)
LATER = (Answer.RETRY, Fault.TEMPORARY)
NOT_NOW = (Answer.UNREACHABLE, Fault.TEMPORARY)
FULL = (Answer.RETRY, Fault.MAILBOX)
OURS = (Answer.RETRY, Fault.CHANNEL)
ADDRESS = (Answer.REJECTED, Fault.ADDRESS)
POLICY = (Answer.REJECTED, Fault.POLICY)
CONTENT = (Answer.REJECTED, Fault.CONTENT)
UNKNOWN = (Answer.UNKNOWN, Fault.NONE)


@pytest.mark.parametrize(
    ("stage", "answer", "meaning"),
    [
        # our own side
        ("connect", "554 no service for you", OURS),
        ("connect", "421 4.7.0 too many connections", NOT_NOW),
        ("auth", "535 5.7.8 authentication failed", OURS),
        ("auth", "454 4.7.0 temporary authentication failure", NOT_NOW),
        ("mail", "553 5.1.8 sender domain does not exist", OURS),
        ("mail", "530 5.7.0 authenticate first", OURS),
        ("rcpt", "530 5.7.0 authentication required", OURS),
        ("rcpt", "550 5.1.8 sender address rejected: domain not found", OURS),
        ("rcpt", "550 5.7.515 access denied, does not meet the required authentication", OURS),
        ("dot", "550 5.7.26 unauthenticated sender is not allowed", OURS),
        # the address
        ("rcpt", "550 5.1.1 user unknown", ADDRESS),
        ("rcpt", "550 5.1.0 address rejected", ADDRESS),
        ("rcpt", "556 5.1.10 recipient address has null MX", ADDRESS),
        ("dot", "550 5.1.1 no such user", ADDRESS),
        ("rcpt", "550 User unknown", ADDRESS),
        ("rcpt", "550 No such user here", ADDRESS),
        ("rcpt", "550 mailbox <x> does not exist", ADDRESS),
        ("rcpt", "551 user not local", ADDRESS),
        ("rcpt", "553 mailbox name not allowed", ADDRESS),
        # the mailbox
        ("rcpt", "552 5.2.2 mailbox full", FULL),
        ("rcpt", "550 5.2.1 mailbox disabled", FULL),
        ("rcpt", "452 4.2.2 mailbox full", FULL),
        ("rcpt", "552 requested action aborted: exceeded storage allocation", FULL),
        # policy: nobody is suppressed
        ("rcpt", "550 5.7.1 blocked", POLICY),
        ("rcpt", "550 requested action not taken", POLICY),
        ("rcpt", "554 transaction failed", POLICY),
        ("rcpt", "550 5.4.1 access denied", POLICY),
        ("dot", "550 5.7.1 looks like spam", POLICY),
        ("dot", "554 5.3.0 no", POLICY),
        # the text
        ("dot", "554 5.6.0 malformed", CONTENT),
        ("dot", "552 5.3.4 message too big", CONTENT),
        ("rcpt", "552 5.2.3 message longer than this mailbox takes", CONTENT),
        ("dot", "554 transaction failed", CONTENT),
        ("dot", "552 message size exceeds the maximum", CONTENT),
        # later
        ("rcpt", "450 4.2.0 greylisted", FULL),
        ("rcpt", "451 greylisted", LATER),
        ("data", "421 4.3.2 going away", LATER),
        ("dot", "451 4.3.0 later", LATER),
        ("dot", "421 closing", LATER),
        # accepted, and nonsense
        ("dot", "250 2.0.0 queued", ACCEPTED),
        ("dot", "354 go on", UNKNOWN),
        ("dot", "-1 malformed", UNKNOWN),
        ("data", "250 what?", LATER),
        ("connect", "-1 malformed", NOT_NOW),
    ],
)
def test_an_answer_means(stage: str, answer: str, meaning: tuple[Answer, Fault]) -> None:
    code, _, text = answer.partition(" ")

    assert classify(Stage(stage), int(code), text) == meaning


@pytest.mark.parametrize("stage", Stage)
def test_only_a_drop_after_the_dot_is_unknown(stage: Stage) -> None:
    answer, _ = dropped(stage)

    assert (answer is Answer.UNKNOWN) == (stage is Stage.DOT)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(Stage), st.integers(400, 599), st.text(max_size=40))
def test_no_complete_refusal_is_unknown_or_accepted(stage: Stage, code: int, text: str) -> None:
    answer, fault = classify(stage, code, text)

    assert answer in (Answer.RETRY, Answer.REJECTED, Answer.UNREACHABLE)
    assert fault is not Fault.NONE


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(BEFORE_RCPT), st.integers(-1, 999), st.text(max_size=40))
def test_no_customer_suffers_for_what_comes_before_rcpt(stage: Stage, code: int, text: str) -> None:
    answer, _ = classify(stage, code, text)

    assert answer in (Answer.RETRY, Answer.UNREACHABLE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.0.0 Ok: queued as 4F2A1B", "4F2A1B"),
        ("Ok 0102018f3c1d2e4f-5a6b-000000", "0102018f3c1d2e4f-5a6b-000000"),
        ("2.0.0 OK  1700000000 a1-2002.54 - gsmtp", ""),
        ("thank you", ""),
    ],
)
def test_a_queue_id_is_found_where_there_is_one(text: str, expected: str) -> None:
    assert queue_id(text) == expected
