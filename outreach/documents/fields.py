"""The models of files: what they are made from, and which keys they have."""

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, ClassVar, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from outreach.documents.document import Path, Tree


class FileModel(BaseModel):
    """What may be written in a file or a part of it; keys it does not have are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        model_title_generator=lambda model: model.__name__.removesuffix("File"),
    )

    later: ClassVar[frozenset[str]] = frozenset()  # keys of the contract that are yet to come
    meanwhile: ClassVar[Mapping[str, str]] = {}  # what to write until then, for some of them
    elsewhere: ClassVar[Mapping[str, str]] = {}  # keys that belong elsewhere, and where
    told_by: ClassVar[str] = ""  # of several kinds of items: the key that this one is told by


def keys_of(model: type[FileModel]) -> list[str]:
    """The keys as they are written."""
    return [info.alias or name for name, info in model.model_fields.items()]


def examples_of(model: type[FileModel], key: str) -> list[Any]:
    """What may be written for a key."""
    for name, info in model.model_fields.items():
        if (info.alias or name) == key:
            return info.examples or []
    return []


def model_at(model: type[FileModel], path: Path, written: Tree = None) -> type[FileModel] | None:
    """The model of what stands at `path` in what is `written`; None when it is no model."""
    here: Any = model
    for part in path:
        written = _inside(written, part)
        if _is_model(here):
            fields = {info.alias or name: info for name, info in here.model_fields.items()}
            if part not in fields:
                return None
            here = _peel(fields[str(part)].annotation, written)
        else:  # the values of a dict, the items of a list
            arguments = [each for each in get_args(here) if each is not Ellipsis]
            here = _peel(arguments[-1], written) if arguments else None
    return here if _is_model(here) else None


def _inside(written: Tree, part: str | int) -> Tree:
    if isinstance(written, dict):
        return written.get(str(part))
    if isinstance(written, list) and isinstance(part, int) and part < len(written):
        return written[part]
    return None


def _is_model(annotation: Any) -> TypeGuard[type[FileModel]]:
    return isinstance(annotation, type) and issubclass(annotation, FileModel)


def _peel(annotation: Any, written: Tree) -> Any:
    """The type inside `Annotated[…]` and beside `None`; of several kinds the one that is written."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        parts = [each for each in get_args(annotation) if each is not type(None)]
        annotation = next((each for each in parts if _is_told(each, written)), parts[0])
    return annotation


def _is_told(annotation: Any, written: Tree) -> bool:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    told_by = annotation.told_by if _is_model(annotation) else ""
    return bool(told_by) and isinstance(written, dict) and told_by in written
