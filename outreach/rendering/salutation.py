"""How a customer is greeted, by language; gender is never guessed.

`nickname` as written; else title or gender with the last name, else the first name, else neutral.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from outreach.rendering.locales import chain


class Tone(StrEnum):
    """How near a company stands to those it greets."""

    FORMAL = "formal"  # by title or gender and last name, where they are known
    FAMILIAR = "familiar"  # by first name, where it is known


@dataclass(frozen=True, slots=True)
class Greeting:
    """One language's greetings; `{}` is the name. Titles are what stands between greeting and name."""

    female: str  # with the last name, formal
    male: str
    titled: str  # with title and last name, `{title}` and `{}`; gender decides no ending
    first: str
    first_familiar: str
    neutral: str
    neutral_familiar: str
    titled_female: str = ""  # where the greeting's own words have a gender
    titled_male: str = ""
    last: str = ""  # with the last name alone, where that is polite for everyone
    family_first: bool = False


_GREETINGS: dict[str, Greeting] = {
    "en": Greeting(
        female="Dear Ms {}", male="Dear Mr {}", titled="Dear {title} {}",
        first="Dear {}", first_familiar="Hi {}", neutral="Hello", neutral_familiar="Hi",
    ),
    "de": Greeting(
        female="Sehr geehrte Frau {}", male="Sehr geehrter Herr {}",
        titled="Guten Tag {title} {}", titled_female="Sehr geehrte Frau {title} {}",
        titled_male="Sehr geehrter Herr {title} {}",
        first="Guten Tag {}", first_familiar="Hallo {}", neutral="Guten Tag", neutral_familiar="Hallo",
    ),
    "fr": Greeting(
        female="Bonjour Madame {}", male="Bonjour Monsieur {}",
        titled="Bonjour {title} {}",
        first="Bonjour {}", first_familiar="Bonjour {}", neutral="Bonjour", neutral_familiar="Bonjour",
    ),
    "es": Greeting(
        female="Estimada Sra. {}", male="Estimado Sr. {}",
        titled="Buenos días, {title} {}", titled_female="Estimada {title} {}",
        titled_male="Estimado {title} {}",
        first="Hola {}", first_familiar="Hola {}", neutral="Hola", neutral_familiar="Hola",
    ),
    "zh-Hans": Greeting(
        female="{}女士，您好", male="{}先生，您好", titled="{}{title}，您好",
        first="{}，您好", first_familiar="{}，你好", neutral="您好", neutral_familiar="你好",
        family_first=True,
    ),
    "zh-Hant": Greeting(
        female="{}女士，您好", male="{}先生，您好", titled="{}{title}，您好",
        first="{}，您好", first_familiar="{}，你好", neutral="您好", neutral_familiar="你好",
        family_first=True,
    ),
    "ja": Greeting(
        female="{}様", male="{}様", titled="{}{title}様",
        first="{}様", first_familiar="{}さん、こんにちは", neutral="お客様",
        neutral_familiar="こんにちは", last="{}様", family_first=True,
    ),
}  # fmt: skip
SALUTED_BY = frozenset({"nickname", "title", "gender", "first_name", "last_name"})
_FEMALE = frozenset(
    [
        "f",
        "female",
        "w",
        "woman",
        "weiblich",
        "ms",
        "mrs",
        "miss",
        "frau",
        "mme",
        "madame",
        "mlle",
        "sra",
        "señora",
        "女",
        "女性",
        "女士",
        "小姐",
        "太太",
    ]
)
_MALE = frozenset(
    ["m", "male", "man", "männlich", "mr", "herr", "monsieur", "sr", "señor", "男", "男性", "先生"]
)


def salutation(customer: Mapping[str, object], locale: str, tone: Tone = Tone.FORMAL) -> str:
    """A greeting in the locale's language, English where it has none; no punctuation at its end."""
    greeting = _greeting(locale)
    nickname, first, last = (
        _text(customer, key) for key in ("nickname", "first_name", "last_name")
    )
    if nickname:
        return nickname
    if tone is Tone.FAMILIAR:
        return greeting.first_familiar.format(first) if first else greeting.neutral_familiar
    if formal := _formal(greeting, customer, last):
        return formal
    name = _joined(last, first) if greeting.family_first and first and last else first
    return greeting.first.format(name) if name else greeting.neutral


@lru_cache(maxsize=1024)
def _greeting(locale: str) -> Greeting:
    names = {name.lower(): greeting for name, greeting in _GREETINGS.items()}
    wishes = (wish.lower() for wish in chain(locale))
    return next((names[wish] for wish in wishes if wish in names), _GREETINGS["en"])


def _formal(greeting: Greeting, customer: Mapping[str, object], last: str) -> str:
    if not last:
        return ""
    title = _text(customer, "title")
    stated = _gender(title)  # `Frau` says what `gender` would
    gender = stated or _gender(_text(customer, "gender"))
    if title and not stated:
        gendered = {"female": greeting.titled_female, "male": greeting.titled_male}.get(gender)
        return (gendered or greeting.titled).format(last, title=title)
    form = {"female": greeting.female, "male": greeting.male}.get(gender, greeting.last)
    return form.format(last)


def _joined(last: str, first: str) -> str:
    """Both names, family name first; a space only between Latin letters."""
    return f"{last} {first}" if (last + first).isascii() else f"{last}{first}"


def _gender(word: str) -> str:
    word = word.lower().rstrip(".")
    if word in _FEMALE:
        return "female"
    return "male" if word in _MALE else ""


def _text(customer: Mapping[str, object], key: str) -> str:
    value = customer.get(key)
    return value.strip() if isinstance(value, str) else ""
