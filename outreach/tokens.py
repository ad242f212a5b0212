"""Signed public names of deliveries: for links and callbacks; they say nothing of the customer.

`<key's name>.<number>.<signature>`: HMAC-SHA256, cut to 128 bits, over purpose and number. A token
names its key, so that keys rotate: the newest signs, every one that is still given verifies.
"""

import hmac
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

VERSION = "1"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"  # RFC 4648, in lower case
_PAIRS = [first + second for first in _BASE32 for second in _BASE32]
_SHIFTS = range(120, -1, -10)  # 128 bits and two of padding, ten at a time


class Purpose(StrEnum):
    """What a token may be used for; one made for another purpose is refused."""

    CALLBACK = "callback"  # a provider tells of a delivery
    UNSUBSCRIBE = "unsubscribe"  # its reader wants no more
    MESSAGE = "message"  # the delivery's Message-ID
    SITE = "site"  # of no delivery: pages show that they have the keys
    BOUNCE = "bounce"  # its return path: what comes back there came of it


def sign(keys: Sequence[str], purpose: Purpose, number: int) -> str:
    """The token of a delivery's id, by the first of the keys; fit for a URL's path."""
    return f"{_name(keys[0])}.{_written(number)}.{_signature(keys[0], purpose, number)}"


def verify(keys: Sequence[str], purpose: Purpose, token: str) -> int | None:
    """The delivery's id of a token that one of the keys made for this purpose; else None."""
    name, _, rest = token.partition(".")
    written, _, signature = rest.partition(".")
    if not (token.isascii() and written.isalnum() and len(written) <= 13):
        return None
    number = int(written, 36)
    for key in keys:
        wanted = _signature(key, purpose, number)
        if name == _name(key) and hmac.compare_digest(wanted.encode(), signature.encode()):
            return number
    return None


@lru_cache(maxsize=16)
def _name(key: str) -> str:
    return sha256(f"name:{key}".encode()).hexdigest()[:6]


def _signature(key: str, purpose: Purpose, number: int) -> str:
    signing = _keyed(key, purpose).copy()
    signing.update(b"%d" % number)
    bits = int.from_bytes(signing.digest()[:16], "big") << 2
    return "".join([_PAIRS[bits >> shift & 1023] for shift in _SHIFTS])


@lru_cache(maxsize=64)
def _keyed(key: str, purpose: Purpose) -> hmac.HMAC:
    """The part that all tokens of a key and a purpose begin with: half of what one costs."""
    return hmac.new(key.encode(), f"{VERSION}:{purpose}:".encode(), sha256)


def _written(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
