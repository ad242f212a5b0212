"""The worked examples of docs/meanings/floors.yaml, and the page that is made from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).parent.parent / "docs" / "meanings" / "floors.yaml"
RULES = ("floors", "control_group")
ANN = {"tier": "A", "message": True, "email": "ann@example.com"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What happens on a `day` by some time, and which tasks there are then, by customer."""

    day: int
    tasks: tuple[str, ...]
    time: str = "00:05"
    happens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """One row: what is written in outreach.yaml, who there is, and what happens day by day."""

    number: int
    name: str
    company: dict[str, Any]
    customers: dict[str, dict[str, Any]]
    days: tuple[Seen, ...]

    def __str__(self) -> str:
        return f"floors-{self.number}"


def stories() -> list[Story]:
    """Every row, in order."""
    document = yaml.safe_load(PATH.read_text("utf-8"))
    found = []
    for number, case in enumerate(document["cases"], start=1):
        company = document["given"] | {key: case[key] for key in RULES if key in case}
        people = {"ann": {}} | case.get("customers", {})
        people["ann"] = ANN | people["ann"]
        days = tuple(
            Seen(**{key: tuple(v) if isinstance(v, list) else v for key, v in each.items()})
            for each in case["days"]
        )
        found.append(Story(number, case["name"], company, people, days))
    return found


def page() -> str:
    """The Markdown page of the rows."""
    document = yaml.safe_load(PATH.read_text("utf-8"))
    lines = [f"# {document['title']}", "", document["meaning"].strip(), ""]
    lines += [f"These rows are in [{PATH.name}]({PATH.name}).", ""]
    lines += [
        "| # | given | day by day: what happens, and which tasks there are then |",
        "|---|---|---|",
    ]
    lines += [
        f"| {each.number} | {_given(each.name, case)} | {_told(each)} |"
        for each, case in zip(stories(), document["cases"], strict=True)
    ]
    return "\n".join([*lines, ""])


def _given(name: str, case: dict[str, Any]) -> str:
    keys = [key for key in (*RULES, "customers") if key in case]
    return "<br>".join([name, *(f"`{key}: {_flow(case[key])}`" for key in keys)])


def _told(story: Story) -> str:
    return "<br>".join(_told_day(each) for each in story.days)


def _told_day(seen: Seen) -> str:
    clock = "" if seen.time == "00:05" else f", {seen.time}"
    happens = ", ".join(seen.happens)
    stands = ", ".join(f"**{each}**" for each in seen.tasks) or "no task"
    return f"{seen.day}{clock}: {'; '.join(filter(None, [happens, stands]))}"


def _flow(written: Any) -> str:
    text = yaml.safe_dump(written, default_flow_style=True, width=1_000, sort_keys=False)
    return text.removesuffix("...\n").strip()


if __name__ == "__main__":
    PATH.with_suffix(".md").write_text(page(), "utf-8")
