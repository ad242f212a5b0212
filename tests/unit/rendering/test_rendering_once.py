"""Templates are compiled once in a process, and anew for whatever could change a message."""

from typing import Any

import pytest
from rendering_project import campaign, company, files

from outreach.rendering.check import Prepared, prepare
from outreach.rendering.context import context_names
from outreach.settings.company import Brand, Company

TEMPLATES = {
    "_base/layout.html": "{% block content %}{% endblock %}",
    "subject.txt": "Hi",
    "body.txt": "Hello {{ first_name }} {{ unsubscribe_url }} {{ brand.postal_address }}",
    "sms.txt": "Hello",
}


def prepared(
    templates: dict[str, str],
    *channels: str,
    rules: Company | None = None,
    topic: str = "greetings",
) -> Prepared:
    rules = rules or company()
    asked = campaign(*(channels or ("email",)), topic=topic)
    return prepare(files(templates), asked.steps[0], asked, rules, context_names(rules, asked))


def test_the_same_files_under_the_same_rules_are_compiled_once() -> None:
    assert prepared(dict(TEMPLATES)) is prepared(dict(TEMPLATES))


def test_files_of_other_templates_change_nothing() -> None:
    asked, rules = campaign("email"), company()
    more = {**files(TEMPLATES), "templates/other/body.txt": b"{{ nobody", "campaigns/a.yaml": b""}

    assert prepare(more, asked.steps[0], asked, rules, context_names(rules, asked)) is prepared(
        TEMPLATES
    )


@pytest.mark.parametrize("name", ["_base/layout.html", "subject.txt", "body.txt", "new.txt"])
def test_a_changed_file_is_compiled_anew(name: str) -> None:
    assert prepared(TEMPLATES | {name: "other"}) is not prepared(TEMPLATES)


@pytest.mark.parametrize(
    "changes",
    [
        {"brand": Brand(name="Tea House", currency="EUR", locale="de")},
        {"public_url": ""},
        {"attributes": {}},
    ],
)
def test_rules_that_templates_are_judged_by_make_them_judged_anew(changes: dict[str, Any]) -> None:
    assert prepared(TEMPLATES, rules=company(**changes)) is not prepared(TEMPLATES)


def test_other_channels_and_another_kind_of_topic_are_another_message() -> None:
    first = prepared(TEMPLATES)

    assert prepared(TEMPLATES, "email", "sms") is not first
    assert prepared(TEMPLATES, topic="service") is not first
