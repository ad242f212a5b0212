"""Whether the variants that a campaign compares are there, and differ."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta

from outreach.campaign.experiment import Measure
from outreach.campaign.model import TRIGGERED
from outreach.campaign.steps_file import parse_template
from outreach.documents import Document, Path, RefusalError, did_you_mean
from outreach.errors import WARNING, Problem
from outreach.spans import parse_span

_ARMS: Path = ("experiment", "variants")
LONGEST = timedelta(days=7)  # for which others wait for a winner
_BY_CALENDAR = ("cron", "every", "at", "manual")  # what comes for everybody at one time


def variant_problems(document: Document, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Variants without a file of their own, of which there may be one; and a winner of no test."""
    yield from _unfit_winner(document)
    names = variant_names(document)
    own = {name: list(own_files(document, files, name)) for name in names}
    bare = [name for name in names if not own[name]]
    if len(bare) > 1:
        for name in bare if len(bare) < len(names) else bare[1:]:
            yield _no_files(document, files, name)


def namesakes_left(document: Document, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Warnings of files that a variant replaces for some readers, while others read all arms' one."""
    for name in variant_names(document):
        yield from _namesakes_left(files, list(own_files(document, files, name)), name)


def variant_names(document: Document) -> list[str]:
    """The variants as they are written; none where that can not be read."""
    written = document.get(_ARMS)
    return [str(name) for name in written] if isinstance(written, dict) else []


def template_folders(document: Document) -> list[str]:
    """The folders of the templates that the steps name, wherever in `steps` they do."""
    return list(dict.fromkeys(_folders_in(document.get(("steps",)))))


def _folders_in(written: object) -> Iterator[str]:
    if isinstance(written, list):
        for each in written:
            yield from _folders_in(each)
    elif isinstance(written, dict):
        template = written.get("template")
        if isinstance(template, str):
            with suppress(RefusalError):  # told by the campaign's own check
                yield f"templates/{parse_template(template.strip())}"
        for value in written.values():
            yield from _folders_in(value)


def own_files(document: Document, files: Mapping[str, bytes], variant: str) -> Iterator[str]:
    """The files that a variant has of its own, in any template of the campaign."""
    folders = tuple(f"{folder}/{variant}/" for folder in template_folders(document))
    return (path for path in sorted(files) if path.startswith(folders))


def _no_files(document: Document, files: Mapping[str, bytes], name: str) -> Problem:
    folders = template_folders(document)
    there = {
        path.removeprefix(f"{folder}/").partition("/")[0]
        for folder in folders
        for path in files
        if path.startswith(f"{folder}/") and "/" in path.removeprefix(f"{folder}/")
    }
    message = f"the variant `{name}` is the same as another: it has no file of its own"
    hint = did_you_mean(name, there - set(variant_names(document)))
    if not hint:
        hint = f"write what differs into `{folders[0]}/{name}/`" if folders else "write one"
    return document.problem((*_ARMS, name), "no-variant", message, hint, key=True)


def _namesakes_left(files: Mapping[str, bytes], own: list[str], name: str) -> Iterator[Problem]:
    for stem, paths in _by_stem(own, name).items():
        folder, _, known = stem.rpartition("/")
        of_all = {
            path
            for path in files
            if path.rpartition("/")[0] == folder and _stem(path.rpartition("/")[2]) == known
        }
        left = sorted(of_all - {path.replace(f"/{name}/", "/", 1) for path in paths})
        if left:
            shown = ", ".join(f"`{path.rpartition('/')[2]}`" for path in left)
            message = f"{shown} of `{folder}` is read in the variant `{name}` as in the others"
            hint = f"add it to `{folder}/{name}/`, or those who read it are compared with no difference"
            yield Problem(paths[0], 0, 0, f"{WARNING}same-in-variants", message, hint)


def _by_stem(own: list[str], name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in own:
        folder, _, file_name = path.replace(f"/{name}/", "/", 1).rpartition("/")
        found.setdefault(f"{folder}/{_stem(file_name)}", []).append(path)
    return found


def _stem(file_name: str) -> str:
    return file_name.partition(".")[0]


def _unfit_winner(document: Document) -> Iterator[Problem]:
    """A winner that nobody could be the winner of, or for whom others would wait in vain."""
    path: Path = ("experiment", "winner")
    if not document.has(path):
        return
    if not _is_journey(document):
        yield from _unfit_in_a_run(document, path)
    if document.get((*path, "by")) == Measure.GOAL and not document.has(("goal",)):
        hint = "add one: `goal: {when: \"count('order', since=entered_at) > 0\", within: 7 days}`"
        yield document.problem((*path, "by"), "bad-value", "there is no `goal` to choose by", hint)


def _is_journey(document: Document) -> bool:
    """Whether customers come in one by one, or know several steps: nobody waits for a winner there."""
    ways = (("steps", 1), ("exit",), *(("schedule", each) for each in TRIGGERED))
    comes_again = document.get(("reentry",)) in (None, "always")
    return not comes_again or any(map(document.has, ways))


def _unfit_in_a_run(document: Document, path: Path) -> Iterator[Problem]:
    """No run has everybody in it at one time, or they would wait for too long."""
    schedule = document.get(("schedule",))
    kinds = schedule.keys() if isinstance(schedule, dict) else ()
    if schedule is not None and not any(kind in kinds for kind in _BY_CALENDAR):
        message = (
            "a winner is chosen among those who get it at one time, and here each has their own"
        )
        hint = "take `winner` out: each variant goes to its share"
        yield document.problem(path, "bad-value", message, hint, key=True)
    after = document.get((*path, "after"))
    with suppress(ValueError):
        if isinstance(after, str) and parse_span(after) > LONGEST:
            message = "the others would wait for longer than a week"
            yield document.problem((*path, "after"), "bad-value", message, "at most `7 days`")
