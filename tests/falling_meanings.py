"""The worked examples of docs/meanings/falling-over.yaml, and the page that is made from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from meanings import FOLDER, read_document

PATH = FOLDER / "falling-over.yaml"
GIVEN = ("channels", "late", "company", "customer", "consents")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what is given, what happens on one day by company time, and what came of it."""

    number: int
    channels: tuple[str, ...]
    late: str
    company: Mapping[str, Any]
    customer: Mapping[str, Any]
    consents: tuple[str, ...]
    touches_before: tuple[str, ...]
    happens: tuple[Mapping[str, Any], ...]
    goes: tuple[str, ...]
    ends: str
    touches: int

    def __str__(self) -> str:
        return f"falling-over-{self.number}"


def rows() -> list[Row]:
    """Every row, in order."""
    document = read_document(PATH)
    given = document["given"]
    return [_row(number, case, given) for number, case in enumerate(document["cases"], start=1)]


def _row(number: int, case: Mapping[str, Any], given: Mapping[str, Any]) -> Row:
    return Row(
        number=number,
        channels=tuple(case.get("channels", given["channels"])),
        late=case.get("late", given["late"]),
        company={**given["company"], **case.get("company", {})},
        customer={**given["customer"], **case.get("customer", {})},
        consents=tuple(case.get("consents", given["consents"])),
        touches_before=tuple(case.get("touches_before", ())),
        happens=tuple(case["happens"]),
        goes=tuple(case["goes"]),
        ends=case["ends"],
        touches=case["touches"],
    )


def page() -> str:
    """The Markdown page of the rows."""
    document = read_document(PATH)
    lines = [f"# {document['title']}", "", document["meaning"].strip(), ""]
    lines += ["Given, where a row says nothing else; the message is due at 11:00:", "", "```yaml"]
    given = {key: document["given"][key] for key in GIVEN}
    lines += [yaml.safe_dump(given, sort_keys=False).strip(), "```", ""]
    lines += [f"These rows are in [{PATH.name}]({PATH.name}).", ""]
    lines += [
        "| # | given | with | happens | tried | ends | touches |",
        "|---|---|---|---|---|---|---|",
    ]
    for number, case in enumerate(document["cases"], start=1):
        own = {key: case[key] for key in (*GIVEN, "touches_before") if key in case}
        happens = "<br>".join(_told(each) for each in case["happens"])
        tried = "<br>".join(case["goes"])
        cells = (case["name"], _flow(own), happens, tried, case["ends"], str(case["touches"]))
        lines.append(f"| {number} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _flow(own: Mapping[str, Any]) -> str:
    if not own:
        return ""
    text = yaml.safe_dump(own, default_flow_style=True, width=10_000, sort_keys=False).strip()
    return f"`{text.removeprefix('{').removesuffix('}')}`"


def _told(event: Mapping[str, Any]) -> str:
    said = [f"{key} {each}" for key, each in event.items() if key not in ("at", "cancelled")]
    said += ["the run is cancelled"] if "cancelled" in event else []
    return f"{event['at']} {', '.join(said)}".strip()


if __name__ == "__main__":
    Path(PATH.with_suffix(".md")).write_text(page(), "utf-8")
