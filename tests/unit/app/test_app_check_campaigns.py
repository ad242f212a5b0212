"""Campaigns that another campaign's expressions ask for."""

from pathlib import Path

import pytest

from outreach.app.check import check_files
from outreach.app.context import open_context
from outreach.store.engine import writing
from outreach.store.revisions import campaign_id

FILES = {
    "outreach.yaml": "brand: {name: Tea}\ntopics: {greetings: {}}\n",
    "templates/hello/sms.txt": "Hi",
}
CAMPAIGN = """\
owner: mei
topic: greetings
schedule: {manual: true}
steps: [{id: greet, channels: sms, template: hello}]
"""


def made(folder: Path, audience: str) -> Path:
    """A project with the campaigns `a`, of this audience, and `spring-offer`."""
    files = {
        f"campaigns/{name}.yaml": f"{CAMPAIGN}audience: everyone\n" for name in ("spring-offer",)
    }
    files["campaigns/a.yaml"] = f"{CAMPAIGN}audience: {audience}\n"
    for path, text in {**FILES, **files}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("audience", "said"),
    [
        (
            "not received('sring-offer', days(30))",
            "5:24: there is no campaign `sring-offer`; did you mean `spring-offer`?",
        ),
        (
            "orders > 1 and\n  received('autumn')",
            "6:12: there is no campaign `autumn`; there are `a`, `spring-offer`",
        ),
    ],
)
def test_a_campaign_that_is_asked_for_must_be_there(
    tmp_path: Path, audience: str, said: str
) -> None:
    problems = check_files(open_context(made(tmp_path, audience))).problems

    assert [str(each) for each in problems] == [f"campaigns/a.yaml:{said}"]


def test_a_campaign_whose_file_is_gone_is_known_by_its_runs(tmp_path: Path) -> None:
    context = open_context(made(tmp_path, "received('autumn')"))
    with writing(context.engine) as conn:
        campaign_id(conn, "autumn")

    problems = check_files(context).problems

    context.close()
    assert problems == ()


def test_a_campaign_may_ask_for_itself(tmp_path: Path) -> None:
    assert check_files(open_context(made(tmp_path, "not received('a')"))).problems == ()
