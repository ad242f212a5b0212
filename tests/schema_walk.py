"""What may be written in a file by its JSON Schema: every key, every value of a choice, every form.

A place is a path of keys, `[]` for what stands in a list: `steps[].when`. A value of a choice is
`status=draft`; where a key takes several kinds, each is a place of its own: `audience:string`.
"""

from collections.abc import Iterator, Mapping
from typing import Any


def places(schema: Mapping[str, Any]) -> set[str]:
    """Every place of a schema; of one that stands in itself only the first time."""
    return set(_below(schema, schema, "", ()))


def _below(
    root: Mapping[str, Any], schema: Mapping[str, Any], path: str, within: tuple[str, ...]
) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name not in within:
            yield from _below(root, root["$defs"][name], path, (*within, name))
        return
    forms = schema.get("anyOf") or schema.get("oneOf")
    if forms:
        for each in forms:
            if (kind := _kind(root, each)) is not None:  # else it only says which keys are needed
                yield f"{path}:{kind}"
            yield from _below(root, each, path, within)
    for value in [schema["const"]] if "const" in schema else schema.get("enum", ()):
        yield f"{path}={value}"
    if "items" in schema:
        yield from _below(root, schema["items"], f"{path}[]", within)
    for key, each in schema.get("properties", {}).items():
        inner = f"{path}.{key}" if path else key
        yield inner
        yield from _below(root, each, inner, within)
    named = schema.get("additionalProperties")
    if isinstance(named, Mapping):
        yield f"{path}.*"
        yield from _below(root, named, f"{path}.*", within)


def _kind(root: Mapping[str, Any], schema: Mapping[str, Any]) -> str | None:
    if "$ref" in schema:
        return _kind(root, root["$defs"][schema["$ref"].rsplit("/", 1)[1]])
    return str(schema["type"]) if "type" in schema else None
