"""What a template needs to be known: no message begins with «Dear None»."""

import pytest
from rendering_project import compiled, sms

from outreach.rendering import Need, RenderError
from outreach.rendering.trial import trial


def needs_of(text: str, **more: str) -> list[list[str]]:
    """Names that must be there, each alone or as alternatives."""
    templates = {f"_base/{name}.txt": content for name, content in more.items()}
    (need,) = compiled({"sms.txt": text, **templates}).needs("sms")
    return sorted([[name] for name in need.names] + [sorted(group) for group in need.any_of])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi {{ first_name }}", [["first_name"]]),
        ("{{ first_name|upper }} {{ city ~ '!' }} {{ points + 1 }}", [["city"], ["first_name"], ["points"]]),
        ("{{ nickname or first_name or 'you' }}", []),
        ("{{ nickname or first_name }}", [["first_name", "nickname"]]),
        ("{{ nickname or first_name }} {{ first_name }}", [["first_name"]]),
        ("{{ nickname|upper or 'you' }}", [["nickname"]]),
        ("{{ first_name|default('you') }} {{ city|d('home')|upper }}", []),
        ("{{ [first_name, last_name]|join(' ') }}", []),
        ("{% if first_name %}{{ first_name }}{% endif %}", []),
        ("{% if first_name is not none and vip %}{{ first_name }}{% endif %}", []),
        ("{% if not first_name %}x{% else %}{{ first_name }}{% endif %}", []),
        ("{% if tier == 'A' %}{{ first_name }}{% endif %}", [["first_name"]]),
        ("{% if nickname %}{{ nickname }}{% else %}{{ city }}{% endif %}", [["city", "nickname"]]),
        ("{% if nickname %}n{% elif city %}{{ city }}{% else %}{{ tier }}{% endif %}", [["city", "nickname", "tier"]]),
        ("{{ nickname if nickname else city }}", [["city", "nickname"]]),
        ("{{ 'Hi ' ~ first_name if first_name else 'Hi' }}", []),
        ("{{ owner.name }} {{ brand.phone }} {{ campaign.title }} {{ today }}", [["owner"]]),
        ("{{ salutation }} {{ key }} {{ orders }} {{ spend }}", []),
        ("{{ tags|join }} {{ 'a' ~ interests|sort|first }} {{ sizes[0] }}", [["interests"], ["sizes"], ["tags"]]),
        ("{{ interests|length }} {{ sizes|length }} {{ 'a' in tags }}", []),
        ("{% for x in interests|sort %}{{ x }}{% endfor %}{% for x in sizes %}{{ x }}{% endfor %}", []),
        ("{% set these = interests %}{% for x in these %}{{ x }}{% endfor %}", []),
        ("{% set these = interests %}{{ these|join }}", [["interests"]]),
        ("{% if interests %}{{ interests|first }}{% endif %}", []),
        ("{{ interests|first or 'tea' }} {{ interests|join(' and ') or 'tea' }}", []),
        ("{{ interests|first or city }} {{ (sizes or tags)|last }}", [["city", "interests"], ["sizes", "tags"]]),
        ("{{ interests|first|default('tea') }} {{ (tags or ['all'])|join }}", []),
        ("{% set name = first_name %}Hi {{ name }}", [["first_name"]]),
        ("{% set name = first_name %}{% if name %}{{ name }}{% endif %}", []),
        ("{% set name = nickname or 'you' %}Hi {{ name }}", []),
        ("{% set name = name or first_name %}{{ name }}", [["first_name"]]),
        ("{% for x in tags %}{{ x }}{{ city }}{% endfor %}", [["city"]]),
        ("{% for city in tags %}{{ city }}{% endfor %}", []),
        ("{% with name = first_name %}{{ name }}{% endwith %}", [["first_name"]]),
        ("{% macro hi(who) %}Hi {{ who }}{% endmacro %}{{ hi(first_name) }}", [["first_name"]]),
        ("{% macro hi(who) %}{{ who or 'you' }}{% endmacro %}{{ hi(first_name) }}", []),
        ("{% macro hi(who) %}{{ who }}{% endmacro %}{{ hi(first_name or 'you') }}", []),
        ("{% macro hi(who=city) %}{{ who }}{% endmacro %}{{ hi() }}", [["city"]]),
        ("{% macro hi() %}{{ city }}{% endmacro %}unused", []),
        ("{{ dates.wedding }} {{ dates.child|date('d MMMM') }}", [["dates.child"], ["dates.wedding"]]),
        ("{{ dates.wedding or 'soon' }} {{ dates.child|default('soon') }}", []),
        ("{% if dates.wedding %}{{ dates.wedding }}{% else %}{{ city }}{% endif %}", [["city", "dates.wedding"]]),
        ("{% set day = dates.wedding %}{{ day }}", [["dates.wedding"]]),
        ("{% set dates = tags %}{% for x in dates %}{{ x }}{% endfor %}", []),
        ("{{ first_name == 'Eve' }} {{ last_order_at > now }} {{ city is none }}", []),
    ],
)  # fmt: skip
def test_a_name_that_is_printed_bare_is_needed(text: str, expected: list[list[str]]) -> None:
    assert needs_of(text) == expected


