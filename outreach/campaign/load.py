"""A campaign's file as a `Campaign`, or every problem of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from outreach.campaign.campaign_file import CampaignFile
from outreach.campaign.feasts import feast_names, is_known, key_of
from outreach.campaign.known import Known
from outreach.campaign.laid_out import Layout, layout_faults, message_paths
from outreach.campaign.model import (
    Campaign,
    Expression,
    Goal,
    Place,
    Schedule,
    ScheduleKind,
    Selection,
)
from outreach.campaign.schedule_file import COMPANY
from outreach.campaign.steps_file import is_one_step
from outreach.campaign.triggers import Reentry, ReentryKind
from outreach.documents import Document, Path, did_you_mean, load, validate
from outreach.documents.validation import LATER
from outreach.errors import Problem
from outreach.settings.company import Company
from outreach.settings.joined import several
from outreach.settings.rules_file import ADD_TASK, unknown_name, unknown_names
from outreach.settings.selection_file import SelectionFile
from outreach.vocabulary import WRITTEN_TASKS

LATER_CHANNELS = frozenset({*WRITTEN_TASKS, "whatsapp", "push"})
USUAL_SPAN = timedelta(days=30)  # of `on_stage` and `idle`, until one may come in again
_DATE: Path = ("schedule", "on_date", "field")
_STAGE = ("schedule", "on_stage")
_FEAST: Path = ("schedule", "on_holiday", "name")
_ADD_TOPIC = "add it to `topics` in outreach.yaml"
_ADD_CHANNEL = "add it to `channels` in outreach.yaml"


def load_campaign(
    name: str, path_shown: str, content: bytes, company: Company | None
) -> tuple[Campaign | None, list[Problem]]:
    """The campaign `name` in the bytes of its file, or None and all that is wrong with it.

    Without a company (its own file is at fault) topics and channels are not looked up.
    """
    known = None if company is None else Known.of(company)
    return read_campaign(name, path_shown, content, known)[1:]


def read_campaign(
    name: str, path_shown: str, content: bytes, known: Known | None
) -> tuple[Document | None, Campaign | None, list[Problem]]:
    """As `load_campaign`, with the document for further checks."""
    document, problems = load(path_shown, content)
    if document is None:
        return None, None, problems
    file, faults = validate(document, CampaignFile)
    found = {*problems, *faults, *_dashed_step(document)}
    if known is not None:
        found |= {*_unknown_names(document, known), *_resent_advertising(document, known)}
        found |= {*_no_date(document, known), *_no_feast(document, known)}
    campaign = None if found or file is None else _campaign(name, file, document, known)
    return document, campaign, sorted(found)


def _dashed_step(document: Document) -> Iterator[Problem]:
    if is_one_step(document.get(("steps",))):
        message = "the step has a `-` before more than one of its lines"
        hint = "write `- ` only before `id`, and two spaces before the others"
        yield document.problem(("steps", 1), "bad-value", message, hint)
    else:
        yield from layout_faults(document)


def _unknown_names(document: Document, known: Known) -> Iterator[Problem]:
    if document.get(("topic",)) == "transactional" and "transactional" not in known.topics:
        message = "there is no topic `transactional`"
        yield document.problem(("topic",), "unknown-topic", message, _made_transactional(known))
    else:
        yield from unknown_name(document, ("topic",), "topic", known.topics, _ADD_TOPIC)
    yield from unknown_names(document, ("cadence",), "topic", known.topics, _ADD_TOPIC)
    yield from unknown_names(document, ("cadence",), "channel", known.channels, _ADD_CHANNEL)
    for path in channel_paths(document):
        written = str(document.get(path))
        if written in LATER_CHANNELS - known.channels:
            message = f"channel `{written}` is not supported yet"
            yield document.problem(path, LATER, message, _instead_of(written))
        else:
            add = ADD_TASK if written == "task" else _ADD_CHANNEL
            yield from unknown_name(document, path, "channel", known.channels, add)


def _instead_of(channel: str) -> str:
    if channel not in WRITTEN_TASKS:
        return "take it out for now"
    first_line = f"`{channel}: …` as the first line of `task.txt`"
    return f"for a person to do it write `channels: [task]`, and {first_line}; see docs/tasks.md"


def _made_transactional(known: Known) -> str:
    names = ", ".join(f"`{each}`" for each in sorted(known.transactional))
    there = f" one that is: {names}" if names else " `topic: …`"
    return f"a topic is made transactional in outreach.yaml; here write{there}"


def channel_paths(document: Document, step: Path | None = None) -> list[Path]:
    """Where channels of a step, of all steps else, are written: each of a list, or the one alone."""
    found: list[Path] = []
    for here in message_paths(document) if step is None else [step]:
        path: Path = (*here, "channels")
        written = document.get(path)
        if isinstance(written, list):
            found += [(*path, index) for index in range(len(written))]
        elif not several(written):
            found.append(path)
    return found


def _resent_advertising(document: Document, known: Known) -> Iterator[Problem]:
    advertising = str(document.get(("topic",))) in known.topics - known.transactional
    if advertising and document.get(("on_unknown",)) == "resend":
        message = "only a transactional topic may be sent again when nobody knows if it arrived"
        yield document.problem(("on_unknown",), "bad-value", message, "write `keep`")


def _no_date(document: Document, known: Known) -> Iterator[Problem]:
    """An attribute of another type, where a date is asked for."""
    path = _DATE
    name = document.get(path)
    kind = known.attributes.get(name) if isinstance(name, str) else None
    if kind is not None and kind != "date":
        dates = sorted(each for each, its in known.attributes.items() if its == "date")
        there = f": {', '.join(f'`{each}`' for each in dates)}" if dates else ""
        message = f"the attribute `{name}` is {kind}, not a date"
        hint = f"name `birthday`, a date that you import, or an attribute of the type `date`{there}"
        yield document.problem(path, "no-date", message, hint)


def _no_feast(document: Document, known: Known) -> Iterator[Problem]:
    name = document.get(_FEAST)
    if not isinstance(name, str) or is_known(name, known.feasts):
        return
    own = "name it under `feasts` in outreach.yaml with its days"
    hint = did_you_mean(name, [*known.feasts, *feast_names()])
    hint = f"{hint}; or {own}" if hint else own
    yield document.problem(_FEAST, "unknown-feast", f"no country has a feast `{name}`", hint)


def _campaign(name: str, file: CampaignFile, document: Document, known: Known | None) -> Campaign:
    written, experiment = file.audience.exclude, file.experiment
    exclude = None if written is None else _selection(written, document, ("audience", "exclude"))
    layout, schedule = Layout(document), _schedule(file, document, known)
    path = layout.way(file.steps)
    return Campaign(
        name=name,
        title=file.title or name,
        owner=file.owner,
        topic=file.topic,
        audience=_selection(file.audience, document, ("audience",)),
        schedule=schedule,
        steps=tuple(layout.steps),
        status=file.status,
        priority=file.priority,
        exclude=exclude,
        cadence=tuple(cap.cap() for cap in file.cadence),
        when_capped=file.when_capped,
        on_unknown=file.on_unknown,
        tracking=file.tracking(),
        holdout=(experiment.holdout or 0) if experiment else 0,
        variants=experiment.arms() if experiment else (),
        budget=file.budget,
        brake=file.brake or 0,
        approval=file.approval,
        winner=experiment.chosen() if experiment else None,
        attachments=tuple(each.attachment() for each in file.attachments),
        images=file.images or "",
        file=document.file,
        path=() if len(path) == 1 else path,
        exit=_expression(document, ("exit",)) if file.exit else None,
        goal=_goal(file, document),
        reentry=file.reentry or _usual_reentry(schedule),
        migrates=file.migrate is not None,
    )


def _usual_reentry(schedule: Schedule) -> Reentry:
    if schedule.kind in (ScheduleKind.ON_STAGE, ScheduleKind.IDLE):
        return Reentry(ReentryKind.AFTER, USUAL_SPAN)
    return Reentry()


def _goal(file: CampaignFile, document: Document) -> Goal | None:
    if file.goal is None:
        return None
    return Goal(_expression(document, ("goal", "when")), file.goal.within)


def _schedule(file: CampaignFile, document: Document, known: Known | None) -> Schedule:
    """The schedule, with what outreach.yaml says of company time and of a feast."""
    found = file.schedule.schedule()
    if found.timezone == COMPANY:
        found = replace(found, timezone="UTC" if known is None else known.timezone)
    event = file.schedule.on_event
    if found.on_event is not None and event is not None and event.where:
        where = _expression(document, ("schedule", "on_event", "where"))
        return replace(found, on_event=replace(found.on_event, where=where))
    if found.on_stage is not None:
        return replace(found, place=Place(document.file, *document.place(_STAGE)))
    if not found.is_of_days:
        return found
    path = _FEAST if found.on_holiday else _DATE
    found = replace(found, place=Place(document.file, *document.place(path)))
    if found.on_holiday is None or known is None:
        return found
    own = {key_of(name): days for name, days in known.feasts.items()}
    days = own.get(key_of(found.on_holiday.name), ())
    return replace(found, on_holiday=replace(found.on_holiday, own=days, home=known.country))


def _selection(file: SelectionFile, document: Document, path: Path) -> Selection:
    where = None
    if file.where is not None:
        alone = isinstance(document.get(path), str)  # the expression stands in the key's place
        where = _expression(document, path if alone else (*path, "where"))
    return Selection(
        stage=file.stage or (),
        tier=file.tier or (),
        owner=file.owner or (),
        tags=file.tags or (),
        country=file.country or (),
        locale=file.locale or (),
        where=where,
        place=_place(document, path),
    )


def _expression(document: Document, path: Path) -> Expression:
    return Expression.at(document.file, document.passage(path))


def _place(document: Document, path: Path) -> Place:
    return Place(document.file, *document.place(path, key=True))
