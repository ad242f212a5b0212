"""What finds nobody in the database: told by `check`, no fault."""

import time as stopwatch
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.floor_audiences import about_nobody
from outreach.app.kept import Kept
from outreach.app.unagreed import without_consent, without_phone
from outreach.app.unknown_fields import unknown_fields
from outreach.app.unmet_dates import unmet_date, unmet_feast, unmet_workday
from outreach.app.unmet_stage import unmet_stage
from outreach.app.unread_languages import unread_languages
from outreach.audience import presence
from outreach.audience.check import KEYS, dates_named, kinds_named, literal_comparisons
from outreach.audience.names import BIRTHDAY, Kind, names_in, names_of
from outreach.audience.row import Row
from outreach.audience.slips import for_stop
from outreach.campaign.model import Campaign, Expression, Place, Selection
from outreach.documents import closest, did_you_mean, load
from outreach.errors import WARNING, Problem
from outreach.lifecycle.load import load_lifecycles
from outreach.lifecycle.model import Lifecycle, Lifecycles
from outreach.rendering.check import compared_in
from outreach.rendering.compared import Compared
from outreach.rendering.compiled import Compiled
from outreach.rendering.compiling import compile_step
from outreach.rendering.context import context_names
from outreach.rendering.made_up import called_in
from outreach.store.engine import reading
from outreach.store.events import is_any_of_kind, recent_kinds
from outreach.store.facts import EVENT_KINDS
from outreach.store.named_dates import known_names
from outreach.vocabulary import Status

MOST_SECONDS = 5.0  # on a large base: what is not asked by then is left out
KEPT_SECONDS = 60.0  # somebody may be imported meanwhile
MOST_SHOWN = 8  # texts of the base, in a hint
LONGEST_SHOWN = 60  # characters of a text, in a message
LONGEST_CODE = 3  # of a country, a language: the next one in the alphabet is not meant


def warnings(context: Context, campaigns: Iterable[Campaign], kept: Kept) -> Iterator[Problem]:
    """Texts that no customer has, and data that many lack, of campaigns in order; and lifecycles.

    What `kept` knows of a campaign is not asked again for a minute.
    """
    company = context.company()
    row = presence.present_row(names_of(company), context.now())
    until = stopwatch.monotonic() + MOST_SECONDS
    with reading(context.engine) as conn:
        if not presence.is_anyone(conn):
            return
        dates = known_names(conn)
        lifecycles, _ = load_lifecycles(company, context.files.contents)
        yield from _unknown_dates(_dates_in_rules(row, lifecycles), dates)
        yield from about_nobody(context, conn, row)
        ask = partial(_of_campaign, context, conn, row, dates, lifecycles.main)
        for campaign in campaigns:
            if stopwatch.monotonic() > until:
                return
            yield from kept.of_each(context, "base", [campaign], ask, KEPT_SECONDS)


def _of_campaign(
    context: Context,
    conn: Connection,
    row: Row,
    dates: Sequence[str],
    lifecycle: Lifecycle | None,
    campaign: Campaign,
) -> Iterator[Problem]:
    company, files = context.company(), context.files.contents
    row = replace(row, names=names_in(company, campaign))
    unfound = list(_unfound(conn, row, campaign))
    yield from unfound or _nobody(conn, row, campaign)
    compared = compared_in(files, campaign, company, context_names(company, campaign))
    yield from _unfound_in_templates(conn, row, compared)
    yield from unmet_date(conn, row, campaign, dates, context.now().date())
    yield from unmet_feast(conn, campaign)
    if (document := load(campaign.file, files[campaign.file])[0]) is not None:
        yield from unmet_workday(conn, document, campaign, company, context.now())
    yield from unmet_stage(conn, campaign, lifecycle)
    for step in campaign.steps:
        about = campaign.at_step(step.id)
        compiled = compile_step(files, about, company)
        yield from _unknown_dates(_dates_in_campaign(row, about, compiled), dates)
        yield from _unknown_kinds(conn, row, about, compiled)
        yield from unknown_fields(conn, compiled)
        yield from _lacking(conn, row, compiled, about)
        yield from unread_languages(conn, row, compiled.each[0], about, company)
        called = frozenset[str]()
        if "task" in compiled.channels:
            called = called.union(*(called_in(each, about, company) for each in compiled.each))
            yield from without_phone(conn, row, compiled, about, called)
        yield from without_consent(conn, row, about, company, called)


