"""Which language variant a customer gets."""

import pytest
from rendering_project import compiled, problems

from outreach.rendering.locales import chain, choose


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("zh-TW", ("zh-TW", "zh-Hant-TW", "zh-Hant")),
        ("zh_CN", ("zh-CN", "zh-Hans-CN", "zh-Hans", "zh")),
        ("zh-Hans-TW", ("zh-Hans-TW", "zh-Hans", "zh")),
        ("de-AT", ("de-AT", "de-Latn-AT", "de-Latn", "de")),
        ("sr-Latn", ("sr-Latn",)),
        ("xx", ()),
        ("", ()),
        ("not a locale", ()),
    ],
)
def test_parents_of_a_locale_keep_its_script(locale: str, expected: tuple[str, ...]) -> None:
    assert chain(locale) == expected


@pytest.mark.parametrize(
    ("wanted", "brand", "available", "expected"),
    [
        ("zh-TW", "en", {"zh-Hans", "zh-Hant", ""}, "zh-Hant"),
        ("zh-TW", "en", {"zh", ""}, ""),
        ("zh-TW", "en", {"zh", "en", ""}, "en"),
        ("de-AT", "en", {"de", ""}, "de"),
        ("DE", "en", {"de", ""}, "de"),
        ("pt-BR", "fr-CA", {"fr", "de"}, "fr"),
        (None, "en", {"en", ""}, "en"),
        (None, "en", {"de"}, None),
    ],
)
def test_the_nearest_variant_is_chosen(
    wanted: str | None, brand: str, available: set[str], expected: str | None
) -> None:
    assert choose(wanted, brand, frozenset(available)) == expected


def test_subject_and_layout_follow_the_language_of_the_body() -> None:
    step = compiled(
        {
            "subject.txt": "Hello",
            "subject.de.txt": "Hallo",
            "body.txt": "{% include 'footer.txt' %}",
            "body.de.txt": "{% include 'footer.txt' %}",
            "_base/footer.txt": "{{ unsubscribe_url }} {{ brand.postal_address }}",
            "_base/footer.de.txt": "Ab: {{ unsubscribe_url }} {{ brand.postal_address }}",
        }
    )

    assert [step.locale_for("email", each) for each in ("de-CH", "fr", None)] == ["de", "", ""]


def test_a_language_variant_that_is_never_used_is_a_problem() -> None:
    said = problems({"subject.txt": "Hi", "subject.fr.txt": "Salut", "body.txt": "x"}, "service")

    assert said == [
        "templates/hello/subject.fr.txt: is never used: there is no `body.fr.txt`; "
        "add `body.fr.txt`, or delete this file"
    ]


def test_a_file_for_everyone_else_must_be_there() -> None:
    said = problems({"sms.de.txt": "Hallo"})

    assert said == [
        "templates/hello: customers of other languages than de get nothing; add `sms.txt`"
    ]


def test_an_unknown_language_is_a_problem() -> None:
    said = problems({"sms.txt": "Hi", "sms.qq.txt": "?"})

    assert said == [
        "templates/hello/sms.qq.txt: `qq` is no known language;"
        " name language variants like `body.zh-Hans.html`"
    ]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            ["subject.de.txt", "body.de.txt", "sms.de.txt"],
            [
                ": customers of other languages than de get nothing; add `body.txt` and `subject.txt`",
                ": customers of other languages than de get nothing; add `sms.txt`",
            ],
        ),
        (
            ["subject.de.txt", "body.de.html", "body.html"],
            ["/body.html: the mail has no subject; add `subject.txt` beside it"],
        ),
        (
            ["subject.txt", "body.txt", "body.de.txt"],
            ["/body.de.txt: the mail in `de` has the subject of `subject.txt`; add `subject.de.txt`"],
        ),
        (
            ["subject.txt", "subject.de.txt", "body.txt", "body.de.txt", "sms.txt"],
            ["/body.de.txt: who reads the mail in `de` gets the text message of `sms.txt`; add `sms.de.txt`"],
        ),
        (
            ["subject.txt", "body.html", "sms.txt", "sms.zh-TW.txt"],
            ["/sms.zh-TW.txt: who reads the text message in `zh-TW` gets the mail of `body.html`; add `body.zh-TW.html`"],
        ),
        (["subject.txt", "subject.de.txt", "body.txt", "body.de.txt", "body.de-AT.txt"], []),
        (["subject.txt", "body.en-GB.txt", "body.txt"], []),
    ],
)  # fmt: skip
def test_a_part_that_a_language_lacks_is_told(names: list[str], said: list[str]) -> None:
    templates = dict.fromkeys(names, "Tea")

    assert problems(templates, "service") == [f"templates/hello{line}" for line in said]


def test_a_subject_without_words_is_in_every_language() -> None:
    templates = {"subject.txt": "{{ brand.name }} 2026", "body.txt": "Tea", "body.de.txt": "Tee"}

    assert problems(templates, "service") == []
