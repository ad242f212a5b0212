"""Files that go along with mails: pictures in the page, attachments, and those filled for each one."""

from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering_project import NOW, URL, campaign, company, files

from outreach.campaign.model import Attachment
from outreach.channels.adapter import Email
from outreach.rendering import Recipient, check_templates, compile_step, context_names
from outreach.rendering.assets import asset_of, encoded_text
from outreach.rendering.headers import encode_subject
from outreach.rendering.mime import Envelope, Filling, build
from outreach.rendering.weight import CLIPPED_AT

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PDF = b"%PDF-1.7 prices"
HERE = "https://o.example.com"
CARD = "BEGIN:VCALENDAR\nSUMMARY:Visit of {{ first_name }}\nEND:VCALENDAR\n"
EVE = {"key": "A", "first_name": "Eve"}
Templates = Mapping[str, str | bytes]


def project(templates: Templates) -> dict[str, bytes]:
    own = {name: each for name, each in templates.items() if isinstance(each, bytes)}
    text = {name: each for name, each in templates.items() if isinstance(each, str)}
    named = {
        f"templates/{n if n.startswith('_base/') else 'hello/' + n}": c for n, c in own.items()
    }
    return files({"subject.txt": "Hi", **text}) | named


def mail(
    templates: Templates,
    *attachments: Attachment,
    images: str = "",
    here: str = HERE,
    customer: Mapping[str, object] = EVE,
) -> EmailMessage:
    """One customer's mail, parsed."""
    step = replace(campaign("email", topic="service"), attachments=attachments, images=images)
    compiled = compile_step(project(templates), step, company())
    to = Recipient(7, "t", "eve@example.com", URL, "<m@tea.example.com>", here=here)
    made = compiled.render("email", compiled.context(customer, NOW), to)
    assert isinstance(made, Email)
    parsed = message_from_bytes(made.content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert parsed.defects == [] == [d for part in parsed.walk() for d in part.defects]
    return parsed


def said(templates: Templates, *attachments: Attachment) -> list[str]:
    """What `check` says."""
    us = company()
    step = replace(campaign("email", topic="service"), attachments=attachments)
    found = check_templates(project(templates), step, us, context_names(us, step))
    return [str(each) for each in found]


def kinds(message: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in message.walk()]


def page_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_picture_beside_the_template_stands_in_the_mail() -> None:
    message = mail(
        {"body.html": '<p>{{ first_name }} <img src="logo.png" alt="Tea"></p>', "logo.png": PNG}
    )

    assert kinds(message) == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    picture: Any = list(message.walk())[-1]
    assert picture.get_content() == PNG
    assert f'src="cid:{picture["content-id"].strip("<>")}"' in page_of(message)
    assert (picture.get_filename(), picture.get_content_disposition()) == ("logo.png", "inline")


def test_a_picture_of_the_layout_and_of_a_language_is_found() -> None:
    templates = {
        "_base/layout.html": '<img src="logo.png" alt="">{% block content %}{% endblock %}',
        "_base/logo.png": PNG,
        "_base/logo.de.png": PNG + b"de",
        "body.html": "{% extends 'layout.html' %}{% block content %}Hi{% endblock %}",
        "body.de.html": "{% extends 'layout.html' %}{% block content %}Hallo{% endblock %}",
    }

    english, german = (mail(templates, customer={"locale": each}) for each in ("en", "de-AT"))

    assert [list(each.walk())[-1].get_content() for each in (english, german)] == [PNG, PNG + b"de"]


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://www.example.com/logo.png" alt="">',
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">',
        '<img src="https://www.example.com/{{ key }}.png" alt="">',
        '<script src="a.js"></script>',
    ],
)
def test_other_pictures_stay_where_they_are(html: str) -> None:
    message = mail({"body.html": html})

    assert "multipart/related" not in kinds(message)
    assert html.replace("{{ key }}", "A") in page_of(message)


