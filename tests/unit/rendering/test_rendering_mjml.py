"""MJML: a template like any other, whose page is made by its library and whose faults have a place."""

import pytest
from rendering_project import body, mail, problems

PAGE = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


def page(text: str, **customer: object) -> str:
    return body(mail({"body.mjml": text}, {"key": "A1", **customer}), "html")


def said(text: str, **more: str) -> list[str]:
    templates = {"subject.txt": "Hi", "body.mjml": text}
    templates |= {f"{name}.mjml": each for name, each in more.items()}
    return [each.removeprefix("templates/hello/") for each in problems(templates, topic="service")]


def test_jinja_stands_between_components_in_texts_and_in_values() -> None:
    html = page(
        PAGE.format(
            "{% if first_name %}<mj-text>Hello {{ first_name }}</mj-text>{% else %}\n"
            "<mj-text>Hello</mj-text>{% endif %}{% for tag in tags %}<mj-text>{{ tag }}</mj-text>"
            '{% endfor %}<mj-button href="https://example.com/{{ key|default("x") }}">Go</mj-button>'
        ),
        first_name="<Eve>",
        tags=["vip", "tea"],
    )

    assert html.count("Hello &lt;Eve&gt;") == 1
    assert "Hello<" not in html
    assert [html.count(f">{each}<") for each in ("vip", "tea")] == [1, 1]
    assert 'href="https://example.com/A1"' in html
    assert "{" not in html.partition("<body")[2].replace("{ width", "")
    assert "mj-raw" not in html


def test_a_layout_and_partials_are_mjml_too() -> None:
    layout = (
        '{% set colour = "#123456" %}<mjml><mj-head><mj-title>{{ campaign.title }}</mj-title></mj-head>'
        '<mj-body background-color="{{ colour }}"><mj-include path="head.mjml" />'
        "{% block content %}<mj-raw>nothing</mj-raw>{% endblock %}</mj-body></mjml>"
    )
    head = "<mj-section><mj-column><mj-text>{{ brand.name }}</mj-text></mj-column></mj-section>"
    own = '{% extends "layout.mjml" %}{% block content %}<mj-raw>news</mj-raw>{% endblock %}'
    templates = {"_base/layout.mjml": layout, "_base/head.mjml": head}

    html = body(mail({**templates, "body.mjml": own}), "html")
    bare = body(mail({**templates, "body.mjml": '{% extends "layout.mjml" %}'}), "html")

    assert "Tea House" in html
    assert "background-color:#123456" in html
    assert ("news" in html, "nothing" in html, "nothing" in bare) == (True, False, True)


def test_the_page_says_its_language_unless_the_template_does() -> None:
    assert 'lang="en"' in page(PAGE.format("<mj-text>Hi</mj-text>"))
    assert 'lang="zh-Hans"' in page(PAGE.replace("<mjml>", '<mjml lang="zh-Hans">').format(""))


def test_styles_are_written_into_tags_only_where_they_are_said_to_be() -> None:
    head = (
        '<mj-head><mj-style inline="inline">.a b { color: green; }</mj-style>'
        "<mj-style>.c { color: red; }</mj-style></mj-head>"
    )
    html = page(
        PAGE.replace("<mjml>", f"<mjml>{head}").replace(
            "{}", '<mj-text css-class="a"><b>x</b></mj-text>'
        )
    )

    assert '<b style="color: green;">x</b>' in html
    assert ".c { color: red; }" in html
    assert "outreach-inline" not in html


def test_what_is_printed_is_needed_and_texts_are_made_of_the_page() -> None:
    text = PAGE.format("<mj-text>Hello {{ nickname }}</mj-text>")

    assert "Hello Kiki" in body(mail({"body.mjml": text}, {"nickname": "Kiki"}))


FAULTS = [
    ("<p>x</p>", "body.mjml:1:1: there is no `<mjml>`"),
    ("<mjml><mj-body>\n<mj-section></mj-body></mjml>", "body.mjml:2:1: `<mj-section>` is not closed"),
    ("<mjml><mj-body>\n</mj-section></mj-body></mjml>", "body.mjml:2:1: `</mj-section>` closes what"),
    ("<mjml><mj-body>\n <mj-foo>x</mj-foo></mj-body></mjml>", "body.mjml:2:2: MJML knows no `mj-foo`"),
    (PAGE.format('\n<mj-text foo="{{ key }}">a</mj-text>'), "body.mjml:2:15: this is lost"),
    (
        PAGE.format("\n<mj-text {% if key %}color='red'{% endif %}>a</mj-text>"),
        "body.mjml:2:10: a Jinja tag has no place between the attributes",
    ),
    (PAGE.format("\n<mj-text>{{ frist_name }}</mj-text>"), "body.mjml:2:13: customer has no `frist_name`"),
    (PAGE.format("\n<mj-text>{% if key %}</mj-text>"), "body.mjml:2:10: `{% if %}` is never closed"),
    (PAGE.format("\n<mj-text x=1>x</mj-text>"), "body.mjml:2:1: MJML can not be read"),
    (PAGE.format("\n<mj-raw><script>{{ key }}</script></mj-raw>"), "body.mjml:2:17: a value has no place"),
    ('<mjml><mj-body>\n<mj-include path="no.mjml"/></mj-body></mjml>', "body.mjml:2:1: there is no `no.mjml`"),
    ('<mjml><mj-body>\n<mj-include path="body.mjml"/></mj-body></mjml>', "body.mjml:2:1: `body.mjml` uses this"),
    (PAGE.format('\n<mj-image src="logo.png" alt=""/>'), "body.mjml:2:16: there is no picture `logo.png`"),
    (PAGE.format('\n<mj-image src="https://example.com/a.png" />'), "body.mjml:2:1: a picture without `alt`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "fault"), FAULTS)
def test_a_fault_is_told_at_its_place_with_what_to_do(text: str, fault: str) -> None:
    found = said(text)

    assert found[0].startswith(fault)
    assert all(
        "; " in each for each in found if "there is no `no" not in each and "uses this" not in each
    )


def test_a_fault_of_a_partial_is_told_in_the_partial() -> None:
    found = said(
        '<mjml><mj-body>\n\n<mj-include path="head.mjml"/></mj-body></mjml>',
        head="<mj-section>\n{{ frist_name }}<mj-column></mj-section>",
    )

    assert found[0].startswith("head.mjml:2:17: `<mj-column>` is not closed")


def test_a_fault_while_it_is_filled_in_names_the_line_of_the_template() -> None:
    from outreach.rendering import RenderError

    with pytest.raises(RenderError, match=r"body.mjml:3: divides by zero"):
        page(PAGE.format("\n\n<mj-text>{{ 1 / orders }}</mj-text>"), orders=0)


def test_two_bodies_of_one_language_are_refused() -> None:
    templates = {"subject.txt": "Hi", "body.html": "<p>Hi</p>", "body.mjml": PAGE}

    assert problems(templates, topic="service") == [
        "templates/hello/body.mjml: `templates/hello/body.html` is there too; keep one of them"
    ]
