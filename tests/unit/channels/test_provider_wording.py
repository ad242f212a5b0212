"""What is kept of a provider's words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.channels.wording import LONGEST, place_of, scrubbed


@pytest.mark.parametrize(
    ("words", "to", "kept"),
    [
        ("5.1.1 <mei@example.net>: unknown", "mei@example.net", "5.1.1 <…>: unknown"),
        ("user Mei unknown", "mei@example.net", "user … unknown"),
        ("mail from shop@example.com refused", "mei@example.net", "mail from … refused"),
        ("client 192.0.2.77 blocked", "mei@example.net", "client 192.0.2.77 blocked"),
        ("'To' +44 7700 900001 is invalid", "+447700900001", "'To' … is invalid"),
        ("one\r\ntwo\x00three", "mei@example.net", "one two three"),
    ],
)
def test_addresses_are_taken_out(words: str, to: str, kept: str) -> None:
    assert scrubbed(words, to) == kept


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_kept_is_one_short_line_without_the_address(before: str, after: str) -> None:
    kept = scrubbed(f"{before} mei.wang@example.net {after}" * 5, "mei.wang@example.net")

    assert "mei.wang@example.net" not in kept
    assert len(kept) <= LONGEST
    assert kept.isprintable() or not {"\r", "\n", "\0"} & {*kept}


def test_an_error_is_placed_without_its_words() -> None:
    try:
        raise KeyError("mei@example.net")
    except KeyError as error:
        place = place_of(error)

    assert place.startswith("KeyError at test_provider_wording.py:")
