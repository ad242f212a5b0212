"""How many SMS segments a text costs (3GPP TS 23.038 and 23.040)."""

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs; `characters` counts septets (GSM-7) or UTF-16 code units (UCS-2)."""

    encoding: Literal["GSM-7", "UCS-2"]
    characters: int
    segments: int


def segments(text: str) -> Segments:
    """Count a text's segments; an empty text is one.

    GSM-7 fits 160 septets alone and 153 a part (3GPP TS 23.040 9.2.3.24.1), a character of the
    extension table takes two and is never split; UCS-2 fits 70 code units and 67 a part, a
    surrogate pair is never split.
    """
    if all(char in _BASIC or char in _EXTENSION for char in text):
        return _count("GSM-7", [1 + (char in _EXTENSION) for char in text], 160, 153)
    return _count("UCS-2", [1 + (ord(char) > 0xFFFF) for char in text], 70, 67)


def outside_gsm(text: str) -> str:
    """The characters, each once, that make a text cost UCS-2 segments; "" where there are none."""
    return "".join(dict.fromkeys(c for c in text if c not in _BASIC and c not in _EXTENSION))


def _count(
    encoding: Literal["GSM-7", "UCS-2"], widths: list[int], alone: int, part: int
) -> Segments:
    total = sum(widths)
    if total <= alone:
        return Segments(encoding, total, 1)
    count, used = 1, 0
    for width in widths:
        if used + width > part:
            count, used = count + 1, 0
        used += width
    return Segments(encoding, total, count)
