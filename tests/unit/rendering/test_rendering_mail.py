"""Whole mails, and what marketing mail owes its reader."""

import pytest
from rendering_project import FOOTER, URL, body, company, mail, problems, render, sms

from outreach.channels.adapter import Email, Text
from outreach.rendering import RenderError
from outreach.settings.company import Brand, ChannelSettings

TEMPLATES = {
    "subject.txt": "{{ nickname or 'Hello' }}: have a good weekend\n",
    "body.html": """{% extends "layout.html" %}
{% block body %}<p>{{ salutation }},</p>
{% for tag in tags %}<p>We have {{ tag }}.</p>{% endfor %}{% endblock %}""",
    "_base/layout.html": """<html lang="{{ language }}"><head><style>p { margin: 0 }</style></head>
<body>{% block body %}{% endblock %}
<p>{{ brand.postal_address }} <a href="{{ unsubscribe_url }}">Unsubscribe</a></p></body></html>
""",
}

WHOLE = """\
From: Mei Lin <mei@tea.example.com>
To: eve@example.com
Subject: =?utf-8?b?546L5oC7OiBoYXZlIGEgZ29vZCB3ZWVrZW5k?=
Date: Fri, 03 Jul 2026 09:00:00 +0000
Message-ID: <m7@tea.example.com>
List-Id: <greetings.tea.example.com>
Precedence: bulk
List-Unsubscribe: <https://o.example.com/u/abc?a=1&b=2>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Feedback-ID: hello:greetings:marketing:tea-house
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_5e2587f5269830669cee49ee"

--=_5e2587f5269830669cee49ee
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: 8bit

王总,

We have tea & <cake>.

1 Leaf Street, Mainz Unsubscribe <https://o.example.com/u/abc?a=1&b=2>

--=_5e2587f5269830669cee49ee
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: 8bit

<html lang="en"><head><style></style></head>
<body><p style="margin: 0;">王总,</p>
<p style="margin: 0;">We have tea &amp; &lt;cake&gt;.</p>
<p style="margin: 0;">1 Leaf Street, Mainz \
<a href="https://o.example.com/u/abc?a=1&amp;b=2">Unsubscribe</a></p></body></html>

--=_5e2587f5269830669cee49ee--
"""


def test_a_whole_mail() -> None:
    customer = {"nickname": "王总", "tags": ["tea & <cake>"], "timezone": "Asia/Shanghai"}

    message = render("email", TEMPLATES, customer)

    assert isinstance(message, Email)
    assert (message.id, message.to, message.sender) == (7, "eve@example.com", "mei@tea.example.com")
    assert message.eight_bit
    assert message.content.decode().replace("\r\n", "\n") == WHOLE


def test_a_whole_text_message() -> None:
    message = render("sms", {"sms.txt": "{{ salutation }}!\n"}, {"nickname": "王总"})

    assert message == Text(7, "+4915112345678", "+15005550006", "王总!", "tok7")


@pytest.mark.parametrize(
    ("signature", "expected"), [("【茶】", "【茶】Hi"), ("Tea House", "Hi Tea House"), ("Hi", "Hi")]
)
def test_text_messages_are_signed_where_their_market_wants_it(
    signature: str, expected: str
) -> None:
    assert sms("Hi", channels={"sms": ChannelSettings(signature=signature)}) == expected


@pytest.mark.parametrize("text", ["", " \n ", "{{ '' }}", "x" * 1601])
def test_a_text_message_that_is_empty_or_endless_is_refused(text: str) -> None:
    with pytest.raises(RenderError):
        sms(text)


def test_text_messages_keep_emoji_and_lose_controls() -> None:
    assert sms("{{ nickname }}", {"nickname": "a\x00\x1b😀\nשלום"}) == "a😀\nשלום"


@pytest.mark.parametrize("text", ["words", FOOTER])
def test_the_text_of_a_mail_is_its_own_file_if_there_is_one(text: str) -> None:
    parsed = mail({"body.html": "<p>page</p>", "body.txt": text})

    assert body(parsed).startswith(text[:2] if text == "words" else "1 Leaf")


def test_pages_that_build_on_their_own_output_have_a_text_too() -> None:
    page = "{% set x %}<b>{{ nickname }}</b>{% endset %}<p>{{ x }}{{ x|length }}</p>"

    parsed = mail({"body.html": page}, {"nickname": "<i>"})

    assert body(parsed) == "<i>16\n"


