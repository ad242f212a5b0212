"""Worked examples of what may be written in a project's files: what each key and value changes.

An example of `tests/keys/<subject>/*.yaml` is a small project and what is done with it. What comes of it
must be what `expect` says, and something else once a place that the example `shows` is taken out of
its subject's file, or holds what `instead` says.
"""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from meanings import Loader, laid_over

FOLDER = Path(__file__).parent / "keys"
SUBJECTS = ("campaign", "company", "lifecycle")
AS_A_WHOLE = ("schedule", "steps", "audience")  # two kinds of one would be refused
_STEP = re.compile(r"[^.\[\]]+|\[\]")


@dataclass(frozen=True, slots=True)
class Shown:
    """One place that an example shows; `instead` is what stands there otherwise, if anything.

    `at` is the key that the last `*` stands for; left out: every one.
    """

    place: str
    instead: Any = None
    at: str | None = None

    @property
    def path(self) -> str:
        """The place without the value or kind."""
        return re.split(r"[=:]", self.place, maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class Example:
    """One example; `given` holds what the base of all examples and of its file do not say."""

    subject: str
    file: str
    name: str
    shows: tuple[Shown, ...]
    given: Mapping[str, Any] = field(repr=False)
    expect: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}-{self.name}"

    def without(self, shown: Shown) -> dict[str, Any]:
        """What is given, a place of the subject's file taken out, or holding something else."""
        return {**self.given, self.subject: without(self.given[self.subject], shown)}


def examples(*subjects: str) -> list[Example]:
    """Every example about some subjects, in order."""
    base = _read(FOLDER / "_given.yaml")
    return [
        _example(subject, path.stem, base, each)
        for subject in subjects
        for path in sorted((FOLDER / subject).glob("*.yaml"))
        for each in _read(path)
    ]


def _read(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader)


def _example(
    subject: str, file: str, base: Mapping[str, Any], written: Mapping[str, Any]
) -> Example:
    each = dict(written)
    name, shows, expect = each.pop("name"), each.pop("shows"), each.pop("expect")
    if unknown := set(each) - set(base):
        raise ValueError(f"{file}: {name}: {sorted(unknown)} mean nothing here")
    shown = [Shown(one) if isinstance(one, str) else Shown(**one) for one in shows]
    given = laid_over(base, each)
    given |= {kind: _written(given[kind]) for kind in SUBJECTS}
    for key in AS_A_WHOLE:
        if key in each.get("campaign", {}):
            given["campaign"][key] = each["campaign"][key]
    return Example(subject, file, name, tuple(shown), given, tuple(expect))


def _written(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Without what an example takes out of the base, by writing null."""
    return {
        key: _written(value) if isinstance(value, dict) else value
        for key, value in keys.items()
        if value is not None
    }


def values_at(written: Mapping[str, Any], shown: Shown) -> set[str]:
    """What a file holds at a place, as text."""
    return {str(parent[key]) for parent, key in _found(written, shown)}


def without(written: Mapping[str, Any], shown: Shown) -> dict[str, Any]:
    """A file with a place taken out of it, or with what stands there instead."""
    changed = copy.deepcopy(dict(written))
    for parent, key in reversed(_found(changed, shown)):
        if shown.instead is None:
            del parent[key]
        else:
            parent[key] = shown.instead
    return changed


def _found(written: Mapping[str, Any], shown: Shown) -> list[tuple[Any, Any]]:
    """What holds a place, and by which key or number."""
    found: list[tuple[Any, Any]] = [({"": written}, "")]
    parts = _STEP.findall(shown.path)
    last = max((place for place, part in enumerate(parts) if part == "*"), default=None)
    for place, part in enumerate(parts):
        held = [parent[key] for parent, key in found]
        if part == "[]":
            found = [(each, n) for each in held if isinstance(each, list) for n in range(len(each))]
        elif part == "*":
            maps = [each for each in held if isinstance(each, dict)]
            only = shown.at if place == last else None
            found = [(each, key) for each in maps for key in each if only in (None, key)]
        else:
            found = [(each, part) for each in held if isinstance(each, dict) and part in each]
    if not found:
        raise ValueError(f"{shown.place} is not written")
    return found