def test_needs_are_found_through_layouts_includes_and_imports() -> None:
    found = needs_of(
        "{% extends 'layout.txt' %}{% from 'macros.txt' import hi %}"
        "{% block body %}{{ super() }}{{ hi(city) }}{% endblock %}",
        layout="{% block body %}{{ nickname }}{% endblock %}{% include 'foot.txt' %}",
        foot="{% if last_name %}{{ last_name }} {{ phone }}{% endif %}",
        macros="{% macro hi(who) %}{{ who }}{% endmacro %}{% macro ho() %}{{ email }}{% endmacro %}",
    )

    assert found == [["city"], ["nickname"], ["phone"]]


def test_needs_are_told_by_language() -> None:
    step = compiled(
        {"sms.txt": "Hi {{ first_name }}", "sms.de.txt": "Hallo", "sms.fr.txt": "Salut"}
    )

    assert step.needs("sms") == (
        Need(frozenset({""}), frozenset({"first_name"})),
        Need(frozenset({"de", "fr"}), frozenset()),
    )


def test_a_mail_needs_what_any_of_its_parts_needs() -> None:
    templates = {"subject.txt": "{{ city }}", "body.html": "{{ tier }}", "body.txt": "{{ stage }}"}

    (need,) = compiled(templates, "service").needs("email")

    assert need.names == {"city", "tier", "stage"}


@pytest.mark.parametrize(
    "text",
    [
        "{{ interests|first or 'tea' }}",
        "{{ interests|last or 'tea' }}",
        "{{ interests|first|default('tea') }}",
        "{{ interests|join(', ')|default('tea') }}",
        "{{ sizes|join(', ') or 'tea' }}",
        "{{ sizes|default(['tea'])|join }}",
        "{% for each in sizes %}{{ each }}{% else %}tea{% endfor %}",
    ],
)
def test_an_empty_list_gives_way_to_what_is_written_for_it(text: str) -> None:
    assert sms(text) == "tea"


@pytest.mark.parametrize(
    "text",
    [
        "{{ city }}",
        "{{ 'Hi ' ~ city }}",
        "{{ city|upper }}",
        "{{ city|string }}",
        "{{ owner.name }}",
    ],
)
def test_what_slips_past_is_refused_and_never_printed(text: str) -> None:
    with pytest.raises(RenderError):
        sms(text)


def test_trial_and_needs_agree_on_who_can_be_written_to() -> None:
    from rendering_project import campaign, company, files

    text = (
        "{{ first_name }} {{ nickname or city }} {{ points }} {{ owner.name }} {{ dates.wedding }}"
        "{% if dates.child %}{{ dates.child|date('d MMMM yyyy') }}{% endif %}"
    )

    assert trial(files({"sms.txt": text}), campaign("sms"), company()) == []
