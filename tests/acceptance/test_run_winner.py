"""A winner is chosen in a run: some get the variants at once, the others the better one, once."""

import csv
import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from commands import NOW, outreach_here, sample_project
from letterbox import letterbox, people
from sqlalchemy import insert, select
from test_cli_experiments import CAMPAIGN, compare

from outreach.store.engine import dispose, make_engine, reading, writing
from outreach.store.tables import audit, deliveries, reactions

PEOPLE = 60
TESTED = CAMPAIGN.replace(
    "  holdout: 10%\n", "  winner: {by: clicked, after: 4 hours, test: 50%}\n"
)
LATER, LATE = "2026-07-03T21:00", "2026-07-03T20:59"


@pytest.fixture(scope="module")
def once_peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that tries two subjects on half of its customers."""
    project = sample_project(tmp_path_factory.mktemp("peopled") / "project")
    for other in (project / "campaigns").iterdir():
        other.unlink()
    rules = (project / "outreach.yaml").read_text()
    before, after = rules.split("quiet_hours:")
    rest = after.partition("\n\n")[2]
    (project / "outreach.yaml").write_text(f"{before}quiet_hours: none\n\n{rest}")
    compare(project, TESTED)
    people(project, PEOPLE, ordered=False)
    return project


@pytest.fixture
def peopled(once_peopled: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(once_peopled, tmp_path / "peopled")


def rows(project: Path, *command: str) -> dict[str, dict[str, str]]:
    answer = outreach_here(project, *command, "two-subjects", "--rows", "rows.csv")
    assert answer.code == 0, answer.err
    with (project / "rows.csv").open(newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def click(project: Path, variant: str, at: str = "2026-07-03T22:00:00+00:00") -> None:
    """Whoever got a variant follows a link of it."""
    when = datetime.fromisoformat(at)
    engine = make_engine(f"sqlite:///{project / '.outreach' / 'outreach.db'}")
    with writing(engine) as conn:
        ids = conn.execute(select(deliveries.c.id).where(deliveries.c.variant == variant)).scalars()
        clicked = [
            {"delivery_id": id_, "kind": "clicked", "at": when, "came_at": when} for id_ in ids
        ]
        conn.execute(insert(reactions), clicked)
    dispose(engine)


def test_the_others_wait_and_get_the_better_one(peopled: Path) -> None:
    planned = rows(peopled, "plan", "--now", NOW)
    plan = outreach_here(peopled, "plan", "two-subjects", "--json", "--now", NOW).json
    waits = next(key for key, row in planned.items() if row["reason"] == "awaiting_winner")
    explained = outreach_here(peopled, "explain", "two-subjects", waits, "--now", NOW)
    with letterbox() as box:
        outreach_here(peopled, "run", "--until-idle", "--now", NOW, smtp_url=box.url)
        tested = Counter(box.subjects)
        click(peopled, "warm")
        outreach_here(peopled, "run", "--until-idle", "--now", LATE, smtp_url=box.url)
        too_early = Counter(box.subjects)
        outreach_here(peopled, "run", "--until-idle", "--now", LATER, smtp_url=box.url)
    report = outreach_here(peopled, "report", "--run", 1, "--json", "--now", LATER).json
    said = outreach_here(peopled, "report", "--run", 1, "--now", LATER).out
    sent = rows(peopled, "report", "--now", LATER)

    assert plan["held"] == {"awaiting_winner": plan["hold"]}
    assert plan["variants"] == {"plain": tested["Plain"], "warm": tested["Warm"]}
    assert sum(tested.values()) == plan["send"] == PEOPLE * 9 // 10 - plan["hold"] - _control(plan)
    assert planned[waits]["until"] == "2026-07-04T01:00:00+00:00"
    assert planned[waits]["variant"] == ""
    assert (
        "waits for the variant that is clicked more, chosen 2026-07-03 21:00-04:00" in explained.out
    )
    assert too_early == tested
    assert Counter(box.subjects) == tested + Counter(Warm=plan["hold"])
    assert (sent[waits]["variant"], sent[waits]["state"]) == ("warm", "sent")
    assert report["winner"] == {"variant": "warm", "at": "2026-07-04T01:00:00+00:00"}
    assert report["arms"]["warm"]["sent"] == tested["Warm"]
    assert report["arms"]["warm"]["after_winner"] == plan["hold"]
    assert report["arms"]["warm"]["measures"]["clicked"]["rate"] == 1.0
    assert report["arms"]["plain"]["measures"]["clicked"]["reached"] == 0
    assert "winner chosen 2026-07-04 01:00 UTC: warm" in said


BY_GOAL = TESTED.replace("by: clicked, after: 4 hours", "by: goal, after: 4 hours") + (
    "goal: {when: \"count('order', since=entered_at) > 0\", within: 4 hours}\n"
)


def test_the_others_get_the_variant_with_which_more_order(peopled: Path) -> None:
    """Each command is a process of its own: what is to be chosen outlives the scheduler."""
    compare(peopled, BY_GOAL)
    planned = rows(peopled, "plan", "--now", NOW)
    waits = next(key for key, row in planned.items() if row["reason"] == "awaiting_winner")
    explained = outreach_here(peopled, "explain", "two-subjects", waits, "--now", NOW).out
    described = outreach_here(peopled, "describe", "two-subjects").out
    with letterbox() as box:
        outreach_here(peopled, "run", "--until-idle", "--now", NOW, smtp_url=box.url)
        tested = Counter(box.subjects)
        warm = [
            key
            for key, row in rows(peopled, "report", "--now", LATE).items()
            if row["variant"] == "warm"
        ]
        lines = [f"{key},order,2026-07-03T22:00:00+00:00,9" for key in warm]
        (peopled / "orders.csv").write_text("\n".join(["key,kind,at,amount", *lines]))
        assert outreach_here(peopled, "events", "import", "orders.csv", "--now", LATE).code == 0
        outreach_here(peopled, "run", "--until-idle", "--now", LATE, smtp_url=box.url)
        too_early = Counter(box.subjects)
        outreach_here(peopled, "run", "--until-idle", "--now", LATER, smtp_url=box.url)
    report = outreach_here(peopled, "report", "--run", 1, "--json", "--now", LATER).json

    assert (
        "waits for the variant with which more reach the goal, chosen 2026-07-03 21:00-04:00"
        in explained
    )
    assert "the one with which clearly more reached the goal goes to everyone else" in described
    assert too_early == tested
    assert Counter(box.subjects)["Plain"] == tested["Plain"]
    assert Counter(box.subjects)["Warm"] > tested["Warm"]
    assert report["winner"] == {"variant": "warm", "at": "2026-07-04T01:00:00+00:00"}
    told = {name: (each["reached"], each["of"]) for name, each in report["goal"]["arms"].items()}
    assert told == {"plain": (0, tested["Plain"]), "warm": (tested["Warm"], tested["Warm"])}


def _control(plan: dict[str, dict[str, int]]) -> int:
    return plan["skip"].get("control_group", 0)


def test_without_a_clear_winner_it_is_the_first_and_it_is_chosen_once(peopled: Path) -> None:
    with letterbox() as box:
        outreach_here(peopled, "run", "--until-idle", "--now", NOW, smtp_url=box.url)
        before = Counter(box.subjects)
        outreach_here(peopled, "run", "--until-idle", "--now", LATER, smtp_url=box.url)
        click(peopled, "warm")
        outreach_here(peopled, "run", "--until-idle", "--now", "2026-07-03T22:00", smtp_url=box.url)
    engine = make_engine(f"sqlite:///{peopled / '.outreach' / 'outreach.db'}")
    with reading(engine) as conn:
        written = conn.execute(select(audit).where(audit.c.action == "winner chosen")).all()
    dispose(engine)

    assert Counter(box.subjects)["Warm"] == before["Warm"]
    assert Counter(box.subjects)["Plain"] > before["Plain"]
    assert [(each.actor, each.subject, each.detail["variant"]) for each in written] == [
        ("scheduler", "1", "plain")
    ]