def test_hosted_pictures_are_fetched_from_us_and_stand_in_the_mail_where_we_have_no_address() -> (
    None
):
    templates = {
        "body.html": '<img src="logo.png" alt=""><td background="logo.png"></td>',
        "logo.png": PNG,
    }
    name = asset_of("logo.png", PNG, "png").hosted_name

    hosted, inline = (mail(templates, images="hosted", here=each) for each in (HERE, ""))

    assert page_of(hosted).count(f'"{HERE}/i/{name}"') == 2
    assert "multipart/related" not in kinds(hosted)
    assert (page_of(inline).count('"cid:'), "image/png" in kinds(inline)) == (2, True)


PICTURES = [
    ('<img src="logo.png" alt="">', {}, "there is no picture `logo.png`; put it beside the template"),
    ('<img src="logo.svg" alt="">', {"logo.svg": b"<svg/>"}, "`logo.svg` is no picture that mails show"),
    ('<img src="logo.png" alt="">', {"logo.png": b"GIF89a"}, "`logo.png` is no .png; save it again"),
    ('<img src="{{ key }}.png" alt="">', {}, None),
    ('<img src="tea-{{ key }}.png" alt="">', {}, "a picture's name must be written out"),
    ('<img src="logo.png">', {"logo.png": PNG}, "a picture without `alt`"),
    ('<img src="logo.png" alt="{% if key %}a > b{% endif %}">', {"logo.png": PNG}, None),
]  # fmt: skip


@pytest.mark.parametrize(("html", "own", "fault"), PICTURES)
def test_check_says_what_is_wrong_with_a_picture_at_its_place(
    html: str, own: Templates, fault: str | None
) -> None:
    found = said({"body.html": f"<p>Hi</p>\n{html}", **own})

    assert len(found) == (fault is not None)
    assert fault is None or (
        found[0].startswith("templates/hello/body.html:2:") and fault in found[0]
    )


def test_attachments_go_along_in_order_under_their_names() -> None:
    message = mail(
        {"body.html": '<img src="logo.png" alt="">', "logo.png": PNG, "attachments/prices.pdf": PDF,
         "_base/visit.ics": CARD},
        Attachment("prices.pdf", "Preisliste für Tee.pdf"),
        Attachment("visit.ics", "visit.ics", fill=True),
    )  # fmt: skip

    assert kinds(message)[:2] == ["multipart/mixed", "multipart/alternative"]
    prices, visit = message.iter_attachments()
    assert (prices.get_filename(), prices.get_content()) == ("Preisliste für Tee.pdf", PDF)
    assert visit.get_content_type() == "text/calendar"
    assert visit.get_content() == "BEGIN:VCALENDAR\r\nSUMMARY:Visit of Eve\r\nEND:VCALENDAR\r\n"


def test_a_mail_of_text_alone_has_attachments_too() -> None:
    message = mail({"body.txt": "Hello", "prices.pdf": PDF}, Attachment("prices.pdf", "prices.pdf"))

    assert kinds(message) == ["multipart/mixed", "text/plain", "application/pdf"]


def test_an_attachment_comes_in_the_language_of_the_mail() -> None:
    templates = {
        "body.txt": "Hello", "body.de.txt": "Hallo", "prices.pdf": PDF, "prices.de.pdf": PDF + b"de",
    }  # fmt: skip

    message = mail(templates, Attachment("prices.pdf", "prices.pdf"), customer={"locale": "de"})

    assert [each.get_content() for each in message.iter_attachments()] == [PDF + b"de"]


@pytest.mark.parametrize(
    "name", ["Eve; Adam, and\nBEGIN:VEVENT", "\\n", "Ä" * 200, "BEGIN:VALARM\r\nEND:VALARM"]
)
def test_a_value_in_a_calendar_is_text_and_nothing_else(name: str) -> None:
    message = mail(
        {"body.txt": "Hello", "visit.ics": CARD},
        Attachment("visit.ics", "visit.ics", fill=True),
        customer={**EVE, "first_name": name},
    )

    [visit] = message.iter_attachments()
    lines = str(visit.get_content()).replace("\r\n ", "").splitlines()
    assert (lines[0], lines[2:]) == ("BEGIN:VCALENDAR", ["END:VCALENDAR"])
    read = lines[1].removeprefix("SUMMARY:Visit of ").replace("\\\\", "\x00").replace("\\n", "\n")
    for mark in ";,":
        read = read.replace(f"\\{mark}", mark)
    assert read.replace("\x00", "\\") == name.replace("\r", "")
    assert all(len(each.encode()) <= 75 for each in str(visit.get_content()).split("\r\n"))


