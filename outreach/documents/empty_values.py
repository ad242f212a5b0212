"""Keys with nothing behind them."""

from collections.abc import Iterator

from outreach.documents.document import Document, Path, Tree
from outreach.documents.fields import FileModel, keys_of, model_at
from outreach.errors import Problem


def empty(document: Document, path: Path, model: type[FileModel]) -> Problem:
    """A problem for a key, or a `-`, that is followed by nothing."""
    message, hint = f"{called(path)} is empty", "write a value, or take it out"
    if beside := _beside(document, path, model):
        message = f"{called(path)} is empty: `{beside}` stands beside it, not under it"
        hint = "indent what belongs under it by two spaces, or take it out"
    return document.problem(path, "empty-value", message, hint)


def _beside(document: Document, path: Path, model: type[FileModel]) -> str:
    """The key right below an empty one, in the same column, if it may be meant to stand in it."""
    around, owner = document.get(path[:-1]), model_at(model, path, document.value)
    if not isinstance(around, dict) or owner is None:
        return ""
    keys = list(around)
    following = keys[keys.index(str(path[-1])) + 1 :][:1]
    if not following or following[0] not in keys_of(owner):
        return ""
    line, column = document.place(path, key=True)
    below, beside = document.place((*path[:-1], following[0]), key=True)
    return following[0] if below > line and beside == column else ""


def empty_values(value: Tree, path: Path) -> Iterator[Path]:
    """Paths at which a key or a `-` is followed by nothing."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from empty_values(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from empty_values(each, (*path, index))


def called(path: Path) -> str:
    """What a path is called in a message: its last key, with the number of the item in a list."""
    for length in range(len(path), 0, -1):
        key = path[length - 1]
        if isinstance(key, str):
            item = next((part for part in path[length:] if isinstance(part, int)), None)
            return f"`{key}`" if item is None else f"item {item + 1} of `{key}`"
    return "the file" if not path else f"item {int(path[0]) + 1}"