def _unfound(conn: Connection, row: Row, campaign: Campaign) -> Iterator[Problem]:
    """Texts that nobody has; in `exclude` where another is meant: else it leaves nobody out as yet."""
    left_out = set(_of_selection(row, campaign.exclude)) if campaign.exclude else set()
    for name, text, place in _texts(row, campaign):
        if name == "stage" or presence.is_found(conn, row, name, text):
            continue  # a stage of the lifecycle may well be empty
        also, hint = _nearest(conn, row, name, text)
        if (name, text, place) in left_out and not (also or hint):
            continue
        message = f"no customer has {name} '{_shown(text)}'{also}"
        hint = hint or _otherwise(conn, row, name)
        yield Problem(place.file, place.line, place.column, f"{WARNING}unfound", message, hint)


def _nobody(conn: Connection, row: Row, campaign: Campaign) -> Iterator[Problem]:
    """An audience that picks nobody; not one by stages, which may well be empty; no draft's."""
    audience = campaign.audience
    where = "" if audience.where is None else audience.where.source
    if audience.place is None or audience.stage or "stage" in where:
        return
    if campaign.status is Status.ACTIVE and not presence.is_anyone_picked(conn, row, audience):
        message = "the audience picks none of the customers there are"
        hint = "look at its keys together: each must hold; `outreach plan` counts it"
        place, code = audience.place, f"{WARNING}unfound"
        yield Problem(place.file, place.line, place.column, code, message, hint)


def _unfound_in_templates(
    conn: Connection, row: Row, compared: Iterable[Compared]
) -> Iterator[Problem]:
    """What `{% if … %}` asks for and nobody has, where another text is most likely meant."""
    for each in compared:
        kind = row.names.kinds.get(each.name)
        if each.name == "stage" or kind not in (Kind.TEXT, Kind.LIST):
            continue
        if not presence.is_found(conn, row, each.name, each.text):
            also, hint = _nearest(conn, row, each.name, each.text)
            message = f"no customer has {each.name} '{each.text}'{also}"
            if also or hint:
                place = (each.file, each.line, each.column)
                yield Problem(*place, f"{WARNING}unfound", message, hint)


def _nearest(conn: Connection, row: Row, name: str, text: str) -> tuple[str, str]:
    """What customers have that is spelled otherwise, as a half sentence, or a hint; else empty."""
    known = presence.nearest_spelling(conn, row, name, text)
    if known is not None:
        return f", {known.customers:,} have '{known.text}'", f"write `'{known.text}'`"
    hint = did_you_mean(text, presence.texts(conn, row, name)) if len(text) > LONGEST_CODE else ""
    return "", hint


def _otherwise(conn: Connection, row: Row, name: str) -> str:
    """A hint where nobody has anything like the text: what there is, if it is little."""
    known = sorted(presence.texts(conn, row, name))
    if not known:
        return f"nobody has any `{name}`: import it, or leave this out"
    if len(known) > MOST_SHOWN:
        return "correct it, or import who has it"
    return f"there are {', '.join(f'`{_shown(each)}`' for each in known)}"


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


Text = tuple[str, str, Place]  # name, what it is compared with, where


def _texts(row: Row, campaign: Campaign) -> Iterator[Text]:
    """Every text that a customer's data is compared with."""
    yield from _of_selection(row, campaign.audience)
    if campaign.exclude is not None:
        yield from _of_selection(row, campaign.exclude)
    for step in campaign.steps:
        if step.when is not None:
            yield from literal_comparisons(step.when, row.names)


def _of_selection(row: Row, selection: Selection) -> Iterator[Text]:
    if selection.place is not None:
        for key in KEYS:
            yield from ((key, text, selection.place) for text in getattr(selection, key))
    if selection.where is not None:
        yield from literal_comparisons(selection.where, row.names)


Asked = tuple[
    str, tuple[str, int, int], bool
]  # a date's name, where, whether somebody should have it


