"""Whether the template files that a campaign's step names are there."""

import re
from collections.abc import Iterator, Mapping

from outreach.campaign.laid_out import message_paths
from outreach.campaign.load import channel_paths
from outreach.campaign.project import campaign_files
from outreach.campaign.steps_file import parse_template
from outreach.campaign.variant_files import template_folders, variant_names
from outreach.documents import Document, Path, RefusalError, did_you_mean, load
from outreach.errors import Problem

# For each channel: groups of names, of each of which one must be there.
NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "email": (("subject.txt",), ("body.html", "body.mjml", "body.txt")),
    "sms": (("sms.txt",),),
    "task": (("task.txt",),),
}
_LOCALE = re.compile(r"\.[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*(?=\.[a-z]+$)")


def missing_templates(document: Document, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Problems of a campaign whose template, or a file of it that a channel needs, is not there.

    A variant for one language will do here; whether every language finds one is seen when the
    templates are read.
    """
    for step in message_paths(document):
        yield from _missing_of(document, step, files)


def _missing_of(document: Document, step: Path, files: Mapping[str, bytes]) -> Iterator[Problem]:
    path: Path = (*step, "template")
    written = document.get(path)
    if not isinstance(written, str):
        return
    try:
        folder = f"templates/{parse_template(written.strip())}"
    except RefusalError:
        return  # told by the campaign's own check
    names = _names_in(folder, files)
    whole = [names | _names_in(f"{folder}/{each}", files) for each in variant_names(document)]
    whole = whole or [names]
    if not any(whole):
        hint = did_you_mean(written, template_names(files)) or _to_make(document, step)
        yield document.problem(path, "no-template", f"there is no folder `{folder}`", hint)
        return
    for channel in dict.fromkeys(str(document.get(each)) for each in channel_paths(document, step)):
        groups = NEEDED.get(channel, ())
        for group in groups:
            if not all(each & set(group) for each in whole):
                yield _missing_file(document, path, folder, channel, group)


def missing_attachments(document: Document, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Problems of attachments that no template of the campaign has."""
    written = document.get(("attachments",))
    folders = [f"templates/{each.strip()}/" for each in _named_in(document.get(("steps",)))]
    there = {
        _LOCALE.sub("", path.removeprefix(folder).removeprefix("attachments/"))
        for folder in (*folders, "templates/_base/")
        for path in files
        if path.startswith(folder)
    }
    items = written if isinstance(written, list) else [written]
    for place, item in enumerate(items):
        name = item.get("file") if isinstance(item, dict) else item
        if isinstance(name, str) and name not in there and _LOCALE.sub("", name) not in there:
            at: Path = ("attachments", place) if isinstance(written, list) else ("attachments",)
            at = (*at, "file") if isinstance(item, dict) else at
            hint = did_you_mean(name, there) or f"put it into `{folders[0]}`" if folders else ""
            yield document.problem(at, "no-file", f"there is no file `{name}`", hint)


def _named_in(steps: object) -> Iterator[str]:
    """The templates of steps, as deep as they stand."""
    if isinstance(steps, list):
        for each in steps:
            yield from _named_in(each)
    elif isinstance(steps, dict):
        if isinstance(steps.get("template"), str):
            yield steps["template"]
        for each in steps.values():
            yield from _named_in(each)


def _to_make(document: Document, step: Path) -> str:
    channels = dict.fromkeys(str(document.get(each)) for each in channel_paths(document, step))
    names = [f"`{' or '.join(group)}`" for each in channels for group in NEEDED.get(each, ())]
    names = [name.replace(" or ", "` or `") for name in names]
    return f"make the folder, with {', '.join(names)} in it" if names else "make the folder"


def _missing_file(
    document: Document, path: Path, folder: str, channel: str, group: tuple[str, ...]
) -> Problem:
    wanted = " or ".join(f"`{folder}/{name}`" for name in group)
    message = f"channel `{channel}` needs {wanted}"
    return document.problem(path, "no-template", message, "write it, or take the channel out")


def _names_in(folder: str, files: Mapping[str, bytes]) -> set[str]:
    """Names of the files right in a folder, without their languages."""
    parts = (path.rpartition("/") for path in files)
    return {_LOCALE.sub("", name) for parent, _, name in parts if parent == folder}


def template_names(files: Mapping[str, bytes]) -> set[str]:
    """The folders under templates/ that a step may name."""
    folders = {path.rpartition("/")[0] for path in files if path.startswith("templates/")}
    names = {folder.removeprefix("templates/") for folder in folders if folder != "templates"}
    return {name for name in names if not name.startswith("_")}


def templates_to_offer(files: Mapping[str, bytes]) -> set[str]:
    """The same without the folders in templates that hold variants, attachments or parts."""
    documents = (load(path, files[path])[0] for _, path in campaign_files(files))
    offered = {name for name in template_names(files) if "/" not in name or _is_whole(name, files)}
    for document in filter(None, documents):
        folders = [each.removeprefix("templates/") for each in template_folders(document)]
        variants = {f"{name}/{each}" for name in folders for each in variant_names(document)}
        if offered & variants:
            offered = offered - variants | {each.rpartition("/")[0] for each in offered & variants}
    return offered


def _is_whole(name: str, files: Mapping[str, bytes]) -> bool:
    """Whether a folder holds all that a message on some channel needs."""
    there = _names_in(f"templates/{name}", files)
    return any(all(there & set(group) for group in groups) for groups in NEEDED.values())
