"""The worked examples of docs/meanings/journeys.yaml, and the page that is made from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from meanings import FOLDER, read_document

PATH = FOLDER / "journeys.yaml"
STEP = {"channels": "email", "template": "note"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the campaign's file below its head, what happens, and the messages that follow."""

    number: int
    name: str
    campaign: str
    customer: Mapping[str, str | None]
    before: tuple[Mapping[str, Any], ...]
    happens: tuple[Mapping[str, Any], ...]
    looks: tuple[str, ...]
    messages: tuple[str, ...]
    rules: str

    def __str__(self) -> str:
        return f"journeys-{self.number}"


def rows() -> list[Row]:
    """Every row, in order."""
    document = read_document(PATH)
    given = document["given"]
    return [_row(number, case, given) for number, case in enumerate(document["cases"], start=1)]


def _row(number: int, case: Mapping[str, Any], given: Mapping[str, Any]) -> Row:
    written = {"schedule": given["schedule"], "steps": given["steps"], **case.get("campaign", {})}
    written["steps"] = [_filled(each) for each in written["steps"]]
    return Row(
        number=number,
        name=case["name"],
        campaign=yaml.safe_dump(written, allow_unicode=True, sort_keys=False),
        customer={**given["customer"], **case.get("customer", {})},
        before=tuple(case.get("before", ())),
        happens=tuple(case.get("happens", ())),
        looks=tuple(case.get("looks", ())),
        messages=tuple(case["messages"]),
        rules=yaml.safe_dump({"floors": case["floors"]}) if "floors" in case else "",
    )


def _filled(item: Mapping[str, Any]) -> dict[str, Any]:
    """A step of the table with channel and template, those inside of branches too."""
    if "branch" in item:
        ways = [
            {key: each if key == "when" else list(map(_filled, each)) for key, each in way.items()}
            for way in item["branch"]
        ]
        return {"branch": ways}
    return dict(item) if "wait" in item else {**item, **STEP}


def page() -> str:
    """The Markdown page of the rows."""
    document = read_document(PATH)
    lines = [f"# {document['title']}", "", document["meaning"].strip(), ""]
    given = yaml.safe_dump(
        {key: document["given"][key] for key in ("active", "customer", "schedule", "steps")},
        sort_keys=False,
    )
    lines += ["Given, where a row says nothing else:", "", "```yaml", given.strip(), "```", ""]
    lines += [f"These rows are in [{PATH.name}]({PATH.name}).", ""]
    lines += ["| # | given | campaign | happens | messages |", "|---|---|---|---|---|"]
    for number, case in enumerate(document["cases"], start=1):
        written = case.get("campaign", {}) | {k: case[k] for k in ("floors",) if k in case}
        cells = (case["name"], _shown(written), _told(case), _messages(case))
        lines.append(f"| {number} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _shown(campaign: Mapping[str, Any] | None) -> str:
    if not campaign:
        return ""
    flow = yaml.safe_dump(campaign, default_flow_style=True, width=10_000, sort_keys=False)
    return f"`{flow.strip().removeprefix('{').removesuffix('}')}`".replace("|", "\\|")


def _told(case: Mapping[str, Any]) -> str:
    said = [f"{key}: {each}" for key, each in case.get("customer", {}).items()]
    said += [_one(each) for each in (*case.get("before", ()), *case.get("happens", ()))]
    return "<br>".join(said)


def _one(each: Mapping[str, Any]) -> str:
    what = each.get("event") or f"stage {each['stage']}"
    amount = f" of {each['amount']}" if "amount" in each else ""
    dated = f", dated {each['dated']}" if "dated" in each else ""
    return f"{each.get('at', 'before')} {what}{amount}{dated}"


def _messages(case: Mapping[str, Sequence[str]]) -> str:
    return "<br>".join(case["messages"]) or "none"


if __name__ == "__main__":
    Path(PATH.with_suffix(".md")).write_text(page(), "utf-8")
