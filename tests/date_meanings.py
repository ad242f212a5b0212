"""The worked examples of docs/meanings/date-turns.yaml, and the page that is made from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from meanings import FOLDER, build_world, laid_over, read_document
from world import World

PATH = FOLDER / "date-turns.yaml"


@dataclass(frozen=True, slots=True)
class Look:
    """The scheduler looks `at` an instant, after some columns have `changed`; how it stands then."""

    at: datetime
    stands: tuple[str, ...]
    changed: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Life:
    """One row: a base and a campaign that is switched on, and what each look finds."""

    number: int
    name: str
    world: World
    active: datetime
    looks: tuple[Look, ...]

    def __str__(self) -> str:
        return f"date-turns-{self.number}"


def lives() -> list[Life]:
    """Every row, in order."""
    document = read_document(PATH)
    return [
        _life(number, case, laid_over(document["given"], case))
        for number, case in enumerate(document["cases"], start=1)
    ]


def page() -> str:
    """The Markdown page of the rows."""
    document = read_document(PATH)
    lines = [f"# {document['title']}", "", document["meaning"].strip(), ""]
    lines += [f"These rows are in [{PATH.name}]({PATH.name}).", ""]
    lines += ["| # | given | look by look: what changed, and how it stands then |", "|---|---|---|"]
    for number, case in enumerate(document["cases"], start=1):
        lines.append(f"| {number} | {case['name']} | {'<br>'.join(map(_told, case['looks']))} |")
    return "\n".join([*lines, ""])


def _life(number: int, case: Mapping[str, Any], given: Mapping[str, Any]) -> Life:
    parts = {key: given[key] for key in ("customer", "company")}
    world = build_world(
        {**parts, "at": given["active"], "campaign": {"schedule": given["schedule"]}}
    )
    active, looks = datetime.fromisoformat(given["active"]), tuple(map(_look, case["looks"]))
    return Life(number, case["name"], world, active, looks)


def _look(written: Mapping[str, Any]) -> Look:
    changed = {key: value for key, value in written.items() if key not in ("at", "stands")}
    return Look(datetime.fromisoformat(written["at"]), tuple(written["stands"]), changed)


def _told(look: Mapping[str, Any]) -> str:
    changes = [f"`{key}: {look[key]}`, " for key in look if key not in ("at", "stands")]
    stands = "; ".join(f"**{each}**" for each in look["stands"]) or "nothing"
    return f"{look['at']}: {''.join(changes).replace('None', 'none')}{stands}"


if __name__ == "__main__":
    Path(PATH.with_suffix(".md")).write_text(page(), "utf-8")
