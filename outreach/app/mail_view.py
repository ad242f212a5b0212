"""How a mail looks where it is read: by day or by night, with pictures or without."""

import re

# A mail's own rules for dark follow the reader's device: here they follow what is asked for.
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_DECLARED = re.compile(r"(?<!prefers-)color-scheme[^;>]*\bdark\b", re.IGNORECASE)
_DOCTYPE = re.compile(r"\s*<!doctype[^>]*>", re.IGNORECASE)
_REMOTE = re.compile(
    r"<(?:img|td|table|body|source|input)\b[^>]*\b(?:src|srcset|background)\s*=\s*[\"']?\s*(?:https?:)?//"
    r"|url\(\s*[\"']?\s*(?:https?:)?//",
    re.IGNORECASE,
)
_PIXEL = re.compile(r"<img\b[^>]*\bwidth=\"1\" height=\"1\"[^>]*>", re.IGNORECASE)
ALWAYS, NEVER = "(min-width: 0)", "(max-width: 0)"
# What programs do that turn the colours of a mail without rules of its own: all but its pictures.
_TURNED = "html{filter:invert(1) hue-rotate(180deg);background:#fff}img{filter:invert(1) hue-rotate(180deg)}"
_NO_LINKS = '<base target="_blank">'  # in a sandbox without popups: a link leads nowhere


def has_dark_rules(html: str) -> bool:
    """Whether a mail says itself how it looks on a dark screen."""
    return any(found[1].lower() == "dark" for found in _SCHEME.finditer(html)) or bool(
        _DECLARED.search(html)
    )


def has_remote_pictures(html: str) -> bool:
    """Whether a mail loads pictures from elsewhere; the one that only tells that it was opened is none."""
    return bool(_REMOTE.search(_PIXEL.sub("", html)))


def as_read(html: str, *, dark: bool) -> str:
    """The mail as a document of its own, for a sandbox, on a light or a dark screen.

    A mail without rules for dark is turned around there, as some programs do. The picture that tells
    of an opening is left out.
    """
    wanted = "dark" if dark else "light"
    html = _PIXEL.sub("", html)  # nobody has opened anything
    by_rules = _SCHEME.sub(lambda m: ALWAYS if m[1].lower() == wanted else NEVER, html)
    if not dark:
        style = ":root{color-scheme:light!important}"
    else:
        style = ":root{color-scheme:dark!important}" if has_dark_rules(html) else _TURNED
    found = _DOCTYPE.match(by_rules)
    end = found.end() if found else 0
    return f"{by_rules[:end]}{_NO_LINKS}<style>{style}</style>{by_rules[end:]}"
