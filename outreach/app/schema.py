"""JSON Schemas of a project's files, where editors look for them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outreach.campaign.schema import campaign_schema, company_schema
from outreach.lifecycle.lifecycle_file import lifecycle_schema


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas by the kind of file, and where they were written."""

    schemas: dict[str, Any]
    paths: tuple[Path, ...]


def write_schemas(state: Path) -> Schemas:
    """Write `<kind>.schema.json` into the folder of the project's state."""
    schemas = {
        "campaign": campaign_schema(),
        "lifecycle": lifecycle_schema(),
        "outreach": company_schema(),
    }
    state.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind, schema in schemas.items():
        path = state / f"{kind}.schema.json"
        text = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return Schemas(schemas, tuple(paths))
