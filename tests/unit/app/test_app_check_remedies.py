"""No problem of any file is without a remedy."""

from pathlib import Path

import pytest

from outreach.app.check import check_files
from outreach.app.context import open_context

COMPANY = """
brand: {name: Tea, timezone: UTC, country: DE, locale: en, currency: EUR}
channels: {sms: {from: "+15005550006"}, email: {from: t@example.com}}
topics: {greetings: {title: Greetings}}
owners: {mei@example.com: {name: Mei}}
"""
CAMPAIGN = {
    "title": "T", "owner": "mei@example.com", "topic": "greetings", "audience": "everyone",
    "schedule": "{manual: true}", "steps": "[{id: a, channels: [sms], template: hello}]",
}  # fmt: skip
FAULTY = [
    ("title", "[a]", "`title` must be text, not a list; write one text, in quotes if it begins"),
    ("audience", "{where: {{ orders }}}", "take the braces off: write `orders`; or put the text"),
    ("audience", '{where: "{{ orders }}"}', "take the braces off: write `orders`"),
    ("audience", "{where: (}", "`(` is not closed; write `)` where it ends"),
    ("audience", '{where: received("no", days(3))}', "quotes: `where: \"received('no', days(3))\"`"),
    ("schedule", '{cron: "0 9 * * FRI-SUN"}', 'write "0 9 * * FRI,SAT,SUN"'),
    ("schedule", '{cron: "0 9 * * 5-1"}', 'write "0 9 * * FRI,SAT,SUN,MON"'),
    ("schedule", '{cron: "0 9 * * A-B"}', "write for example"),
    ("schedule", "{on_event: {kind: order, where: event.amunt > 3}}", "did you mean `event.amount`?"),
]  # fmt: skip
TEMPLATES = [
    ("hello/sms.txt", '{{ "".__class__ }}', "print the value itself"),
    ("hello/sms.txt", "{{ city.nope() }}", ""),
    ("hello/sms.txt", '{{ "a" * 10**9 }}', ""),
    ("hello/sms.txt", "{% for a in range(99999) %}a{% endfor %}", "fewer members"),
    ("hello/sms.txt", '{% for a in range(900) %}{{ "a" * 900 }}{% endfor %}', "by `truncate`"),
    ("hello/sms.txt", '{{ "a" + 1 }}', "join texts by `~`"),
    ("hello/sms.txt", "{% include city %}", "write it in quotes"),
    ("hello/sms.txt", "{% set a|upper %}a{% endset %}{{ a }}", "put it on each value"),
    ("hello/sms.txt", "{{ 'a' is even }}", ""),
    ("hello/sms.txt", "{{ city|frobnicate }}", ""),
    ("hello/sms.txt", "{{ zzz }} {{ brand.zzz }} {{ zzz() }}", ""),
    ("hello/sms.txt", "{% if city %}", ""),
    ("hello/sms.txt", "{% block a %}{% endblock %}{% block a %}{% endblock %}", ""),
    ("hello/sms.txt", "{{ (((( }}", ""),
]


@pytest.mark.parametrize(("key", "written", "said"), FAULTY)
def test_a_fault_of_a_campaign_says_how_to_mend_it(
    tmp_path: Path, key: str, written: str, said: str
) -> None:
    files = {"campaigns/a.yaml": campaign(**{key: written}), "templates/hello/sms.txt": "Hello"}

    found = problems_of(tmp_path, files)

    assert any(said in each for each in found), found


@pytest.mark.parametrize(("path", "text", "said"), TEMPLATES)
def test_a_fault_of_a_template_says_how_to_mend_it(
    tmp_path: Path, path: str, text: str, said: str
) -> None:
    files = {"campaigns/a.yaml": campaign(), "templates/hello/sms.txt": "Hello"}

    found = problems_of(tmp_path, files | {f"templates/{path}": text})

    assert any(said in each for each in found), found


def test_a_subject_without_a_body_is_told_what_to_add(tmp_path: Path) -> None:
    files = {
        "campaigns/a.yaml": campaign(steps="[{id: a, channels: [email], template: hello}]"),
        "templates/hello/subject.txt": "Hello",
        "templates/hello/subject.de.txt": "Hallo",
        "templates/hello/body.txt": "Hello",
    }

    assert any("add `body.de.txt`, or delete this" in each for each in problems_of(tmp_path, files))


def test_a_floor_without_an_audience_hides_none_of_its_other_faults(tmp_path: Path) -> None:
    floors = "floors: [{at_least: 2, per: 30 days, by: nope}]"

    found = problems_of(tmp_path, {"outreach.yaml": f"{COMPANY}{floors}"})

    assert [each.partition(": ")[2][:24] for each in found] == [
        "`audience` is missing; w",
        "a floor is one touch: se",
        "there is no campaign `no",
    ]


def test_who_approves_and_is_not_among_the_owners_is_told(tmp_path: Path) -> None:
    approval = "approval: {people: [mei@example.com, mai@example.com]}"

    assert problems_of(tmp_path, {"outreach.yaml": f"{COMPANY}{approval}"}) == [
        "outreach.yaml:6:38: `mai@example.com` is not among `owners`; "
        "did you mean `mei@example.com`? Or add it there"
    ]


def campaign(**keys: str) -> str:
    return "".join(f"{key}: {written}\n" for key, written in (CAMPAIGN | keys).items())


def problems_of(folder: Path, files: dict[str, str]) -> list[str]:
    """Every problem, none of them without a remedy."""
    for path, text in ({"outreach.yaml": COMPANY} | files).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    found = check_files(open_context(folder)).problems
    assert [str(each) for each in found if not each.hint] == []
    return [str(each) for each in found]
