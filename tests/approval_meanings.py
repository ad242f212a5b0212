"""The worked examples of docs/meanings/approval-brake-budget.yaml, and the page that is made from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).parent.parent / "docs" / "meanings" / "approval-brake-budget.yaml"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a run that is about to begin, and what holds it; empty: it begins by itself."""

    number: int
    name: str
    held: tuple[str, ...]
    campaign: dict[str, Any]
    rules: dict[str, Any]
    approved: tuple[tuple[str, int], ...] = ()  # who, of which audience
    last: int | None = None  # the audience of the last run
    audience: int = 1000
    cost: Decimal = Decimal(0)
    edited: bool = False  # after it was approved
    topic: Mapping[str, Any] = field(default_factory=dict)  # `offers` as it was approved
    topic_now: Mapping[str, Any] | None = None  # the same by now, where it was changed

    def __str__(self) -> str:
        return f"approval-{self.number}"


def rows() -> list[Row]:
    """Every row, in order."""
    document = yaml.safe_load(PATH.read_text("utf-8"))
    return [_row(number, each) for number, each in enumerate(document["cases"], start=1)]


def page() -> str:
    """The Markdown page of the rows."""
    document = yaml.safe_load(PATH.read_text("utf-8"))
    lines = [f"# {document['title']}", "", document["meaning"].strip(), ""]
    lines += [f"The rows are in [{PATH.name}]({PATH.name}).", ""]
    lines += ["| # | given | held because |", "|---|---|---|"]
    lines += [
        f"| {each.number} | {each.name} | {'; '.join(each.held) or '(it begins)'} |"
        for each in rows()
    ]
    return "\n".join([*lines, ""])


def _row(number: int, case: dict[str, Any]) -> Row:
    given = dict(case)
    approved = tuple((each["by"], each.get("audience", 1000)) for each in given.pop("approved", ()))
    held = given.pop("held", ())
    return Row(
        number=number,
        name=given.pop("name"),
        held=(held,) if isinstance(held, str) else tuple(held),
        campaign=given.pop("campaign", {}),
        rules={"people": ["mei", "tom", "li"]} | given.pop("rules", {}),
        approved=approved,
        cost=Decimal(str(given.pop("cost", 0))),
        **given,
    )


if __name__ == "__main__":
    PATH.with_suffix(".md").write_text(page(), "utf-8")
