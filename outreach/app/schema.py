"""JSON Schemas of a project's files, where editors look for them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from outreach.app.context import Context
from outreach.campaign.known import Known
from outreach.campaign.schema import Choices, campaign_schema, cases_schema, company_schema
from outreach.campaign.template_files import templates_to_offer
from outreach.lifecycle.lifecycle_file import lifecycle_schema
from outreach.lifecycle.load import load_lifecycles


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas by the kind of file, and where they were written."""

    schemas: dict[str, Any]
    paths: tuple[Path, ...]


def choices_of(context: Context) -> Choices:
    """The names of the project's own topics, stages, channels and templates, as far as it is sound."""
    files, company = context.files.contents, context.loaded.company
    templates = templates_to_offer(files)
    if company is None:
        return Choices(templates=templates)
    known, lifecycle = Known.of(company), load_lifecycles(company, files)[0].main
    stages = () if lifecycle is None else lifecycle.ids
    return Choices(known.topics, stages, known.channels, templates)


def write_schemas(state: Path, choices: Choices | None = None) -> Schemas:
    """Write `<kind>.schema.json` into the folder of the project's state."""
    schemas = {
        "campaign": campaign_schema(choices),
        "lifecycle": lifecycle_schema(),
        "outreach": company_schema(),
        "test": cases_schema(choices),
    }
    state.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind, schema in schemas.items():
        path = state / f"{kind}.schema.json"
        text = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return Schemas(schemas, tuple(paths))
