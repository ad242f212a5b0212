"""What docs/ prints is true: its campaigns are in order, its links lead somewhere."""

import re
from pathlib import Path

import pytest
from commands import ROOT, outreach, outreach_here, sample_project

from outreach.app import render_all
from outreach.campaign.campaign_file import CampaignFile, ExperimentFile
from outreach.campaign.load import LATER_CHANNELS
from outreach.campaign.schedule_file import ScheduleFile
from outreach.campaign.steps_file import StepFile
from outreach.settings.company_file import BrandFile, CompanyFile

PAGES = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "lifecycles").glob("*.md")])
_CAMPAIGN = re.compile(
    r"^```yaml\n(?:# campaigns/([a-z-]+)\.yaml\n)?(title:.*?)^```$", re.MULTILINE | re.DOTALL
)
_LIFECYCLE = re.compile(
    r"^```yaml\n((?:#[^\n]*\n|title:[^\n]*\n)?stages:.*?)^```$", re.MULTILINE | re.DOTALL
)
_CAMPAIGN_HEAD = """\
owner: mei@example.com
topic: offers
schedule: {manual: true}
steps: [{id: one, channels: email, template: win-back}]
"""
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def test_campaigns_in_the_docs_have_no_problems(tmp_path: Path) -> None:
    project = sample_project(tmp_path / "project", whole=True)
    found = _CAMPAIGN.findall((ROOT / "docs" / "campaigns.md").read_text(encoding="utf-8"))
    with (project / "outreach.yaml").open("a", encoding="utf-8") as file:
        file.write("\napproval: {people: [mei@example.com, tom@example.com]}\n")
    for number, (name, campaign) in enumerate(found):
        path = project / "campaigns" / f"{name or f'example-{number}'}.yaml"
        path.write_text(campaign, encoding="utf-8")

    answer = outreach(project, "check")

    assert len(found) >= 3
    assert answer.code == 0, answer.out
    assert answer.out.endswith("files, no problems\n")


OFFER = """\
campaign: spring-offer
at: 2026-07-07T10:00
given:
  customer: {stage: growth, first_name: Ann, email: ann@example.com, timezone: Europe/Berlin}
  consents: [email/offers]
cases:
  - {name: owes nothing, expect: {decision: send}}
  - name: has an open invoice
    events: [{kind: invoice, at: -3 days}]
    expect: {decision: skip, reason: excluded}
  - name: has paid
    events: [{kind: invoice, at: -20 days}, {kind: invoice_paid, at: -3 days}]
    expect: {decision: send}
  - name: has paid, and was reminded this week
    events: [{kind: invoice, at: -20 days}, {kind: invoice_paid, at: -3 days}]
    touches: [{campaign: invoice-reminder, at: -5 days, topic: service}]
    expect: {decision: skip, reason: excluded}
  - name: had the messages of the week
    touches: [{campaign: weekly-greeting, at: -6 days}, {campaign: weekly-greeting, at: -5 days}]
    expect: {decision: hold, reason: capped}
"""
REMINDER = """\
campaign: invoice-reminder
at: 2026-07-07T10:00
given: {customer: {email: ann@example.com, timezone: Europe/Berlin}}
cases:
  - name: has not paid after two weeks
    events: [{kind: invoice, at: -14 days}]
    expect: {decision: send, step: remind}
  - name: has paid
    events: [{kind: invoice, at: -14 days}, {kind: invoice_paid, at: -1 day}]
    expect: {decision: skip, reason: not_in_audience}
  - name: has paid after the first reminder
    events: [{kind: invoice, at: -21 days}, {kind: invoice_paid, at: -2 days}]
    journey: {touches: [{step: remind, at: -7 days}]}
    expect: {decision: skip, reason: not_in_audience, step: again}
"""


def test_the_offer_of_the_docs_gives_way_to_invoices(tmp_path: Path) -> None:
    project = sample_project(tmp_path / "project")
    (project / "tests").mkdir()
    found = dict(_CAMPAIGN.findall((ROOT / "docs" / "campaigns.md").read_text(encoding="utf-8")))
    for name, cases in (("spring-offer", OFFER), ("invoice-reminder", REMINDER)):
        (project / f"campaigns/{name}.yaml").write_text(found[name], encoding="utf-8")
        (project / f"tests/{name}.yaml").write_text(cases, encoding="utf-8")

    answer = outreach_here(project, "test", "tests")

    assert answer.code == 0, answer.out


