"""`hold_at` under a channel of outreach.yaml: when a run holds itself."""

import pytest

from outreach.settings.company import HoldAt
from outreach.settings.company_file import load_company
from outreach.settings.hold_file import NEVER

HEAD = "brand: {name: Harbour Tea}\nchannels:\n  email:\n    hold_at: "


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("{share: 5%, least: 100}", HoldAt(share=500, least=100)),
        ("{share: 2.5%}", HoldAt(share=250)),
        ("{content: 3}", HoldAt(content=3)),
        ("none", HoldAt(least=NEVER, content=NEVER)),
    ],
)
def test_what_is_left_out_is_ten_percent_and_fifty(written: str, rule: HoldAt) -> None:
    company, problems = load_company(f"{HEAD}{written}\n".encode())

    assert problems == []
    assert company is not None
    assert company.channels["email"].hold_at == rule
    assert HoldAt() == HoldAt(share=1_000, least=50, content=10)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{share: 10}", "4:22: this must be a share"),
        ("{least: 0}", "4:22:"),
        ("{shear: 10%}", "4:15: unknown key `shear`; did you mean `share`"),
        ("often", "4:14: this must be a rule; write `{share: 10%, least: 50}`, or `none`"),
    ],
)
def test_what_can_not_be_meant_is_told_at_its_place(written: str, said: str) -> None:
    company, problems = load_company(f"{HEAD}{written}\n".encode())

    assert company is None
    assert [str(each).partition(":")[2].startswith(said) for each in problems] == [True]
