"""`{% trans %}`: one template, its words in each language's `messages.<language>.po`."""

import pytest
from rendering_project import body, compiled, mail, problems, sms

PO = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: %s\\n"

msgid "Hello %%(name)s, you save 10%%%% <b>today</b>"
msgstr "Hallo %%(name)s, Sie sparen 10%%%% <b>heute</b>"

msgid "%%(count)s order"
msgid_plural "%%(count)s orders"
%s
"""
GERMAN = PO % (
    "nplurals=2; plural=(n != 1);",
    'msgstr[0] "%(count)s Bestellung"\nmsgstr[1] "%(count)s Bestellungen"',
)
POLISH = PO % (
    "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    'msgstr[0] "%(count)s zamówienie"\nmsgstr[1] "%(count)s zamówienia"\nmsgstr[2] "%(count)s zamówień"',
)
CHINESE = PO % ("nplurals=1; plural=0;", 'msgstr[0] "%(count)s 个订单"')
HELLO = "{% trans name=first_name %}Hello {{ name }}, you save 10% <b>today</b>{% endtrans %}"
ORDERS = "{% trans count=orders %}{{ count }} order{% pluralize %}{{ count }} orders{% endtrans %}"
CATALOGS = {
    "messages.de.po": GERMAN,
    "_base/messages.pl.po": POLISH,
    "messages.zh-Hans.po": CHINESE,
}
EVE = {"first_name": "<Eve>"}


def said(text: str, locale: str, number: int = 1) -> str:
    return sms_of({"sms.txt": text, **CATALOGS}, {**EVE, "orders": number, "locale": locale})


def sms_of(templates: dict[str, str], customer: dict[str, object]) -> str:
    from rendering_project import render

    from outreach.channels.adapter import Text

    rendered = render("sms", templates, customer)
    assert isinstance(rendered, Text)
    return rendered.text


@pytest.mark.parametrize(
    ("locale", "number", "words"),
    [
        ("en", 1, "1 order"),
        ("en", 0, "0 orders"),
        ("de", 1, "1 Bestellung"),
        ("de-AT", 3, "3 Bestellungen"),
        ("pl", 1, "1 zamówienie"),
        ("pl", 22, "22 zamówienia"),
        ("pl", 112, "112 zamówień"),
        ("zh-CN", 5, "5 个订单"),
        ("fr", 2, "2 orders"),
    ],
)
def test_a_number_takes_the_plural_of_the_reader_s_language(
    locale: str, number: int, words: str
) -> None:
    assert said(ORDERS, locale, number) == words


def test_values_stand_where_the_language_wants_them_and_percents_stay() -> None:
    assert said(HELLO, "en") == "Hello <Eve>, you save 10% <b>today</b>"
    assert said(HELLO, "de") == "Hallo <Eve>, Sie sparen 10% <b>heute</b>"


def test_in_a_page_values_are_escaped_and_the_translation_s_tags_are_tags() -> None:
    message = mail({"body.html": f"<p>{HELLO}</p>", **CATALOGS}, {**EVE, "locale": "de"})

    assert "<p>Hallo &lt;Eve&gt;, Sie sparen 10% <b>heute</b></p>" in body(message, "html")
    assert "Hallo <Eve>, Sie sparen 10% heute" in body(message)


def test_a_template_has_the_languages_of_its_catalogs_only_if_it_uses_them() -> None:
    assert compiled({"sms.txt": ORDERS, **CATALOGS}).locales("sms") == ("", "de", "pl", "zh-Hans")
    assert compiled({"sms.txt": "Hi", **CATALOGS}).locales("sms") == ("",)
    assert compiled({"sms.txt": ORDERS, "sms.de.txt": "Hi", **CATALOGS}).locales("sms") == (
        "",
        "de",
        "pl",
        "zh-Hans",
    )


def test_what_a_phrase_prints_is_needed_and_so_is_the_number_it_depends_on() -> None:
    points = ORDERS.replace("=orders", "=points")

    needs = compiled({"sms.txt": HELLO + points, **CATALOGS}).needs("sms")

    assert [each.names for each in needs] == [frozenset({"first_name", "points"})]


def test_dates_and_salutation_are_in_the_catalog_s_language() -> None:
    text = "{{ salutation }}: " + ORDERS

    assert said(text, "de") == "Guten Tag <Eve>: 1 Bestellung"


def test_check_says_what_is_not_translated_and_what_a_translation_gets_wrong() -> None:
    bad = GERMAN.replace("Hallo %(name)s", "Hallo %(nme)s")
    templates = {"sms.txt": f"{HELLO}\n{{% trans %}}Bye{{% endtrans %}}", "messages.de.po": bad}

    found = problems(templates)

    assert found == [
        "templates/hello/messages.de.po:7:15: the translation prints `nme`, which the template does not "
        "give; it gives name",
        "templates/hello/sms.txt:2:4: is not translated into de: `Bye`; add it to "
        "`templates/hello/messages.de.po`",
    ]


def test_a_catalog_that_can_not_be_read_is_told_with_its_line() -> None:
    [fault] = problems({"sms.txt": ORDERS, "messages.de.po": 'msgid "a"\nmsgstr "b"\nbogus line\n'})

    assert fault.startswith("templates/hello/messages.de.po:3:1: ")


def test_what_is_fuzzy_or_empty_is_not_translated() -> None:
    fuzzy = GERMAN.replace('msgid "%(count)s order"', '#, fuzzy\nmsgid "%(count)s order"')

    assert (
        sms_of({"sms.txt": ORDERS, "messages.de.po": fuzzy}, {"orders": 2, "locale": "de"})
        == "2 orders"
    )


def test_without_a_catalog_the_words_stay_as_they_are() -> None:
    assert sms("{% trans %}Nothing to do{% endtrans %}") == "Nothing to do"
