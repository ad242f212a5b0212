"""The JSON Schemas that editors read: what they take, and which of a project's own names they know."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from commands import ROOT

from outreach.app.context import open_context
from outreach.app.schema import choices_of, write_schemas
from outreach.campaign.schema import campaign_schema
from outreach.campaign.template_files import templates_to_offer
from outreach.documents import load

SAMPLE = sorted((ROOT / "campaigns").glob("*.yaml"))
SOUND = """\
owner: mei@example.com
topic: greetings
audience: {stage: growth, country: [DE], exclude: {stage: [decline]}}
schedule: {cron: 0 17 * * FRI, window: 09:00-20:00, late: 6 hours, starts: 2026-01-01}
cadence: [{at_most: 1, per: calendar week, channel: sms, topic: greetings}]
steps: [{id: greet, channels: [sms, email], template: win-back}]
experiment: {holdout: 2.5 %}
"""


def written(text: str) -> Any:
    document, problems = load("a.yaml", text.encode())
    assert document is not None
    assert problems == []
    return document.value


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Those of the sample project, as they stand in their files."""
    paths = write_schemas(tmp_path_factory.mktemp("state"), choices_of(open_context(ROOT))).paths
    return {path.name.partition(".")[0]: json.loads(path.read_text()) for path in paths}


@pytest.mark.parametrize("file", [*SAMPLE, ROOT / "outreach.yaml"], ids=lambda file: file.stem)
def test_the_sample_is_as_its_schemas_say(schemas: dict[str, Any], file: Path) -> None:
    kind = "outreach" if file.stem == "outreach" else "campaign"

    assert jsonschema_rs.is_valid(schemas[kind], written(file.read_text()))


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("steps: [{id: greet, channels: [sms, email], template: win-back}]", "steps: []"),
        ("country: [DE]", "country: [Germany]"),
        ("window: 09:00-20:00", "window: 9-20"),
        ("late: 6 hours", "late: six hours"),
        ("starts: 2026-01-01", "starts: 1.1.2026"),
        ("cron: 0 17 * * FRI", "at: tomorrow"),
        ("per: calendar week", "per: week"),
        ("per: calendar week", "per: 3 months"),
        ("holdout: 2.5 %", "holdout: 0.02"),
        ("holdout: 2.5 %", "holdout: 2.5 percent"),
        ("topic: greetings\na", "topic: greeting\na"),
        ("topic: greetings}", "topic: greeting}"),
        ("stage: growth", "stage: grwth"),
        ("stage: [decline]", "stage: [declin]"),
        ("[sms, email]", "[sms, emial]"),
        ("channel: sms", "channel: smss"),
        ("template: win-back", "template: win-bak"),
    ],
)
def test_what_check_refuses_is_refused_while_it_is_written(
    schemas: dict[str, Any], sound: str, broken: str
) -> None:
    assert SOUND.count(sound) == 1

    assert jsonschema_rs.is_valid(schemas["campaign"], written(SOUND))
    assert not jsonschema_rs.is_valid(schemas["campaign"], written(SOUND.replace(sound, broken)))


@pytest.mark.parametrize(
    ("schedule", "taken"),
    [
        ("every: month on last friday at 10:00", True),
        ("on_date: {field: birthday}", True),
        ("on_date: {field: wedding, repeat: yearly, offset: -3 days, at: '18:00', leap_day: mar-1}", True),
        ("on_date: {field: renews_on, offset: 1 week}, timezone: Europe/Berlin", True),
        ("every: 2 weeks on friday at 17:00 from 2026-01-02", True),
        ("every: friday", False),
        ("every: friday at 5pm", False),
        ("on_date: birthday", False),
        ("on_date: {offset: 1 day}", False),
        ("on_date: {field: birthday, offset: three days}", False),
        ("on_date: {field: birthday, at: 9am}", False),
        ("on_date: {field: birthday, leap_day: feb-29}", False),
        ("on_date: {field: birthday, repeat: monthly}", False),
        ("on_date: {field: birthday}, every: day at 09:00", False),
    ],
)  # fmt: skip
def test_editors_know_how_days_that_come_back_are_written(
    schemas: dict[str, Any], schedule: str, taken: bool
) -> None:
    text = SOUND.replace("cron: 0 17 * * FRI", schedule)

    assert jsonschema_rs.is_valid(schemas["campaign"], written(text)) is taken


def test_editors_offer_templates_and_no_folders_of_variants(schemas: dict[str, Any]) -> None:
    offered = schemas["campaign"]["$defs"]["StepFile"]["properties"]["template"]["enum"]

    folders = {path.name for path in (ROOT / "templates").iterdir()} - {"_base"}
    assert set(offered) == folders


@pytest.mark.parametrize(
    ("paths", "offered"),
    [
        (["hello/sms.txt", "hello/warm/sms.txt"], {"hello"}),  # a variant that is a message
        (["hello/plain/sms.txt", "hello/warm/sms.txt"], {"hello"}),  # each variant is a whole one
        (["hello/sms.txt", "hello/attachments/terms.pdf"], {"hello"}),
        (["hello/sms.txt", "news/may/subject.txt", "news/may/body.mjml"], {"hello", "news/may"}),
        (["hello/sms.txt", "news/subject.txt"], {"hello", "news"}),  # in the making
    ],
)
def test_what_may_be_offered_as_a_template(paths: list[str], offered: set[str]) -> None:
    campaign = """\
experiment: {variants: {plain: 1, warm: 1}}
steps: [{id: hello, channels: sms, template: hello}]
"""
    files = {f"templates/{path}": b"Hi" for path in paths} | {"campaigns/a.yaml": campaign.encode()}

    assert templates_to_offer(files) == offered


def test_without_a_project_any_name_may_be_written() -> None:
    text = SOUND.replace("greetings", "news").replace("growth", "warm").replace("win-back", "hello")

    assert jsonschema_rs.is_valid(campaign_schema(), written(text))


def test_a_company_at_fault_leaves_the_names_of_templates(tmp_path: Path) -> None:
    (tmp_path / "outreach.yaml").write_text("topics: {greetings: {}}\n")
    (tmp_path / "templates/hello").mkdir(parents=True)
    (tmp_path / "templates/hello/sms.txt").write_text("Hi")

    choices = choices_of(open_context(tmp_path))

    assert (choices.topics, choices.stages, choices.templates) == ((), (), {"hello"})
