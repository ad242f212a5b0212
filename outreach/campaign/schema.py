"""JSON Schemas of the files for editors: what a key means appears while it is written."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from outreach.campaign.campaign_file import CampaignFile
from outreach.campaign.case_file import CasesFile
from outreach.documents import FileModel
from outreach.settings.company_file import CompanyFile

DRAFT = "http://json-schema.org/draft-07/schema#"  # what editors' YAML server understands best


class _ForWriters(GenerateJsonSchema):
    """Leaves out that a key may be null: it is left out then, never written so."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """What may be written where a key is there."""
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """Never: a title made from a key says nothing that the key does not."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """The same without a default of null."""
        written = super().default_schema(schema)
        if written.get("default", ...) is None:
            del written["default"]
        return written


@dataclass(frozen=True, slots=True)
class Choices:
    """The names that one project gives; where there are none, any name may be written."""

    topics: Collection[str] = ()
    stages: Collection[str] = ()
    channels: Collection[str] = ()
    templates: Collection[str] = ()


def campaign_schema(choices: Choices | None = None) -> dict[str, Any]:
    """The JSON Schema of a campaign's file; with choices it takes those names alone."""
    schema = schema_of(CampaignFile, "A campaign")
    if choices is None:
        return schema
    models = schema["$defs"]
    places = (
        (choices.topics, schema, "topic"),
        (choices.topics, models["CapFile"], "topic"),
        (choices.channels, models["CapFile"], "channel"),
        (choices.channels, models["StepFile"], "channels"),
        (choices.templates, models["StepFile"], "template"),
        (choices.stages, models["AudienceFile"], "stage"),
        (choices.stages, models["SelectionFile"], "stage"),
    )
    for names, model, key in places:
        if names:
            _choose(model["properties"][key], sorted(names))
    return schema


def cases_schema(choices: Choices | None = None) -> dict[str, Any]:
    """The JSON Schema of a file of campaign tests; with choices it knows the project's channels."""
    schema = schema_of(CasesFile, "Tests of a campaign")
    if choices is not None and choices.channels:
        expected = schema["$defs"]["ExpectFile"]["properties"]
        _choose(expected["channel"], sorted(choices.channels))
    return schema


def _choose(schema: dict[str, Any], names: list[str]) -> None:
    """Take these names alone, also where several may stand in a list."""
    schema.pop("examples", None)  # of other projects
    if "anyOf" in schema:
        for each in schema["anyOf"]:
            _choose(each, names)
    elif schema.get("type") == "array":
        _choose(schema["items"], names)
    else:
        schema["enum"] = names


def company_schema() -> dict[str, Any]:
    """The JSON Schema of outreach.yaml."""
    return schema_of(CompanyFile, "The rules of the company")


def schema_of(model: type[FileModel], title: str) -> dict[str, Any]:
    """The JSON Schema of a kind of file."""
    schema = model.model_json_schema(by_alias=True, schema_generator=_ForWriters)
    return {"$schema": DRAFT, **schema, "title": title}