def test_who_lacks_what_a_filled_attachment_prints_lacks_it_for_the_mail() -> None:
    step = replace(
        campaign("email", topic="service"), attachments=(Attachment("visit.ics", "v.ics", True),)
    )
    compiled = compile_step(project({"body.txt": "Hello", "visit.ics": CARD}), step, company())

    assert [need.names for need in compiled.needs("email")] == [frozenset({"first_name"})]


def test_check_says_what_is_wrong_with_attachments() -> None:
    attached = Attachment("prices.pdf", "prices.pdf")

    assert said({"body.txt": "Hello", "prices.pdf": b"PK"}, attached) == [
        "templates/hello/prices.pdf: this is no .pdf; save it again in the format of its name"
    ]
    heavy = said({"body.txt": "Hello", "prices.pdf": PDF * 60_000}, attached)
    assert "its pictures and attachments have 1.2 MB in each mail" in heavy[0]
    too_heavy = said({"body.txt": "Hello", "prices.pdf": PDF * 600_000}, attached)
    assert "many servers take no such mail; at most 10.0 MB" in too_heavy[0]
    [faulty] = said(
        {"body.txt": "Hello", "visit.ics": "{{ frist_name }}"}, Attachment("visit.ics", "v", True)
    )
    assert faulty.startswith("templates/hello/visit.ics:1:4: customer has no `frist_name`")


def test_check_warns_of_a_page_that_gmail_cuts_off() -> None:
    [warned] = said({"body.html": "<p>" + "tea " * (CLIPPED_AT // 4) + "</p>"})

    assert "the page has 102 kB: Gmail cuts it off behind 102" in warned


pages = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=400)
contents = st.lists(st.binary(max_size=300), max_size=3)


@settings(deadline=None, max_examples=80)
@given(pages, pages, contents, contents, st.lists(pages, max_size=2))
def test_every_filled_message_parses_back_to_what_was_put_in(
    text: str, html: str, pictures: list[bytes], fixed: list[bytes], filled: list[str]
) -> None:
    related = tuple(asset_of(f"p{n}.png", each, "png") for n, each in enumerate(pictures))
    attached = [asset_of(f"ä {n}.pdf", each, "pdf") for n, each in enumerate(fixed)]
    forms = [asset_of(f"{n}.txt", b"", "txt") for n, _ in enumerate(filled)]
    encoded = [each.encoded for each in attached] + [encoded_text(t, "text/plain") for t in filled]
    envelope = Envelope("Mei", "mei@tea.example.com", related=related, attached=(*attached, *forms))
    filling = Filling(
        "eve@example.com", encode_subject("Hi"), NOW, "<1@example.com>", "", text, html, encoded
    )

    found = message_from_bytes(build(envelope, filling)[0], policy=policy.default)

    leaves = [part for part in found.walk() if not part.is_multipart()]
    bodies = 2 if html else 1
    shown = list(related) if html else []
    assert [d for part in found.walk() for d in part.defects] == []
    assert len(leaves) == bodies + len(shown) + len(encoded)
    assert [p.get_content() for p in leaves[bodies:][: len(shown)]] == [p.content for p in shown]
    rest = leaves[bodies + len(shown) :]
    assert [p.get_content() for p in rest[: len(fixed)]] == fixed
    for part, written in zip(rest[len(fixed) :], filled, strict=True):
        lines = "".join(f"{line}\r\n" for line in written.rstrip("\n").split("\n"))
        assert part.get_payload(decode=True).decode() == lines
