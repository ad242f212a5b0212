"""What only a message that is made shows: `check` and `doctor` make some for made-up customers."""

from pathlib import Path

import pytest

from outreach.app.check import check_files
from outreach.app.context import open_context
from outreach.app.doctor import examine

FILES = {
    "outreach.yaml": "brand: {name: Tea, postal_address: 1 Leaf Street}\ntopics: {greetings: {}}\n",
    "campaigns/tea.yaml": "owner: mei\ntopic: greetings\nstatus: active\naudience: everyone\n"
    "schedule: {manual: true}\nsteps: [{id: greet, channels: sms, template: tea}]\n",
}


def said(folder: Path, text: str, status: str = "active") -> list[str]:
    files = {**FILES, "templates/tea/sms.txt": text}
    files["campaigns/tea.yaml"] = files["campaigns/tea.yaml"].replace("active", status)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    return [str(each) for each in check_files(open_context(folder)).problems]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "Hi {{ salutation }},\nnew: {{ key }} {{ (first_name|upper)|default('you') }}!",
            "2:16: `upper` of a value that is missing, for customers without `first_name`; write "
            "`{% if first_name %}` around it, or what to say instead: `default('…')`",
        ),
        (
            "{% for each in range(3) %}{{ 1 // orders }}{% endfor %}",
            "1:27: divides by zero; write `{% if … %}` around it",
        ),
        (
            "Hi\n   {{ tags if tags else 'you' }}",
            "2:4: prints a list; use `join` or a loop",
        ),
        (
            "{% if tier %}Dear{% endif %} {{ 0 // orders }}",
            "1:30: divides by zero; write `{% if … %}` around it",
        ),
        ("{% if birthday %}{{ birthday|date }}{% endif %}{{ brand.name }}", None),
        ("{{ [first_name, last_name]|join(' ') }} {{ 'a' ~ key }} {{ 1 < 2 }}", None),
    ],
)
def test_a_template_that_fails_for_a_made_up_customer_is_a_fault(
    tmp_path: Path, text: str, line: str | None
) -> None:
    expected = [] if line is None else [f"templates/tea/sms.txt:{line}"]

    assert said(tmp_path, text) == expected


def test_a_message_with_nothing_in_it_for_some_is_a_fault(tmp_path: Path) -> None:
    assert said(tmp_path, "{% if tier %}Dear{% endif %}") == [
        "templates/tea: sms: the text is empty; for a customer of whom little is known; write "
        "something outside of `{% if … %}` too"
    ]


def test_an_archived_campaign_is_not_tried(tmp_path: Path) -> None:
    assert said(tmp_path, "{{ 1 // orders }}", "archived") == []


@pytest.mark.parametrize("status", ["active", "draft"])
def test_doctor_names_an_active_campaign_whose_files_make_no_run(
    tmp_path: Path, status: str
) -> None:
    said(tmp_path, "{{ 1 // orders }}", status)

    found = [each for each in examine(open_context(tmp_path)) if each.check == "campaign tea"]

    expected = (
        "makes no run: templates/tea/sms.txt:1:1: divides by zero; write `{% if … %}` around it"
    )
    assert [(each.ok, each.detail) for each in found] == [(False, expected)] * (status == "active")
