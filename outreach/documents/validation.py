"""Pydantic models for files: every error of a document at its place, in plain words."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from outreach.documents.document import Document, Path, Tree
from outreach.documents.empty_values import called, empty, empty_values
from outreach.documents.fields import FileModel, examples_of, keys_of, model_at
from outreach.documents.guesses import closest, did_you_mean
from outreach.documents.slips import HARD_SPACE, missing_space
from outreach.errors import Problem

M = TypeVar("M", bound="FileModel")
LATER = "not-supported"


class RefusalError(ValueError):
    """Raised when a validator refuses what is written; `at` leads from there to the faulty key.

    With `key` it is the key itself that is at fault, whatever stands behind it.
    """

    def __init__(
        self, message: str, hint: str = "", code: str = "bad-value", at: Path = (), *,
        key: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.at = at
        self.key = key


def validate(document: Document, model: type[M]) -> tuple[M | None, list[Problem]]:
    """The document as `model`, or None and everything that is wrong with it, in order of place."""
    errors: list[ErrorDetails] = []
    found: M | None = None
    try:
        found = model.model_validate(document.value)
    except ValidationError as error:
        errors = [_without_tags(each) for each in error.errors(include_url=False)]
    problems = list(_problems(document, model, errors))
    told = {_path(document, error) for error in errors}
    for path in empty_values(document.value, ()):
        if path not in told:
            problems.append(empty(document, path, model))
    return (None if problems else found), sorted(set(problems))


def _without_tags(error: ErrorDetails) -> ErrorDetails:
    """The same without the marks by which pydantic tells the kinds of an item apart."""
    path = tuple(
        part for part in error["loc"] if not (isinstance(part, str) and _TAG.fullmatch(part))
    )
    return {**error, "loc": path}


def _problems(
    document: Document, model: type[FileModel], errors: list[ErrorDetails]
) -> Iterator[Problem]:
    explained: set[Path] = set()  # keys whose absence another problem accounts for
    emptied: set[Path] = set()  # groups whose keys lost their indentation
    for error in errors:
        if error["type"] == "extra_forbidden":
            path = _path(document, error)
            owner = model_at(model, path[:-1], document.value)
            key = str(path[-1]).partition(":")[0].strip(f"-{HARD_SPACE}")
            meant = None if owner is None else closest(key, keys_of(owner))
            if owner is not None and (
                group := _left_empty(document, owner.elsewhere.get(key, ""), path)
            ):
                emptied.add((group,))
            if owner is not None and path[-1] in owner.later:
                explained |= {(*path[:-1], key) for key in keys_of(owner)}
            elif meant is not None:
                explained.add((*path[:-1], meant))
            yield _unknown_key(document, owner, path)
    for error in errors:
        if error["type"] == "missing":
            if error["loc"] not in explained:
                yield _missing(document, model, error["loc"])
        elif error["type"] != "extra_forbidden" and _path(document, error) not in emptied:
            yield _bad_value(document, model, error)


def _unknown_key(document: Document, owner: type[FileModel] | None, path: Path) -> Problem:
    key = str(path[-1])
    if owner is not None and key in owner.later:
        hint = owner.meanwhile.get(key, "take it out for now")
        return document.problem(path, LATER, f"`{key}` is not supported yet", hint, key=True)
    hint = ""
    if owner is not None:
        listing = "the keys here are"
        hint = missing_space(key) or owner.elsewhere.get(key, "")
        if (group := _left_empty(document, hint, path)) is not None:
            hint = f"it belongs under `{group}`; indent it by two spaces"
        hint = hint or _after_comma(document, path)
        hint = hint or did_you_mean(key, keys_of(owner), listing=listing)
    return document.problem(path, "unknown-key", f"unknown key `{key}`", hint, key=True)


def _after_comma(document: Document, path: Path) -> str:
    """A hint for what stands behind a comma in `{ }` without a `:`, where no new key was meant."""
    line, column = document.place(path, key=True)
    lines = document.text.split("\n")
    if line > len(lines):  # YAML knows other ends of lines as well
        return ""
    key, rest = str(path[-1]), lines[line - 1][column - 1 :]
    around = document.get(path[:-1])
    if not isinstance(around, dict) or rest[len(key) :].lstrip()[:1] not in (",", "}"):
        return ""
    keys = list(around)
    before = keys[keys.index(key) - 1] if keys.index(key) else ""
    written = around.get(before)
    if not before or written is None or isinstance(written, dict):
        return ""
    if key.isdigit():
        return f"between `{{ }}` a `,` begins a new key: write `{before}: {written}{key}`"
    if str(written).count("(") > str(written).count(")"):
        whole = f"{written}, {key}".replace('"', "'")
        return f'put all of it in quotes: `{before}: "{whole}"`'
    first = ", ".join(map(str, written)) if isinstance(written, list) else written
    return f"several values need brackets: `{before}: [{first}, {key}]`"


def _left_empty(document: Document, hint: str, path: Path) -> str | None:
    """The group that a key belongs under, if the group is written and has nothing in it."""
    match = _UNDER.match(hint)
    empty = match and document.has((match[1],)) and document.get((match[1],)) is None
    return match[1] if match and empty and len(path) == 1 else None


def _missing(document: Document, model: type[FileModel], path: Path) -> Problem:
    owner = model_at(model, path[:-1], document.value)
    key = str(path[-1])
    examples = examples_of(owner, key) if owner else []
    hint = f"write for example `{_as_yaml({key: examples[0]})}`" if examples else f"add `{key}:`"
    return document.problem(path[:-1], "missing", f"`{key}` is missing", hint, key=True)


def _bad_value(document: Document, model: type[FileModel], error: ErrorDetails) -> Problem:
    path = _path(document, error)
    written = document.get(path)
    if written is None:
        return empty(document, path, model)
    cause = error.get("ctx", {}).get("error")
    code = "bad-value"
    if isinstance(cause, RefusalError):
        path, code = (*path, *cause.at), cause.code
        message, hint = cause.message, cause.hint
        written = document.get(path)
    elif isinstance(cause, ValueError):
        message, _, hint = str(cause).partition("; ")
    else:
        message, hint = _in_plain_words(error, called(path), written)
        if error["type"] == "string_type":
            hint = hint or _as_text(document, path)
    at_key = isinstance(written, dict) or error["loc"][-1:] == ("[key]",)
    at_key = at_key or (isinstance(cause, RefusalError) and cause.key)
    return document.problem(path, code, message, hint, key=at_key)


def _in_plain_words(error: ErrorDetails, name: str, written: Tree) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "string_type" and isinstance(written, bool | int | Decimal):
        shown = str(written).lower() if isinstance(written, bool) else str(written)
        return f"{name} must be text, not {_kind(written)}", f'put it in quotes: "{shown}"'
    if kind.startswith("bool") and (meant := _YES_NO.get(str(written).lower())):
        return f"{name} must be `true` or `false`, not {_kind(written)}", f"write `{meant}`"
    if kind.startswith("int") and isinstance(written, str) and _LONG.fullmatch(written):
        return f"{name} is too large a number", "write at most 18 digits"
    for start, wanted, hint in _WANTED:
        if kind.startswith(start):
            return f"{name} must be {wanted}, not {_kind(written)}", hint
    if kind in ("enum", "literal_error"):
        choices = context["expected"].replace("'", "`").replace(" or ", ", ")
        words = [word.strip("` ") for word in choices.split(",")]
        hint = did_you_mean(str(written), words, listing="it can be")
        return f"{name} can not be `{written}`", hint
    if kind in _BOUNDS:
        words_of, key = _BOUNDS[kind]
        return f"{name} is {written}", f"it must be {words_of} {context[key]}"
    if kind == "too_short":
        return f"{name} has nothing in it", "write at least one"
    return f"{name}: {error['msg'][:1].lower()}{error['msg'][1:]}", "see the example in docs/"


def _as_text(document: Document, path: Path) -> str:
    """A hint for a list or a group where a text belongs: a template's braces most of all."""
    line, column = document.place(path)
    rest = "".join(document.text.split("\n")[line - 1 : line])[column - 1 :]
    if match := _BRACES.match(rest):
        return f"take the braces off: write `{match[1]}`; or put the text in quotes"
    return "write one text, in quotes if it begins with `[` or `{`"


