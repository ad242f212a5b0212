"""Where a customer can be reached, and where on earth: addresses, numbers, zones, countries."""

import re
from functools import lru_cache
from typing import Any, cast

from babel.core import Locale, UnknownLocaleError, get_global, parse_locale
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    format_number,
    is_possible_number,
    is_valid_number,
    parse,
)
from phonenumbers.timezone import time_zones_for_number

from outreach.documents import did_you_mean
from outreach.imports.numbers import read_plain
from outreach.imports.values import BadValueError, clean
from outreach.settings.geography import countries, zones
from outreach.store.places import Place
from outreach.store.regions import region_of

_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")  # no rule can refuse these
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# What no rule can refuse but those of special names: 22 µs each by the library.
_PLAIN_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+([A-Za-z]{{2,63}})")
_SPECIAL_TOPS = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)


def email(raw: Any) -> str | None:
    """An address in lower case, its domain in ASCII (IDNA); None when blank.

    The part before the @ is lower-cased too: by RFC 5321 2.3.11 only its host may say what its
    case means, but no host of note tells `Ann@` from `ann@`, and matching must, so that a no said
    for one spelling holds for the other. An address that only SMTPUTF8 (RFC 6531) could carry is
    refused. No domain is asked anything.
    """
    word = clean(raw)
    if not word:
        return None
    local, at, domain = word.rpartition("@")
    try:
        if at and len(local) <= 64 and _PLAIN_LOCAL.fullmatch(local) and len(domain) <= 180:
            return f"{local}@{_domain(domain)}".lower()
        found = validate_email(word, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        raise BadValueError(f"is no e-mail address: {error}") from None
    return cast(str, found.ascii_email).lower()


@lru_cache(maxsize=4096)  # most customers share a few domains
def _domain(domain: str) -> str:
    """The domain in ASCII; EmailNotValidError."""
    plain = _PLAIN_DOMAIN.fullmatch(domain)
    if plain is not None and "--" not in domain and plain[1].lower() not in _SPECIAL_TOPS:
        return domain
    return validate_email(f"a@{domain}", check_deliverability=False).ascii_domain


def phone(raw: Any, hint: str) -> str | None:
    """A number that is in use by its country's plan, as it is stored and sent to (ITU-T E.164).

    `hint` is the country to read it by where it has no `+`. An extension is left out.
    """
    return phone_and_region(raw, hint)[0]


def phone_and_region(raw: Any, hint: str) -> tuple[str | None, str | None]:
    """The same, and the country that it belongs to; None where no country has it."""
    word = clean(raw)
    if not word:
        return None, None
    plain = read_plain(word, hint)
    if plain is not None:
        return plain
    number = _e164(word, hint)
    return number, region_of(number)


def _e164(word: str, hint: str) -> str:
    """Any number, as phonenumbers reads it."""
    try:
        number = parse(word, hint or None)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE and not hint:
            raise BadValueError("has no country to read it by; write it as +49…") from None
        raise BadValueError("is no phone number") from None
    if not is_valid_number(number):
        why = "is not in use" if is_possible_number(number) else "has too few or too many digits"
        raise BadValueError(f"{why} as a phone number of +{number.country_code}")
    return format_number(number, PhoneNumberFormat.E164)


def timezone(raw: Any) -> str | None:
    """An IANA zone by its name."""
    word = clean(raw)
    if not word or word in zones():
        return word or None
    raise BadValueError(_no_zone(word))


@lru_cache(maxsize=1024)  # looking for the nearest of 600 names takes milliseconds
def _no_zone(word: str) -> str:
    guess = did_you_mean(word, zones()) or "write for example `Europe/Berlin`"
    return f"`{word[:40]}` is no time zone; {guess}"


def country(raw: Any) -> str | None:
    """An ISO 3166 alpha-2 code in upper case."""
    word = clean(raw)
    code = word.upper()
    if not word or code in countries():
        return code or None
    if code == "UK":
        raise BadValueError("`UK` is no country code; write `GB`")
    names = {name.casefold(): code for code, name in countries().items()}
    if word.casefold() in names:
        raise BadValueError(f"`{word}` is no country code; write `{names[word.casefold()]}`")
    raise BadValueError(f"`{word[:40]}` is no country code; write two letters (ISO 3166)")


def locale(raw: Any) -> str | None:
    """A language, with script and country if given, as BCP 47 writes it: `de`, `zh-Hant-TW`."""
    word = clean(raw)
    if not word:
        return None
    tag = _language_tag(word)
    if tag is None:
        raise BadValueError(f"`{word[:40]}` is no language; write for example `de-AT`")
    return tag


@lru_cache(maxsize=1024)
def _language_tag(word: str) -> str | None:
    try:
        language, territory, script = parse_locale(word.replace("-", "_"))[:3]
        Locale.parse(word.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return None
    return "-".join(part for part in (language, script, territory) if part)


def place(zone: str | None, country_code: str | None, stored_phone: str | None) -> Place:
    """Where a customer's clock and calendar are, by stored values: the own zone first.

    Else every zone of the number and of the country, for all of them must be awake; nothing
    known: company time.
    """
    region = country_code or region_of(stored_phone) or ""
    if zone is not None:
        return _own_place(zone, region)
    possible: set[str] = set(get_global("territory_zones").get(country_code or "", ()))
    if stored_phone:
        possible |= set(time_zones_for_number(parse(stored_phone)))
    return Place(";".join(sorted(possible & zones())), False, region)


@lru_cache(maxsize=1024)
def _own_place(zone: str, region: str) -> Place:
    return Place(zone, True, region)  # the same object each time: they go to another process
