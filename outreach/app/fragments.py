"""What can be read of files at fault: so that one fault hides no other."""

from collections.abc import Collection, Iterator, Mapping

from outreach.campaign.campaign_file import EVERYONE
from outreach.campaign.joined import several
from outreach.campaign.model import (
    Campaign,
    Expression,
    Schedule,
    ScheduleKind,
    Selection,
    Step,
)
from outreach.documents import Document, Path, RefusalError, load
from outreach.settings.company import ATTRIBUTE_TYPES, SIX_STAGE, Brand, Company
from outreach.settings.company_file import COMPANY_FILE
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
    """Every expression of a campaign's file, with its place."""
    steps = document.get(("steps",))
    paths: list[Path] = [("audience",), ("audience", "where")]
    paths += [("audience", "exclude"), ("audience", "exclude", "where")]
    paths += [("steps", n, "when") for n in range(len(steps) if isinstance(steps, list) else 0)]
    for path in paths:
        written = document.get(path)
        if isinstance(written, str) and written.strip() not in ("", EVERYONE):
            yield Expression.at(document.file, document.passage(path))


def stages_in(document: Document) -> Iterator[tuple[Path, str]]:
    """Every stage that a campaign's audience names, with where it stands."""
    for path in (("audience", "stage"), ("audience", "exclude", "stage")):
        written = document.get(path)
        if isinstance(written, str) and not several(written):
            yield path, written
        elif isinstance(written, list):
            yield from (
                ((*path, n), each) for n, each in enumerate(written) if isinstance(each, str)
            )


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
