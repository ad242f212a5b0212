"""What can be read of files at fault: so that one fault hides no other."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from outreach.audience.names import Names, names_of
from outreach.campaign.laid_out import ids_in, items_in
from outreach.campaign.model import (
    TRIGGERED,
    Campaign,
    Expression,
    Schedule,
    ScheduleKind,
    Selection,
    Step,
)
from outreach.campaign.steps_file import is_moment
from outreach.documents import Document, Path, RefusalError, load
from outreach.settings.company import ATTRIBUTE_TYPES, SIX_STAGE, Brand, Company
from outreach.settings.company_file import COMPANY_FILE
from outreach.settings.joined import several
from outreach.settings.selection_file import EVERYONE
from outreach.settings.written import parse_name

_CHANNELS = {
    "email": ("subject.", "body."),
    "sms": ("sms.",),
    "task": ("task.",),
}  # by the names of its files


def company_as_read(content: bytes) -> Company | None:
    """The names that an outreach.yaml at fault gives; None where it can not be read at all."""
    document = load(COMPANY_FILE, content)[0]
    if document is None:
        return None
    attributes, locale = document.get(("attributes",)), document.get(("brand", "locale"))
    names = attributes if isinstance(attributes, dict) else {}
    main, further = document.get(("lifecycle",)), document.get(("lifecycles",))
    models = further.items() if isinstance(further, dict) else ()
    return Company(
        brand=Brand(name="?", locale=locale if isinstance(locale, str) else "en"),
        attributes={
            name: kind if isinstance(kind, str) and kind in ATTRIBUTE_TYPES else "text"
            for name, kind in names.items()
        },
        lifecycle=main if isinstance(main, str) and _is_name(main) else SIX_STAGE,
        lifecycles={
            name: model for name, model in models if isinstance(model, str) and _is_name(model)
        },
    )


def _is_name(written: str) -> bool:
    try:
        return bool(parse_name(written))
    except RefusalError:
        return False


def expressions_in(document: Document) -> Iterator[Expression]:
    """Every expression of a campaign's file, or of outreach.yaml, with its place."""
    paths: list[Path] = [("audience",), ("audience", "where")]
    paths += [("audience", "exclude"), ("audience", "exclude", "where")]
    paths += [("schedule", "on_event", "where"), ("exit",), ("goal", "when")]
    for here, item in items_in(document):
        paths.append((*here, "when"))
        until = document.get((*here, "wait", "until"))
        if isinstance(until, str) and not is_moment(until):
            paths.append((*here, "wait", "until"))
        ways = item.get("branch") if isinstance(item, dict) else None
        count = len(ways) if isinstance(ways, list) else 0
        paths += [(*here, "branch", number, "when") for number in range(count)]
    audiences = [("audience",), *_floors(document)]
    paths += [each for path in _floors(document) for each in (path, (*path, "where"))]
    for path in paths:
        written = document.get(path)
        empty = ("", EVERYONE) if path in audiences else ("",)
        if isinstance(written, str) and written.strip() not in empty:
            yield Expression.at(document.file, document.passage(path))


def names_as_read(document: Document, company: Company) -> Names:
    """The names that the expressions of a campaign's file may use, be it at fault elsewhere."""
    waits = tuple(name for path, name in ids_in(document) if path[-2] == "wait")
    items = sum(1 for _ in items_in(document))
    journey = (("exit",), ("goal",), ("reentry",), *(("schedule", each) for each in TRIGGERED))
    return replace(
        names_of(company),
        entered=items > 1 or any(map(document.has, journey)),
        happened=document.has(("schedule", "on_event")),
        steps=tuple(name for path, name in ids_in(document) if path[-2] != "wait"),
        waits=waits,
    )


def stages_in(document: Document) -> Iterator[tuple[Path, str]]:
    """Every stage that a campaign or a floor names, with where it stands."""
    paths: list[Path] = [("audience", "stage"), ("audience", "exclude", "stage")]
    paths += [("schedule", "on_stage", "enter"), ("schedule", "on_stage", "leave")]
    for path in (*paths, *((*floor, "stage") for floor in _floors(document))):
        written = document.get(path)
        if isinstance(written, str) and not several(written):
            yield path, written
        elif isinstance(written, list):
            yield from (
                ((*path, n), each) for n, each in enumerate(written) if isinstance(each, str)
            )


def _floors(document: Document) -> list[Path]:
    """Where the audiences of floors are written."""
    floors = document.get(("floors",))
    return [
        ("floors", n, "audience") for n in range(len(floors) if isinstance(floors, list) else 0)
    ]


def unused_templates(files: Mapping[str, bytes], used: Collection[str]) -> Iterator[Campaign]:
    """Templates that no campaign in order uses, each as a campaign that would send it."""
    folders: dict[str, set[str]] = {}
    for path in files:
        parts = path.split("/")
        if parts[0] == "templates" and len(parts) == 3 and not parts[1].startswith("_"):
            folders.setdefault(parts[1], set()).add(parts[2])
    for template, names in sorted(folders.items()):
        channels = tuple(
            channel
            for channel, stems in _CHANNELS.items()
            if any(name.startswith(stems) for name in names)
        )
        if template not in used and channels:
            yield _sending(template, channels)


def _sending(template: str, channels: tuple[str, ...]) -> Campaign:
    return Campaign(
        name=template,
        title=template,
        owner="",
        topic="",
        audience=Selection(),
        schedule=Schedule(ScheduleKind.MANUAL),
        steps=(Step("step", channels, template),),
    )
