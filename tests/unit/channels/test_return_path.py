"""The signed return path: one for each delivery, whatever servers do to its case."""

import pytest

from outreach import tokens
from outreach.channels.email.return_path import return_path, token_in
from outreach.settings.feedback_file import LONGEST_MAILBOX
from outreach.tokens import Purpose

KEYS = ["new-" + "k" * 40, "old-" + "k" * 40]
MAILBOX = "bounces@mail.example.com"


def path_of(number: int, keys: list[str] = KEYS, purpose: Purpose = Purpose.BOUNCE) -> str:
    return return_path(MAILBOX, tokens.sign(keys, purpose, number))


def whose(recipient: str) -> int | None:
    token = token_in(MAILBOX, recipient)
    return tokens.verify(KEYS, Purpose.BOUNCE, token) if token else None


@pytest.mark.parametrize("number", [1, 36, 2**63 - 1])
def test_it_names_its_delivery_in_any_case(number: int) -> None:
    path = path_of(number)

    assert [whose(each) for each in (path, path.upper(), f"<{path.title()}>")] == [number] * 3


def test_its_local_part_is_never_longer_than_64_octets() -> None:
    longest = return_path(
        "b" * LONGEST_MAILBOX + "@example.com", tokens.sign(KEYS, Purpose.BOUNCE, 2**63 - 1)
    )

    assert len(longest.partition("@")[0]) <= 64


def test_an_old_key_s_path_is_known_for_ever() -> None:
    assert whose(path_of(7, KEYS[1:])) == 7


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "bounces@mail.example.com",
        "bounces+@mail.example.com",
        "bounces+7@mail.example.com",
        path_of(7)[:-18] + "x@mail.example.com",
        path_of(7).replace("mail.", "evil."),
        path_of(7).replace("bounces", "other"),
        path_of(7, ["foreign-" + "k" * 40]),
        path_of(7, purpose=Purpose.UNSUBSCRIBE),
    ],
)
def test_what_we_did_not_sign_names_nothing(recipient: str) -> None:
    assert whose(recipient) is None
