"""What checks found of a campaign is kept while nothing changes that they look at."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import sample_project

from outreach.app.check import check_files
from outreach.app.context import Context, open_context
from outreach.app.kept import Kept
from outreach.campaign.model import Campaign
from outreach.campaign.project import read_project
from outreach.errors import Problem

SUBJECT = "templates/win-back/subject.txt"


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    context = open_context(sample_project(tmp_path / "project"))
    yield context
    context.close()


@pytest.fixture
def asked() -> list[str]:
    return []


def asking(kept: Kept, asked: list[str], seconds: float = 60.0) -> Callable[[Context], None]:
    """Asks for the problems of every campaign, and notes whose are worked out."""

    def work(campaign: Campaign) -> list[Problem]:
        asked.append(campaign.name)
        return []

    return lambda context: (
        kept.of_each(context, "trial", context.loaded.campaigns.values(), work, seconds) and None
    )


@pytest.mark.parametrize(
    ("file", "again"),
    [
        (SUBJECT, ["win-back"]),
        ("campaigns/birthday.yaml", ["birthday"]),
        (
            "templates/_base/layout.html",
            ["birthday", "service-notice", "weekly-greeting", "win-back"],
        ),
        ("outreach.yaml", ["birthday", "service-notice", "weekly-greeting", "win-back"]),
    ],
)
def test_only_what_an_edit_touches_is_asked_again(
    context: Context, asked: list[str], file: str, again: list[str]
) -> None:
    ask = asking(Kept(), asked)
    ask(context)
    asked.clear()

    path = context.project / file
    path.write_text(path.read_text() + "\n")
    ask(context.with_files(read_project(context.project)))

    assert sorted(asked) == again


def test_what_is_older_than_it_may_be_is_asked_again(context: Context, asked: list[str]) -> None:
    ask = asking(Kept(), asked, seconds=0)
    ask(context)
    ask(context)

    assert len(asked) == 8


def test_a_check_with_what_was_found_before_says_the_same_as_one_without(context: Context) -> None:
    kept = Kept()
    for text in ("Hi {{ frist_name }}\n", "Hi {{ city }}\n", "Hi\n"):
        (context.project / SUBJECT).write_text(text)
        edited = context.with_files(read_project(context.project))

        assert check_files(edited, kept) == check_files(edited)
