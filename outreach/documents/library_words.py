"""What the libraries say of a value that was not written in YAML, in our words."""

import re

_WHOLE = "this is no whole number"
_SAID = (
    (re.compile(r"Value error, "), ""),
    (re.compile(r"Input should be a valid integer.*", re.S), _WHOLE),
    (re.compile(r"Input should be a valid number.*", re.S), "this is no number"),
    (re.compile(r"Input should be greater than or equal to (\S+)"), r"it must be \1 or more"),
    (re.compile(r"Input should be less than or equal to (\S+)"), r"it must be \1 or less"),
    (re.compile(r"Input should be greater than (\S+)"), r"it must be more than \1"),
    (re.compile(r"Input should be less than (\S+)"), r"it must be less than \1"),
    (re.compile(r"Input should be "), "it must be "),
)


def in_our_words(message: str) -> str:
    """A library's message as we would say it; others as they are. A value in it stays there."""
    for said, ours in _SAID:
        message = said.sub(ours, message)
    return message
