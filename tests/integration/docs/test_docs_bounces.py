"""docs/bounces.md: its settings are in order, its table has every kind."""

import re

from commands import ROOT

from outreach.feedback.notice import Kind
from outreach.settings.company import ComplaintsAt
from outreach.settings.company_file import load_company

PAGE = (ROOT / "docs" / "bounces.md").read_text("utf-8")
SETTINGS = re.findall(r"^```yaml\n(channels:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_its_settings_have_no_problems() -> None:
    loaded = [load_company(f"brand: {{name: Tea}}\n{each}".encode()) for each in SETTINGS]

    assert len(loaded) == 4
    assert [problems for _, problems in loaded] == [[]] * 4
    company = loaded[-1][0]
    assert company is not None
    assert company.channels["email"].complaints == ComplaintsAt()


def test_its_table_has_every_kind_of_mail() -> None:
    table = PAGE.partition("| kind | such as |")[2].partition("\n\n")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines()[2:]]

    assert {name for cell in first_cells for name in re.findall("`([^`]+)`", cell)} == set(Kind)
