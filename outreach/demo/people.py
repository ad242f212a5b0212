"""Made-up people: names, where they live, and addresses that reach nobody."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import chain
from random import Random

import yaml

MAIL_DOMAINS = ("example.com", "example.org", "example.net")  # RFC 2606: nobody's


@dataclass(frozen=True, slots=True)
class Group:
    """People of one language in one country; `cities` are `City@Zone`, likelier ones repeated."""

    share: float  # of all customers, in percent
    country: str
    locale: str
    names: str  # a key of names.yaml
    cities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is; `mailbox` is the name in Latin letters."""

    first_name: str
    last_name: str
    gender: str
    mailbox: str
    country: str
    locale: str
    city: str
    zone: str


_EAST = ("New York@America/New_York", "Boston@America/New_York", "Atlanta@America/New_York")
_MIDDLE = ("Chicago@America/Chicago", "Houston@America/Chicago")
_WEST = ("Seattle@America/Los_Angeles", "San Francisco@America/Los_Angeles")
_STATES = (*_EAST, *_MIDDLE, "Denver@America/Denver", *_WEST)
GROUPS = (
    Group(50, "US", "en-US", "en", _STATES),
    Group(4, "US", "es-US", "es", ("Miami@America/New_York", "Los Angeles@America/Los_Angeles")),
    Group(3, "US", "zh-CN", "zh-Hans", (*_EAST[:1], *_WEST)),
    Group(2, "US", "zh-TW", "zh-Hant", (*_EAST[:1], *_WEST)),
    Group(4, "CA", "en-CA", "en", ("Toronto@America/Toronto", "Vancouver@America/Vancouver")),
    Group(2, "CA", "fr-CA", "fr", ("Montréal@America/Toronto",)),
    Group(10, "GB", "en-GB", "en", ("London@Europe/London", "Leeds@Europe/London")),
    Group(8, "DE", "de-DE", "de", ("Berlin@Europe/Berlin", "Köln@Europe/Berlin")),
    Group(7, "FR", "fr-FR", "fr", ("Paris@Europe/Paris", "Lyon@Europe/Paris")),
    Group(3, "ES", "es-ES", "es", ("Madrid@Europe/Madrid", "Las Palmas@Atlantic/Canary")),
    Group(3, "CN", "zh-CN", "zh-Hans", ("上海@Asia/Shanghai", "北京@Asia/Shanghai")),
    Group(2, "TW", "zh-TW", "zh-Hant", ("台北@Asia/Taipei",)),
    Group(2, "JP", "ja-JP", "ja", ("東京@Asia/Tokyo", "大阪@Asia/Tokyo")),
)
_AREA_CODES = {  # North American area codes by zone; 555-0100 to 555-0199 is nobody's in each
    "America/New_York": "201 203 212 215 216 239 240 267 301 302 304 305 313 315 321 330 347 351 "
    "386 401 404 407 410 412 413 419 434 440 443 470 475 484 502 508 513 516 517 518 540 551",
    "America/Chicago": "205 210 214 217 218 224 225 228 251 254 256 262 281 308 309 312 314 316 "
    "318 319 320 334 337 361 402 405 409 414 417 430",
    "America/Denver": "303 307 385 406 435 505 575 719 720 748 801 970 983",
    "America/Los_Angeles": "206 209 213 253 310 323 360 408 415 424 425 442 458 503 509 510 530 "
    "559 562 619 626 628 650 661 702 707 714 725",
    "America/Toronto": "226 249 289 343 365 416 418 437 438 450",
    "America/Vancouver": "236 250 604 672 778",
}


def draw(random: Random, count: int) -> Iterator[Person]:
    """So many people, drawn from the groups."""
    weights = [group.share for group in GROUPS]
    for group in random.choices(GROUPS, weights, k=count):
        gender = random.choice(("female", "male"))
        first, first_latin = _name(random, group.names, gender)
        last, last_latin = _name(random, group.names, "family")
        city, _, zone = random.choice(group.cities).partition("@")
        mailbox = f"{first_latin}.{last_latin}"
        yield Person(first, last, gender, mailbox, group.country, group.locale, city, zone)


@cache
def _names() -> dict[str, dict[str, list[tuple[str, str]]]]:
    """Names with their spelling in a mail address, by language and kind."""
    text = (files(__package__) / "names.yaml").read_text("utf-8")
    return {
        language: {
            kind: [_spelled(name) for name in names.split()] for kind, names in kinds.items()
        }
        for language, kinds in yaml.safe_load(text).items()
    }


def _name(random: Random, language: str, kind: str) -> tuple[str, str]:
    return random.choice(_names()[language][kind])


def _spelled(name: str) -> tuple[str, str]:
    written, _, latin = name.partition(":")
    plain = unicodedata.normalize("NFKD", (latin or written).lower().replace("ß", "ss"))
    return written, plain.encode("ascii", "ignore").decode()


def phone_numbers() -> dict[str, Iterator[str]]:
    """Numbers that are set aside for fiction, each once: by zone in North America, else by country.

    Sources: NANPA (555-0100 to 555-0199), Ofcom (numbers for drama), ARCEP (01 99 00),
    Bundesnetzagentur (Mitteilung 148/2021).
    """
    numbers = {zone: _north_american(codes) for zone, codes in _AREA_CODES.items()}
    german = chain.from_iterable((f"0171 39200{n:02d}", f"0176 040690{n:02d}") for n in range(100))
    french = (f"01 99 00 {n // 100:02d} {n % 100:02d}" for n in range(10_000))
    british = (f"020 7946 0{n:03d}" for n in range(1000))
    return numbers | {"DE": german, "FR": french, "GB": british}


def _north_american(codes: str) -> Iterator[str]:
    return (f"({code}) 555-01{n:02d}" for n in range(100) for code in codes.split())
