"""What a change of the project's files does to a campaign's plan, beside another revision's."""

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.planning import said_when
from outreach.app.project import campaign_named
from outreach.app.questions import questions_of
from outreach.app.revision import files_at
from outreach.decisions.asking import Question
from outreach.errors import ProblemsFound, UsageError
from outreach.lifecycle.foreseen import Moves, foreseen, newly
from outreach.lifecycle.load import load_lifecycles
from outreach.planning.differing import Both, Change, Group
from outreach.reports.rows import check_place
from outreach.store.engine import reading

HEADER = ("key", "change", "stage", "before", "after")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two plans; `when` empty where its revision has no such campaign."""

    when: str
    audience: int
    send: int
    hold: int


@dataclass(frozen=True, slots=True)
class StageChange:
    """Customers who would move by the lifecycle as it stands and not by the earlier one; fewer: < 0."""

    before: str  # the stage they are in, "" for none
    after: str
    customers: int


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """Who gets a campaign by the files as they stand and not at a revision, and the other way."""

    campaign: str
    revision: str
    before: Side
    after: Side
    added: int
    lost: int
    moved: int
    changes: list[Group]
    lifecycle_differs: bool  # stages are as last refreshed for both
    moves: list[
        StageChange
    ]  # where it differs: what the next refresh does by one and not the other

    def line(self) -> str:
        """The whole in one line: `+412 −97`."""
        moved = f", {self.moved:,} by another way or at another time" if self.moved else ""
        return f"+{self.added:,} −{self.lost:,}{moved}"


def compare_plans(
    context: Context, name: str, revision: str, at: str | None = None, rows_to: Path | None = None
) -> PlanDiff:
    """The plan by the working tree beside that of a git revision, for `at` or each's next occurrence.

    `rows_to`: a CSV file with exactly the customers who differ. ProblemsFound where the files as
    they stand are at fault, UsageError where those of the revision are.
    """
    earlier = context.with_files(files_at(context.project, revision))
    if rows_to is not None:
        check_place(rows_to)
    with reading(context.engine) as conn:
        before = _asked(earlier, conn, name, at, revision)
        after = _asked(context, conn, name, at)
        if before is None and after is None:
            campaign_named(context, name)  # says what there is
        at_once = bool(before and after and before[1] == after[1])
        both = Both(conn, before and before[0], after and after[0], at_once=at_once)
        try:
            groups = both.groups()
            if rows_to is not None:
                _write(rows_to, both.rows())
        finally:
            both.drop()
        differs = _lifecycle_of(earlier) != _lifecycle_of(context)
        moves = _moves(conn, earlier, context) if differs else []
    sides = [Side(asked[1] if asked else "", **counts) for asked, counts in zip((before, after), both.counts, strict=True)]  # fmt: skip
    totals = {change: sum(g.customers for g in groups if g.change is change) for change in Change}
    return PlanDiff(
        campaign=name,
        revision=revision,
        before=sides[0],
        after=sides[1],
        added=totals[Change.ADDED],
        lost=totals[Change.LOST],
        moved=totals[Change.MOVED],
        changes=groups,
        lifecycle_differs=differs,
        moves=moves,
    )


def _asked(
    context: Context, conn: Connection, name: str, at: str | None, revision: str | None = None
) -> tuple[list[Question], str] | None:
    """The campaign's questions and when it comes; None where the files have no such campaign."""
    try:
        context.company()
        if f"campaigns/{name}.yaml" not in context.files.contents:
            return None
        asked = questions_of(context, conn, name, at, over_as_sent=True)
    except ProblemsFound as found:
        if revision is None:
            raise
        first = found.problems[0] if found.problems else ""
        raise UsageError(
            f"at `{revision}` the files are at fault: {first}", "name another"
        ) from None
    campaign = asked.questions[0].ruling.campaign
    return asked.questions, said_when(asked.turn.occasion, campaign, context.company())


def _lifecycle_of(context: Context) -> tuple[str, dict[str, bytes]]:
    """What stages follow from."""
    files = context.files.contents.items()
    rules = {path: content for path, content in files if path.startswith("lifecycles/")}
    return context.company().lifecycle, rules


def _moves(conn: Connection, earlier: Context, context: Context) -> list[StageChange]:
    """What the next refresh would do by one lifecycle and not by the other."""
    found = []
    for each in (earlier, context):
        main = load_lifecycles(each.company(), each.files.contents)[0].main
        moves: Moves = Counter()
        if main is not None:
            moves = foreseen(conn, each.company(), main, each.now())
        found.append(moves)
    return [
        StageChange(before or "", after or "", many)
        for (before, after), many in newly(found[0], found[1]).items()
    ]


def _write(path: Path, rows: Iterable[tuple[str, Group]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for key, group in rows:
            shown = "'" + key if key.startswith(("=", "+", "-", "@")) else key
            out.writerow([shown, group.change.value, group.stage, group.before, group.after])
