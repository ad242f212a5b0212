"""What may be written in a file by its JSON Schema: every key, every value of a choice, every form.

A place is a path of keys, `[]` for what stands in a list: `steps[].when`. A value of a choice, or of
words that a pattern names, is `status=draft`, `cadence[].per=calendar week`; where a key takes several kinds, each is a place of its own: `audience:string`.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

_ALTERNATIVES = re.compile(r"\|(?![^(]*\))")  # of a pattern, outside of its groups
_CHOICE = re.compile(r"\(([a-z|]+)\)")


def places(schema: Mapping[str, Any]) -> set[str]:
    """Every place of a schema; what stands in several, as a step does, where it stands first."""
    found: set[str] = set()
    known: set[str] = set()
    waiting = deque([("", schema)])
    while waiting:
        path, each = waiting.popleft()
        if "$ref" in each:
            name = each["$ref"].rsplit("/", 1)[1]
            if name not in known:
                known.add(name)
                waiting.append((path, schema["$defs"][name]))
            continue
        found |= set(_forms(schema, path, each))
        for inner, below in _below(path, each):
            waiting.append((inner, below))
            found |= {inner} - {path, f"{path}[]"}
    return found


def _forms(root: Mapping[str, Any], path: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """The kinds of value that a place takes, where it takes several, and the values of a choice."""
    forms = schema.get("anyOf", schema.get("oneOf", ()))
    kinds = {_kind(root, each) for each in forms} - {None}  # some only say which keys are needed
    if len(kinds) > 1:
        yield from (f"{path}:{kind}" for kind in kinds)
    for value in [schema["const"]] if "const" in schema else schema.get("enum", ()):
        yield f"{path}={value}"
    for words in _words(schema.get("pattern", "")):
        yield f"{path}={words}"


def _words(pattern: str) -> Iterator[str]:
    """What a pattern says in words: `calendar week`, `all_day`."""
    inside = pattern.removeprefix("^").removesuffix("$").removeprefix("(").removesuffix(")")
    for each in _ALTERNATIVES.split(inside):
        parts = _CHOICE.split(each.replace(r"\s+", " "))
        if re.fullmatch("[a-z_]+ ?", parts[0]):
            choices = [part.split("|") for part in parts]
            yield from ("".join(chosen) for chosen in product(*choices))


def _below(path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The next schemas below one, with their paths."""
    for each in schema.get("anyOf", schema.get("oneOf", ())):
        yield path, each
    if "items" in schema:
        yield f"{path}[]", schema["items"]
    for key, each in schema.get("properties", {}).items():
        yield f"{path}.{key}" if path else key, each
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield f"{path}.*", schema["additionalProperties"]


def _kind(root: Mapping[str, Any], schema: Mapping[str, Any]) -> str | None:
    if "$ref" in schema:
        return _kind(root, root["$defs"][schema["$ref"].rsplit("/", 1)[1]])
    return str(schema["type"]) if "type" in schema else None