def test_the_readme_prints_the_greeting_as_it_ships() -> None:
    """But for the line that is for editors."""
    shipped = (ROOT / "campaigns" / "weekly-greeting.yaml").read_text(encoding="utf-8")
    _, _, campaign = shipped.partition("\n")

    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert f"```yaml\n{campaign}```\n" in readme


def test_the_docs_list_every_sample() -> None:
    page = (ROOT / "docs" / "campaigns.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[`([a-z-]+)`\]\(\.\./campaigns/\1\.yaml\)", page, re.MULTILINE)

    assert sorted(listed) == sorted(each.stem for each in (ROOT / "campaigns").glob("*.yaml"))


def test_the_docs_name_every_warning() -> None:
    page = (ROOT / "docs" / "campaigns.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`warning-.*?) \|", page, re.MULTILINE)
    named = [code for row in rows for code in re.findall(r"`warning-([a-z-]+)`", row)]
    sources = [path.read_text("utf-8") for path in (ROOT / "outreach").rglob("*.py")]
    told = {each for text in sources for each in re.findall(r"\{WARNING\}([a-z-]+)", text)}

    assert sorted(named) == sorted(told | {render_all.CODE})


def test_what_is_not_supported_yet_is_what_the_docs_say() -> None:
    page = (ROOT / "docs" / "campaigns.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^- (.*?(?:\n  .*?)*)$", page.partition("## Not supported yet")[2], re.MULTILINE
    )
    said = {name: set(re.findall(r"`([^`]+)`", rest)) for name, _, rest in map(_parted, rows)}

    assert said.get("campaign", set()) == CampaignFile.later | StepFile.later
    assert said.get("`schedule`", set()) == ScheduleFile.later
    assert said.get("`experiment`", set()) == ExperimentFile.later
    assert said["channels"] >= LATER_CHANNELS
    assert said["outreach.yaml"] == CompanyFile.later | BrandFile.later


def _parted(row: str) -> tuple[str, str, str]:
    return row.partition(":")


def test_expressions_in_the_docs_have_no_problems(tmp_path: Path) -> None:
    project = sample_project(tmp_path / "project")
    page = (ROOT / "docs" / "campaigns.md").read_text(encoding="utf-8")
    table = page.partition("| you want | write |")[2].partition("\n\n")[0]
    cells = [line.rpartition(" | ")[2] for line in table.splitlines()[2:]]
    found = [each.replace("\\|", "|") for each in re.findall("`([^`]+)`", "\n".join(cells))]
    with (project / "outreach.yaml").open("a", encoding="utf-8") as file:
        file.write("\nlifecycles: {value: rfm}\n")
    for number, expression in enumerate(found):
        campaign = f"{_CAMPAIGN_HEAD}audience:\n  where: >-\n    {expression}\n"
        path = project / "campaigns" / f"expression-{number}.yaml"
        path.write_text(campaign, encoding="utf-8")

    answer = outreach(project, "check")

    assert len(found) >= 15
    assert answer.code == 0, answer.out


def test_lifecycles_in_the_docs_have_no_problems(tmp_path: Path) -> None:
    project = sample_project(tmp_path / "project")
    (project / "lifecycles").mkdir()
    found = _LIFECYCLE.findall((ROOT / "docs" / "lifecycle.md").read_text(encoding="utf-8"))
    for number, lifecycle in enumerate(found):
        path = project / "lifecycles" / f"example-{number}.yaml"
        path.write_text(lifecycle, encoding="utf-8")

    answer = outreach(project, "check")

    assert len(found) == 2
    assert answer.code == 0, answer.out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_of_the_docs_lead_to_files(page: Path) -> None:
    targets = _LINK.findall(page.read_text(encoding="utf-8"))

    assert [each for each in targets if not (page.parent / each).exists()] == []
