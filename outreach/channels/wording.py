"""What a provider said, made fit to be kept: no address, no line ends, not endless."""

import re
from pathlib import Path
from traceback import extract_tb

LONGEST = 200

_MAIL_ADDRESS = re.compile(r"[^\s<>\"'(),:;]+@[^\s<>\"'(),:;]+")
_PHONE_NUMBER = re.compile(r"\+?\d[\d\s().-]{5,}\d")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]+")


def scrubbed(words: str, to: str) -> str:
    """A provider's words without addresses or phone numbers, on one line, at most 200 characters.

    `to` is where the message was going: its parts are taken out even when the
    provider writes them in a form of its own.
    """
    words = _CONTROL.sub(" ", words)
    if "@" in to:
        if "@" in words:
            words = _MAIL_ADDRESS.sub("…", words)
        local = to.rpartition("@")[0]
        if local.casefold() in words.casefold():  # a pattern of each address's own is dear
            words = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", "…", words, flags=re.I)
    else:
        words = _PHONE_NUMBER.sub("…", words)
    return " ".join(words.split())[:LONGEST]


def place_of(error: BaseException) -> str:
    """Which error happened where, for the log: a traceback could show addresses and secrets."""
    frames = extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + where
