"""Which language variant a customer gets."""

from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global, parse_locale


@lru_cache(maxsize=4096)
def _parts(tag: str) -> tuple[str, str, str] | None:
    """Language, script and territory of a BCP 47 tag, None where it names no known language."""
    try:
        language, territory, script, *_ = parse_locale(tag.replace("_", "-"), sep="-")
        Locale.parse(language)
    except (ValueError, UnknownLocaleError):
        return None
    return language, script or _likely_script(language, territory), territory or ""


def _likely_script(language: str, territory: str | None) -> str:
    likely = get_global("likely_subtags")
    full = likely.get(f"{language}_{territory}") or likely.get(language) or ""
    return full.split("_")[1] if full.count("_") == 2 else ""


def is_locale(tag: str) -> bool:
    """Whether the tag names a language that is known."""
    return _parts(tag) is not None


@lru_cache(maxsize=4096)
def chain(tag: str) -> tuple[str, ...]:
    """The locale and its parents, nearest first: `zh-TW` → `zh-Hant-TW`, `zh-Hant`.

    Likely subtags are CLDR's, by Babel. A bare language is a parent only if it is written in the
    same script, so `zh-TW` never ends at `zh`, which is read as simplified. Empty if unknown.
    """
    parts = _parts(tag)
    if parts is None:
        return ()
    language, script, territory = parts
    names = [tag.replace("_", "-")]
    if territory:
        names.append(f"{language}-{script}-{territory}")
        if _likely_script(language, territory) == script:
            names.append(f"{language}-{territory}")
    names.append(f"{language}-{script}")
    if _likely_script(language, None) == script:
        names.append(language)
    return tuple(dict.fromkeys(names))


@lru_cache(maxsize=4096)
def formats_of(tag: str) -> Locale:
    """How dates and numbers are written in a locale; English where it is unknown."""
    for name in chain(tag):
        try:
            return Locale.parse(name.replace("-", "_"))
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


def choose(wanted: str | None, brand: str, available: frozenset[str]) -> str | None:
    """The one of `available` locales a customer gets; "" stands for the file without a locale.

    The customer's locale, its parents, the brand's locale and its parents, "", in that order;
    None when none of them is there.
    """
    spelled = {name.replace("_", "-").lower(): name for name in available}
    for name in (*chain(wanted or ""), *chain(brand), ""):
        if name.lower() in spelled:
            return spelled[name.lower()]
    return None
