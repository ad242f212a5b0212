"""`outreach plan --diff`: as people read it, and as Markdown for a pull request."""

from collections.abc import Iterator, Sequence

from outreach.app.comparing import PlanDiff, Side
from outreach.cli.screen import Screen
from outreach.planning.differing import Group

_STAGES = (
    "the lifecycle differs between both; stages are as last refreshed for both alike. By the next "
    "refresh as it stands"
)


def show_diff(screen: Screen, found: PlanDiff) -> None:
    """The two plans beside one another, then who differs and why."""
    screen.heading(f"{found.campaign}: {found.line()}")
    for line in _notes(found):
        screen.line(line)
    screen.table(["", found.revision, "now"], _sides(found), right=(found.revision, "now"))
    if found.changes:
        screen.line()
        screen.table(_COLUMNS, [_row(each) for each in found.changes], right=("customers",))
    else:
        screen.line("nobody is added, lost or moved")


_COLUMNS = ("change", "customers", "stage", "before", "now")


def markdown(found: PlanDiff) -> str:
    """The same as Markdown."""
    lines = [f"**{found.campaign}: {found.line()}**", ""]
    lines += [line for note in _notes(found) for line in (note, "")]
    lines += _table(("", f"`{found.revision}`", "now"), _sides(found))
    if found.changes:
        lines += ["", *_table(_COLUMNS, [_row(each) for each in found.changes])]
    return "\n".join(lines)


def _notes(found: PlanDiff) -> Iterator[str]:
    before, after = found.before.when, found.after.when
    if not before:
        yield f"there is no such campaign at {found.revision}; now: {after}"
    elif not after:
        yield f"there is no such campaign any more; at {found.revision}: {before}"
    elif before != after:
        yield f"at {found.revision}: {before}; now: {after}"
    else:
        yield after
    if found.lifecycle_differs:
        moves = [
            f"{abs(each.customers):,} {'more' if each.customers > 0 else 'fewer'} move"
            f" {each.before or 'from none'} → {each.after or 'none'}"
            for each in found.moves
        ]
        yield f"{_STAGES}: {', '.join(moves) or 'nobody more moves'}"


def _sides(found: PlanDiff) -> list[tuple[str, str, str]]:
    def value(side: Side, name: str) -> str:
        return f"{getattr(side, name):,}"

    names = ("audience", "send", "hold")
    return [(name, value(found.before, name), value(found.after, name)) for name in names]


def _row(group: Group) -> tuple[str, str, str, str, str]:
    many = f"{group.customers:,}"
    return group.change.value, many, group.stage, str(group.before), str(group.after)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [columns, ["---"] * len(columns), *rows]
    return ["| " + " | ".join(each.replace("|", "\\|") for each in line) + " |" for line in lines]
