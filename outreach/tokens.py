"""Signed public names of deliveries: for links and callbacks; they say nothing of the customer.

`<key's name>.<number>.<signature>`: HMAC-SHA256, cut to 128 bits, over purpose and number. A token
names its key, so that keys rotate: the newest signs, every one that is still given verifies.
"""

import hmac
from base64 import b32encode
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b, sha256
from struct import Struct

VERSION = "1"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"  # RFC 4648, in lower case
_PAIRS = [first + second for first in _BASE32 for second in _BASE32]
_SHORT = 10  # characters of a short token's signature, 50 bits
_SEAL_BYTES = 10  # of a seal: 80 bits, 16 characters
_HALVES = Struct(">QQ").unpack_from  # 128 bits


class Purpose(StrEnum):
    """What a token may be used for; one made for another purpose is refused."""

    CALLBACK = "callback"  # a provider tells of a delivery
    UNSUBSCRIBE = "unsubscribe"  # its reader wants no more
    MESSAGE = "message"  # the delivery's Message-ID
    SITE = "site"  # of no delivery: pages show that they have the keys
    BOUNCE = "bounce"  # its return path: what comes back there came of it
    CLICK = "click"  # a link in it was followed
    OPEN = "open"  # it was shown
    LINK = "link"  # an address that one of its links has


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


def sign_short(keys: Sequence[str], purpose: Purpose, number: int) -> str:
    """As `sign`, and short: 50 bits of signature. For what a forger gains nothing by but a count."""
    return _written(number) + _signature(keys[0], purpose, number)[:_SHORT]


def verify_short(keys: Sequence[str], purpose: Purpose, token: str) -> int | None:
    """The delivery's id of a short token that one of the keys made for this purpose; else None."""
    written, signature = token[:-_SHORT], token[-_SHORT:]
    if not (token.isascii() and written.isalnum() and len(written) <= 13):
        return None
    number = int(written, 36)
    made = (_signature(key, purpose, number)[:_SHORT] for key in keys)
    return number if any(hmac.compare_digest(each, signature) for each in made) else None


class Sealer:
    """Seals texts of one delivery; what that costs once, it costs at the first."""

    __slots__ = ("_key", "_made", "_number")

    def __init__(self, key: str, number: int) -> None:
        self._key, self._number, self._made = key, number, b""

    def __call__(self, text: str) -> str:
        """Shows that the text is one of the delivery's own."""
        if not self._made:
            sealing = _keyed(self._key, Purpose.LINK).copy()
            sealing.update(b"%d" % self._number)
            self._made = sealing.digest()
        digest = blake2b(text.encode(), key=self._made, digest_size=_SEAL_BYTES).digest()
        return b32encode(digest).decode().lower()


def is_sealed(keys: Sequence[str], number: int, text: str, given: str) -> bool:
    """Whether `given` is the seal of the delivery's text, by any of the keys."""
    made = (Sealer(key, number)(text) for key in keys)
    return given.isascii() and any(hmac.compare_digest(each, given) for each in made)


@lru_cache(maxsize=16)
def _name(key: str) -> str:
    return sha256(f"name:{key}".encode()).hexdigest()[:6]


def _signature(key: str, purpose: Purpose, number: int) -> str:
    signing = _keyed(key, purpose).copy()
    signing.update(b"%d" % number)
    return _encoded(signing.digest())


def _encoded(digest: bytes) -> str:
    # Ten bits at a time, written out: a loop costs half as much again, for each mail twice.
    x, y = _HALVES(digest)
    p = _PAIRS
    return (
        f"{p[x >> 54]}{p[x >> 44 & 1023]}{p[x >> 34 & 1023]}{p[x >> 24 & 1023]}"
        f"{p[x >> 14 & 1023]}{p[x >> 4 & 1023]}{p[(x & 15) << 6 | y >> 58]}"
        f"{p[y >> 48 & 1023]}{p[y >> 38 & 1023]}{p[y >> 28 & 1023]}{p[y >> 18 & 1023]}"
        f"{p[y >> 8 & 1023]}{p[y << 2 & 1023]}"
    )


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
