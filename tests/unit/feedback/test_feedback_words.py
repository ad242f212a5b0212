"""Words for customers: every language has all of them, with the same holes."""

import string

import pytest

from outreach.feedback.words import FALLBACK, _files, languages, words_for
from outreach.settings.company import Brand, Company


def holes(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_word_with_the_same_holes(language: str) -> None:
    words, english = _files()[language], _files()[FALLBACK]

    assert {name: holes(text) for name, text in words.items()} == {
        name: holes(text) for name, text in english.items()
    }


@pytest.mark.parametrize(
    ("wishes", "language"),
    [(["de-CH", "en"], "de"), ([None, "tlh", "fr"], "fr"), (["zh-CN"], "zh-Hans"),
     (["tlh"], "es"), ([], "es"), (["zh-TW"], "es")],
)  # fmt: skip
def test_the_first_language_wished_for_that_there_is(
    wishes: list[str | None], language: str
) -> None:
    company = Company(brand=Brand(name="Harbour {Tea}", locale="es-MX"))

    words = words_for(wishes, company)

    assert words.language == language
    assert "Harbour {Tea}" in words["unsubscribe_text"]
