"""What Twilio's answer means, as a table."""

import pytest

from outreach.channels.sms.answers import classify
from outreach.vocabulary import Answer, Fault


@pytest.mark.parametrize(
    ("status", "code", "answer", "fault"),
    [
        (201, 0, Answer.ACCEPTED, Fault.NONE),
        (429, 20429, Answer.RETRY, Fault.TEMPORARY),
        (429, 0, Answer.RETRY, Fault.TEMPORARY),
        (429, 63038, Answer.RETRY, Fault.CHANNEL),
        (400, 30034, Answer.RETRY, Fault.CHANNEL),
        (401, 20003, Answer.RETRY, Fault.CHANNEL),
        (403, 0, Answer.RETRY, Fault.CHANNEL),
        (302, 0, Answer.RETRY, Fault.CHANNEL),
        (400, 21610, Answer.REJECTED, Fault.OPTED_OUT),
        (400, 21211, Answer.REJECTED, Fault.ADDRESS),
        (400, 21614, Answer.REJECTED, Fault.ADDRESS),
        (400, 21408, Answer.REJECTED, Fault.POLICY),
        (400, 21612, Answer.REJECTED, Fault.POLICY),
        (400, 21617, Answer.REJECTED, Fault.CONTENT),
        (400, 30007, Answer.REJECTED, Fault.CONTENT),
        (400, 99999, Answer.REJECTED, Fault.POLICY),
        (500, 0, Answer.UNKNOWN, Fault.NONE),
        (503, 20429, Answer.UNKNOWN, Fault.NONE),
    ],
)
def test_an_answer_of_twilios_means(status: int, code: int, answer: Answer, fault: Fault) -> None:
    assert classify(status, code) == (answer, fault)