def _dates_in_campaign(row: Row, campaign: Campaign, compiled: Compiled) -> Iterator[Asked]:
    for read in compiled.dates:
        yield read.name, (read.file, read.line, read.column), True
    for expression, must_be in _expressions(campaign):
        for name, place in dates_named(expression, row.names):
            yield name, (place.file, place.line, place.column), must_be


def _dates_in_rules(row: Row, lifecycles: Lifecycles) -> Iterator[Asked]:
    models = filter(None, (lifecycles.main, *lifecycles.further.values()))
    for stage in (stage for model in models for stage in model.stages):
        for expression in filter(None, (stage.when, stage.unless)):
            for name, place in dates_named(expression, row.names):
                yield name, (place.file, place.line, place.column), True


def _unknown_dates(asked: Iterable[Asked], known: Sequence[str]) -> Iterator[Problem]:
    """Named dates that no customer has: most likely slips, as any name is one that is imported."""
    for name, at, must_be in asked:
        near = closest(name, [*known, BIRTHDAY])
        if name not in known and (must_be or near is not None):
            hint = did_you_mean(name, [near] if near else known, listing="there are")
            hint = hint or f"none is imported yet: it is a column `date.{name}`"
            yield Problem(*at, f"{WARNING}unfound", f"no customer has a date `{name}`", hint)


def _unknown_kinds(
    conn: Connection, row: Row, campaign: Campaign, compiled: Compiled
) -> Iterator[Problem]:
    """Kinds of events that there is none of, where one was most likely meant that there is."""
    asked = [
        each
        for expression, _ in _expressions(campaign)
        for each in kinds_named(expression, row.names)
        if each[0] not in EVENT_KINDS
    ]
    listed = Place(f"templates/{campaign.steps[0].template}", 0, 0)
    asked += [(kind, listed) for kind in sorted(compiled.events) if kind not in EVENT_KINDS]
    recent = recent_kinds(conn) if asked else frozenset()
    for kind, place in asked:
        near = closest(kind, EVENT_KINDS | recent)
        hint = for_stop(kind) or (f"did you mean `{near}`?" if near else "")
        if hint and kind not in recent and not is_any_of_kind(conn, kind):
            message = f"no customer has an event `{kind}`"
            yield Problem(place.file, place.line, place.column, f"{WARNING}unfound", message, hint)


def _expressions(campaign: Campaign) -> Iterator[tuple[Expression, bool]]:
    """Each expression, and whether somebody should be picked by it."""
    if campaign.audience.where is not None:
        yield campaign.audience.where, True
    if campaign.exclude is not None and campaign.exclude.where is not None:
        yield campaign.exclude.where, False
    yield from ((step.when, False) for step in campaign.steps if step.when is not None)
    yield from ((each, False) for each in campaign.expressions_on_the_way)


def _lacking(
    conn: Connection, row: Row, compiled: Compiled, campaign: Campaign
) -> Iterator[Problem]:
    place, audience = campaign.audience.place, 0
    for channel in compiled.channels:
        every = compiled.each
        needed = {name for one in every for need in one.needs(channel) for name in need.names}
        for name in sorted(needed - _certain(campaign)):
            by_locale = presence.lacking(conn, row, campaign.audience, campaign.exclude, name)
            number = sum(
                count
                for locale, count in by_locale.items()
                if any(_asks(one, channel, name, locale) for one in every)
            )
            if number and place is not None:
                audience = audience or presence.picked(conn, row, campaign.audience)
                message = f"{number:,} of the {audience:,} in the audience lack `{name}`"
                hint = f"the template for {channel} prints it: give it a default there"
                if (channel, name) == ("task", "owner"):
                    hint = "they get no task (`no_address`), whatever the template: import `owner`"
                code = f"{WARNING}missing-data"
                yield Problem(place.file, place.line, place.column, code, message, hint)


def _certain(campaign: Campaign) -> set[str]:
    """What nobody lacks whom it comes to: the date that its schedule goes by."""
    on_date = campaign.schedule.on_date
    return set() if on_date is None else {on_date.field, f"dates.{on_date.field}"}


def _asks(compiled: Compiled, channel: str, name: str, locale: str | None) -> bool:
    """Whether the template of customers with this locale needs the name."""
    wanted = compiled.locale_for(channel, locale)
    return any(
        name in need.names and (need.locales is None or wanted in need.locales)
        for need in compiled.needs(channel)
    )
