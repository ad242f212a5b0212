"""The worked examples of docs/meanings/owed.yaml, and the page that is made from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).parent.parent / "docs" / "meanings" / "owed.yaml"


@dataclass(frozen=True, slots=True)
class Said:
    """An event: its kind and id, and what else is said of it; hours count from the row's begin."""

    kind: str
    id: str
    about: dict[str, str]

    def hour(self, name: str, default: int) -> int:
        """The hour of `at` or `due`."""
        return int(self.about.get(name, default))


@dataclass(frozen=True, slots=True)
class Hour:
    """What comes at an `hour`, and how it stands then: tasks by event, and the promises missed.

    `rules` are written after the events have come.
    """

    hour: int
    tasks: tuple[str, ...]
    events: tuple[str, ...] = ()
    retract: str | None = None
    rules: dict[str, Any] | None = None
    missed: tuple[str, ...] = ()

    def said(self) -> list[Said]:
        """The events, taken apart."""
        parts = [each.split() for each in self.events]
        return [Said(kind, id_, dict(zip(*[iter(rest)] * 2))) for kind, id_, *rest in parts]  # type: ignore[arg-type]  # noqa: B905


@dataclass(frozen=True, slots=True)
class Story:
    """One row: what is written in outreach.yaml, and what happens hour by hour."""

    number: int
    name: str
    company: dict[str, Any]
    hours: tuple[Hour, ...]

    def __str__(self) -> str:
        return f"owed-{self.number}"


def stories() -> list[Story]:
    """Every row, in order."""
    document = yaml.safe_load(PATH.read_text("utf-8"))
    found = []
    for number, case in enumerate(document["cases"], start=1):
        company = document["given"] | {key: case[key] for key in case.keys() & {"tasks"}}
        hours = tuple(
            Hour(**{key: tuple(v) if isinstance(v, list) else v for key, v in each.items()})
            for each in case["hours"]
        )
        found.append(Story(number, case["name"], company, hours))
    return found


def page() -> str:
    """The Markdown page of the rows."""
    document = yaml.safe_load(PATH.read_text("utf-8"))
    lines = [f"# {document['title']}", "", document["meaning"].strip(), ""]
    lines += [f"These rows are in [{PATH.name}]({PATH.name}).", ""]
    lines += ["| # | given | hour by hour: what comes, and how it stands then |", "|---|---|---|"]
    lines += [f"| {each.number} | {each.name} | {_told(each)} |" for each in stories()]
    return "\n".join([*lines, ""])


def _told(story: Story) -> str:
    return "<br>".join(_told_hour(each) for each in story.hours)


def _told_hour(hour: Hour) -> str:
    comes = [f"`{each}`" for each in hour.events]
    comes += [f"`{hour.retract}` is retracted"] if hour.retract else []
    comes += [f"then `tasks: {_flow(hour.rules)}`"] if hour.rules else []
    stands = [f"**{each}**" for each in hour.tasks] or ["no task"]
    stands += [f"`promise_missed` of {each}" for each in hour.missed]
    return f"{hour.hour}: {'; '.join(filter(None, [', '.join(comes), ', '.join(stands)]))}"


def _flow(rules: dict[str, Any]) -> str:
    return yaml.safe_dump(rules, default_flow_style=True).strip()


if __name__ == "__main__":
    PATH.with_suffix(".md").write_text(page(), "utf-8")
