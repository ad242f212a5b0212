"""Style sheets written into tags: Jinja tags come through untouched."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering_project import body, mail, problems

from outreach.errors import ProblemsFound


def page(html: str, customer: dict[str, object] | None = None, **more: str) -> str:
    templates = {"body.html": html, **{f"_base/{name}.html": text for name, text in more.items()}}
    return body(mail(templates, customer), "html").rstrip("\n")


def test_loops_and_ifs_inside_tables_keep_their_places() -> None:
    html = (
        "<style>td{color:red}</style><table>{% for x in tags %}{% if x < 'c' %}<tr>"
        "<td>{{ x }}</td></tr>{% else %}<tr><td>-</td></tr>{% endif %}{% endfor %}</table>"
    )

    assert page(html, {"tags": ["a", "d"]}) == (
        '<style></style><table><tr><td style="color: red;">a</td></tr>'
        '<tr><td style="color: red;">-</td></tr></table>'
    )


def test_conditions_inside_tags_are_left_alone() -> None:
    html = (
        "<style>p{top:0} .a{left:0}</style>"
        '<p {% if vip %}bgcolor="red" title=\'{{ key }}\'{% endif %} class="a {{ key }}">x</p>'
    )

    assert page(html, {"vip": True, "key": "k"}).endswith(
        '<p style="top: 0;left: 0;" bgcolor="red" title=\'k\' class="a k">x</p>'
    )


def test_a_class_that_is_set_on_condition_keeps_its_rule_in_the_sheet() -> None:
    html = '<style>.hot{top:0}</style><i class="hot">x</i><b class="x{% if vip %} hot{% endif %}">y</b>'

    assert page(html) == (
        '<style>.hot{top:0}</style><i style="top: 0;" class="hot">x</i><b class="x">y</b>'
    )


def test_a_style_attribute_wins_and_may_print_values() -> None:
    html = '<style>p{top:0;left:0}</style><p style="left:{{ points }}px">x</p>'

    assert page(html, {"points": 3}).endswith('<p style="top: 0;left: 0; left:3px">x</p>')


def test_what_no_tag_can_hold_stays_in_the_sheet() -> None:
    html = "<style>a{top:0} a:hover{top:1px} @media print{a{top:2px}}</style><a>x</a>"

    assert page(html) == (
        '<style>a:hover { top: 1px; }\n@media print{a{top:2px}}</style><a style="top: 0;">x</a>'
    )


def test_a_layouts_sheet_styles_blocks_includes_and_macros() -> None:
    html = page(
        "{% extends 'layout.html' %}{% from 'button.html' import button %}"
        "{% block body %}{{ super() }}{{ button('go') }}{% include 'note.html' %}{% endblock %}",
        layout="<style>.card a{top:0} .card i{left:0} u{right:0}</style>"
        "<div class=card>{% block body %}<u>-</u>{% endblock %}</div><i>out</i>",
        button="{% macro button(text) %}<a>{{ text }}</a>{% endmacro %}",
        note="<i>in</i>",
    )

    assert html == (
        '<style></style><div class=card><u style="right: 0;">-</u><a style="top: 0;">go</a>'
        '<i style="left: 0;">in</i></div><i>out</i>'
    )


def test_font_names_in_quotes_stay_inside_the_attribute() -> None:
    html = '<style>p{font-family:"Segoe UI","<b>"}</style><p>x</p>'

    assert page(html).endswith("<p style=\"font-family: 'Segoe UI','&lt;b&gt;';\">x</p>")


def test_comments_for_outlook_are_left_alone() -> None:
    html = "<style>td{top:0}</style><!--[if mso]><td>{{ key }}</td><![endif]--><p>x</p>"

    assert "<!--[if mso]><td>k</td><![endif]-->" in page(html, {"key": "k"})


def test_without_a_sheet_a_page_is_as_it_was_written() -> None:
    html = "<P CLASS=x>a &nbsp; b<br/>{{ key }}</P>\n<td>odd</b>"

    assert page(html, {"key": "k"}) == "<P CLASS=x>a &nbsp; b<br/>k</P>\n<td>odd</b>"


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("<style>p{color:{{ key }}}</style><p>x</p>", "19: a style sheet can not print values"),
        ("<style>{% if vip %}p{top:0}{% endif %}</style>", "11: a style sheet can not hold `if`"),
        (
            "<style>p{top:0}</style><p {% if vip %}style='x'{% endif %}>x</p>",
            "30: put the condition inside the value of `style`",
        ),
        ("<style>p{top:0}</style><p style=top:0>x</p>", "1: the value of `style` must stand in"),
        (
            "<style>p{top:0}</style><p {% if vip %}>{% endif %}x",
            "30: a condition that begins inside",
        ),
        (
            "<style>p i{top:0}</style>{% macro m() %}<i>x</i>{% endmacro %}<p>{{ m() }}</p>{{ m() }}",
            "41: a tag that is used in several places",
        ),
    ],
)
def test_styles_that_depend_on_values_are_refused(html: str, problem: str) -> None:
    said = problems({"subject.txt": "Hi", "body.html": html}, "service")

    assert len(said) == 1
    assert said[0].startswith(f"templates/hello/body.html:1:{problem}")


def test_no_sheet_is_read_from_a_file_or_the_network() -> None:
    html = '<link rel="stylesheet" href="/etc/passwd"><style>@import url(x.css);p{top:0}</style><p>x</p>'

    assert page(html).endswith('<p style="top: 0;">x</p>')


PIECES = [
    "<p>", "</p>", "<p class='a'>", '<p class="a {{ key }}">', "<table>", "</table>", "<td>", "<tr",
    "<i a=b>", ">", "<", "a < b", "&nbsp;", "{% if vip %}", "{% endif %}", "{% for x in tags %}",
    "{% endfor %}", "<!--", "-->", '"', "'", "=", "<img src='{{ key }}'/>", "<title>", "</title>",
    "{{ key }}", " class=a", "</", "<1>", "<script>", "</script>", "{# note #}", "\n",
]  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_a_sheet_adds_style_attributes_and_changes_nothing_else(pieces: list[str]) -> None:
    html = "<b>x</b>" + "".join(pieces)
    customer = {"key": "k", "tags": ["t"], "vip": True}
    try:
        plain = page(html, customer)
        styled = page("<style>p,td,i,.a{top:0}</style>" + html, customer)
    except ProblemsFound:
        return  # Jinja tags that do not match, or a condition across a tag's end

    assert re.sub(r"^<style>.*?</style>| style=\"top: 0;\"", "", styled) == plain
