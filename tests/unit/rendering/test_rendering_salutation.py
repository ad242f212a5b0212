"""How customers are greeted: a table by language; gender is never guessed."""

import pytest
from rendering_project import sms

from outreach.rendering.salutation import Tone, salutation
from outreach.settings.company import Brand

WANG = {"first_name": "Fang", "last_name": "Wang"}
KING = {"first_name": "芳", "last_name": "王"}


@pytest.mark.parametrize(
    ("locale", "customer", "formal", "familiar"),
    [
        ("en-GB", {**WANG, "gender": "female"}, "Dear Ms Wang", "Hi Fang"),
        ("en", {**WANG, "title": "Dr"}, "Dear Dr Wang", "Hi Fang"),
        ("en", WANG, "Dear Fang", "Hi Fang"),
        ("en", {"last_name": "Wang"}, "Hello", "Hi"),
        ("en", {}, "Hello", "Hi"),
        ("de", {**WANG, "gender": "female"}, "Sehr geehrte Frau Wang", "Hallo Fang"),
        ("de", {**WANG, "title": "Frau"}, "Sehr geehrte Frau Wang", "Hallo Fang"),
        ("de", {**WANG, "title": "Dr."}, "Guten Tag Dr. Wang", "Hallo Fang"),
        (
            "de-AT",
            {**WANG, "title": "Dr.", "gender": "m"},
            "Sehr geehrter Herr Dr. Wang",
            "Hallo Fang",
        ),
        ("de", WANG, "Guten Tag Fang", "Hallo Fang"),
        ("fr", {**WANG, "gender": "male"}, "Bonjour Monsieur Wang", "Bonjour Fang"),
        ("es", {**WANG, "gender": "female"}, "Estimada Sra. Wang", "Hola Fang"),
        ("es", {}, "Hola", "Hola"),
        ("zh-CN", {**KING, "gender": "female"}, "王女士，您好", "芳，你好"),
        ("zh-Hans", {**KING, "title": "经理"}, "王经理，您好", "芳，你好"),
        ("zh-Hans", KING, "王芳，您好", "芳，你好"),
        ("zh-TW", {}, "您好", "你好"),
        ("ja", {"first_name": "花子", "last_name": "田中"}, "田中様", "花子さん、こんにちは"),
        ("ja-JP", {}, "お客様", "こんにちは"),
        ("fi", WANG, "Dear Fang", "Hi Fang"),
        ("de", {**WANG, "nickname": "王总"}, "王总", "王总"),
        ("de", {**WANG, "nickname": "  "}, "Guten Tag Fang", "Hallo Fang"),
        ("en", {"first_name": "{0.__class__}"}, "Dear {0.__class__}", "Hi {0.__class__}"),
    ],
)
def test_greetings_by_language(
    locale: str, customer: dict[str, object], formal: str, familiar: str
) -> None:
    said = (salutation(customer, locale), salutation(customer, locale, Tone.FAMILIAR))

    assert said == (formal, familiar)


def test_the_greeting_speaks_the_language_of_the_text() -> None:
    text = sms("{{ salutation }}", {**WANG, "gender": "female", "locale": "de"})

    assert text == "Dear Ms Wang"  # there is no German file


def test_a_familiar_brand_greets_by_the_first_name() -> None:
    ann = {"first_name": "Ann", "last_name": "Lee", "gender": "f"}
    familiar = Brand(name="Tea House", tone="familiar")

    assert sms("{{ salutation }}", ann, topic="service") == "Dear Ms Lee"
    assert sms("{{ salutation }}", ann, topic="service", brand=familiar) == "Hi Ann"
    assert sms("{{ salutation }}", {"locale": "de"}, topic="service", brand=familiar) == "Hi"