@pytest.mark.parametrize(
    "page",
    [
        "{{ super()|upper }}",
        "{{ self.other()|upper }}",
        "{{ hi(nickname)|upper }}",
        "{{ m.title(nickname)|upper }}",
        "{{ hi(nickname) ~ '' | upper }}",
        "{% set x = hi(nickname) %}{{ x|upper }}",
        "{% call m.wrap() %}{{ nickname }}{% endcall %}",
        "{{ nickname.upper() }}",
        "{{ [hi(nickname), 1]|first|upper }}",
    ],
)
def test_output_that_is_worked_on_again_shows_no_marks(page: str) -> None:
    templates = {
        "body.html": "{% extends 'layout.html' %}{% import 'macros.html' as m %}"
        "{% from 'macros.html' import hi %}{% block body %}<p>" + page + "</p>{% endblock %}",
        "_base/layout.html": "{% block body %}{{ nickname }}{% endblock %}"
        "{% block other %}{{ nickname }}{% endblock %}",
        "_base/macros.html": "{% macro hi(x) %}{{ x }}{% endmacro %}"
        "{% macro wrap() %}{{ caller()|upper }}{% endmacro %}"
        "{% macro title(x) %}{{ x }}{% endmacro %}",
    }

    parsed = mail(templates, {"nickname": "al"})

    assert body(parsed, "html").lower() == "<p>al</p>al\n"
    assert body(parsed).lower() == "al\n\nal\n"


def test_marketing_mail_without_its_duties_is_a_problem_at_check() -> None:
    said = problems({"subject.txt": "Hi", "body.html": "<p>Hi</p>", "body.txt": FOOTER})

    assert said == [
        "templates/hello/body.html:1:1: the mail has no opt-out link;"
        " print `{{ unsubscribe_url }}`, best in a layout under templates/_base",
        "templates/hello/body.html:1:1: the mail has no postal address;"
        " print `{{ brand.postal_address }}`, best in a layout under templates/_base",
    ]


def test_duties_a_mail_lacks_are_added_to_both_parts() -> None:
    templates = {"body.html": "<html><body><p>Hi</p></body></html>"}
    parsed = mail(templates, {"locale": "de"}, topic="greetings", public_url="")

    assert body(parsed) == f"Hi\n\n1 Leaf Street, Mainz\nUnsubscribe: {URL}\n"
    assert body(parsed, "html") == (
        '<html><body><p>Hi</p><p style="font-size: 12px;">1 Leaf Street, Mainz<br>'
        '<a href="https://o.example.com/u/abc?a=1&amp;b=2">Unsubscribe</a></p>\n</body></html>\n'
    )


def test_an_opt_out_that_a_condition_hides_is_added_all_the_same() -> None:
    page = "<p>{% if vip %}{{ unsubscribe_url }}{{ brand.postal_address }}{% endif %}</p>"

    parsed = mail({"body.html": page}, topic="greetings")

    assert URL in body(parsed)
    assert URL.replace("&", "&amp;") in body(parsed, "html")


def test_without_a_public_url_the_way_out_is_a_mail() -> None:
    parsed = mail({"body.txt": FOOTER}, url="", topic="greetings", public_url="")

    assert body(parsed) == "1 Leaf Street, Mainz mailto:mei@tea.example.com?subject=unsubscribe\n"


def test_an_address_of_several_lines_counts_however_it_is_broken() -> None:
    brand = Brand(name="Tea", postal_address="1 Leaf Street\n55116 Mainz")
    page = "<p>{{ brand.postal_address }} {{ unsubscribe_url }}</p>"

    parsed = mail({"body.html": page}, topic="greetings", brand=brand)

    assert body(parsed).count("Mainz") == 1
    assert body(parsed, "html").count("Mainz") == 1


@pytest.mark.parametrize("name", ["body.txt", "body.html"])
def test_an_empty_mail_is_refused(name: str) -> None:
    with pytest.raises(RenderError, match="the mail is empty"):
        mail({name: "{% if vip %}x{% endif %}"})


def test_an_empty_subject_is_refused() -> None:
    with pytest.raises(RenderError, match="the subject is empty"):
        mail({"subject.txt": " {{ nickname or '' }} ", "body.txt": "x"})


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("Müller, Tea <mei@tea.example.com>", "Müller"),
        ('"Müller, Tea" <mei@tea.example.com>', "Müller, Tea"),
        ("mei@tea.example.com", ""),
        ("Mei <mei@müller.example>", "Mei"),
    ],
)
def test_senders_are_written_as_their_names_are(sender: str, expected: str) -> None:
    channels = {"email": ChannelSettings(sender=sender)}
    if expected == "Müller":
        with pytest.raises(Exception, match="1 problem found"):
            mail({"body.txt": "x"}, channels=channels)
        return

    parsed = mail({"body.txt": "x"}, channels=channels)

    assert parsed["From"].addresses[0].display_name == expected


def test_a_project_without_a_sender_still_renders() -> None:
    parsed = mail({"body.txt": "x"}, channels={})

    assert parsed["From"] == "Tea House <outreach@localhost>"


def test_a_channel_without_files_is_a_problem() -> None:
    from rendering_project import campaign, files

    from outreach.rendering import check_templates, context_names

    us = company()
    both = campaign("email", "sms")
    said = check_templates(files({}), both, us, context_names(us, both))

    assert [str(p) for p in said] == [
        "templates/hello: there is no `body.html`; add it",
        "templates/hello: there is no `sms.txt`; add it",
    ]
