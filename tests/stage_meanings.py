"""The worked examples of docs/meanings/stages.yaml, and the page that is made from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).parent.parent / "docs" / "meanings" / "stages.yaml"


@dataclass(frozen=True, slots=True)
class Day:
    """What happens on a `day`, and where the customer stands then; `kept`: by what, if so."""

    day: int
    stage: str | None
    events: tuple[str, ...] = ()
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """One row: a lifecycle as it is written, and what it makes of a customer day by day."""

    number: int
    name: str
    lifecycle: dict[str, Any]
    days: tuple[Day, ...]

    def __str__(self) -> str:
        return f"stages-{self.number}"


def lives() -> list[Life]:
    """Every row, in order."""
    document = yaml.safe_load(PATH.read_text("utf-8"))
    return [
        _life(number, case, document["given"]["lifecycle"])
        for number, case in enumerate(document["cases"], start=1)
    ]


def page() -> str:
    """The Markdown page of the rows."""
    document = yaml.safe_load(PATH.read_text("utf-8"))
    lines = [f"# {document['title']}", "", document["meaning"].strip(), ""]
    lines += [f"The lifecycles of these rows are in [{PATH.name}]({PATH.name}).", ""]
    lines += ["| # | given | day by day |", "|---|---|---|"]
    lines += [f"| {each.number} | {each.name} | {_told(each)} |" for each in lives()]
    return "\n".join([*lines, ""])


def _life(number: int, case: dict[str, Any], given: dict[str, Any]) -> Life:
    lifecycle = given | case.get("lifecycle", {})
    stays = case.get("stays", {})
    lifecycle["stages"] = [each | stays.get(each["id"], {}) for each in lifecycle["stages"]]
    days = tuple(
        Day(each["day"], each["stage"], tuple(each.get("events", ())), each.get("kept"))
        for each in case["days"]
    )
    return Life(number, case["name"], lifecycle, days)


def _told(life: Life) -> str:
    return "<br>".join(
        f"{day.day}: {''.join(f'{each}, ' for each in day.events)}**{day.stage or '(none)'}**"
        + (f" (`{day.kept}`)" if day.kept else "")
        for day in life.days
    )


if __name__ == "__main__":
    PATH.with_suffix(".md").write_text(page(), "utf-8")