_BRACES = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_TAG = re.compile(r"<\w+>")
_UNDER = re.compile(r"it belongs under `(\w+)`")
_LONG = re.compile(r"-?[1-9]\d{18,}", re.ASCII)  # scalars reads no number of more digits
_YES_NO = {
    **dict.fromkeys(("yes", "y", "on", "ja", "1", "true"), "true"),
    **dict.fromkeys(("no", "n", "off", "nein", "0", "false"), "false"),
}
_WANTED = (
    ("string", "text", ""),
    ("int", "a whole number", "write for example `50`"),
    ("bool", "`true` or `false`", "write one of them"),
    ("decimal", "a number", "write for example `0.05`"),
    ("is_instance", "a number", "write for example `0.05`"),
    ("tuple", "a list", "write `[one, two]`, or a line beginning with `- ` for each"),
    ("list", "a list", "write `[one, two]`, or a line beginning with `- ` for each"),
    ("dict", "a group of keys", "write each as `key: value` on its own line, indented"),
    ("model", "a group of keys", "write each as `key: value` on its own line, indented"),
)
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def _kind(value: Tree) -> str:
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, int | Decimal):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "a group of keys"


def _path(document: Document, error: ErrorDetails) -> Path:
    """Pydantic's `loc` as far as the document has it; an unknown key is always there."""
    path: Path = ()
    for part in error["loc"]:
        if not document.has((*path, part)):
            break
        path = (*path, part)
    return path


def _as_yaml(value: dict[str, Any]) -> str:
    flow = yaml.safe_dump(value, default_flow_style=True, width=1000, sort_keys=False)
    return flow.strip().removeprefix("{").removesuffix("}")
