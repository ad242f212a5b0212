"""Signed public names of deliveries."""

from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.tokens import Purpose, sign, verify

OLD, NEW = "an old key, thirty-two characters", "a new key, thirty-two characters!"


@given(st.integers(0, 2**63 - 1), st.sampled_from(Purpose))
@settings(deadline=None, max_examples=100)
def test_a_token_gives_its_number_back_and_fits_a_path(number: int, purpose: Purpose) -> None:
    token = sign([NEW], purpose, number)

    assert verify([NEW], purpose, token) == number
    assert token.replace(".", "").isalnum()


def test_a_token_of_an_older_key_still_verifies() -> None:
    token = sign([OLD], Purpose.UNSUBSCRIBE, 7)

    assert verify([NEW, OLD], Purpose.UNSUBSCRIBE, token) == 7
    assert verify([NEW], Purpose.UNSUBSCRIBE, token) is None


def test_a_token_made_for_another_purpose_is_refused() -> None:
    token = sign([NEW], Purpose.CALLBACK, 7)

    assert verify([NEW], Purpose.UNSUBSCRIBE, token) is None


def test_a_token_for_another_number_is_refused() -> None:
    name, _, signature = sign([NEW], Purpose.CALLBACK, 7).split(".")

    assert verify([NEW], Purpose.CALLBACK, f"{name}.8.{signature}") is None


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=200)
def test_no_text_from_outside_is_an_error(text: str) -> None:
    assert verify([NEW], Purpose.CALLBACK, text) is None
