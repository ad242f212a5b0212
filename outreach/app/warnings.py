"""What is most likely not meant, or finds nobody in the database: told by `check`, no fault."""

import time as stopwatch
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from outreach.app.check import WARNING
from outreach.app.context import Context
from outreach.audience import presence
from outreach.audience.check import KEYS, literal_comparisons
from outreach.audience.names import names_of
from outreach.audience.row import Row
from outreach.campaign.model import Campaign, Place, ScheduleKind, Selection
from outreach.campaign.occurrences import CUSTOMER, instant_in
from outreach.documents import Document, did_you_mean, load
from outreach.errors import Problem
from outreach.rendering.compiled import Compiled, compile_step
from outreach.settings.company import Company
from outreach.store.engine import reading
from outreach.vocabulary import Status

LATEST_OFFSET = timedelta(hours=12)  # no clock on earth is further behind UTC
MOST_SECONDS = 5.0  # on a large base: what is not asked by then is left out


def likely_slips(context: Context) -> Iterator[Problem]:
    """What campaigns say and hardly mean; no database is asked, the files must be without a fault."""
    company = context.company()
    for campaign in context.loaded.campaigns.values():
        document = load(campaign.file, context.files.contents[campaign.file])[0]
        if campaign.status is not Status.ARCHIVED and document is not None:
            yield from _never_comes(document, campaign, company, context.now())
            yield from _at_night(document, campaign)
            yield from _unknown_owner(document, campaign, company)


def _never_comes(
    document: Document, campaign: Campaign, company: Company, now: datetime
) -> Iterator[Problem]:
    schedule = campaign.schedule
    if campaign.status is not Status.ACTIVE or schedule.kind is not ScheduleKind.AT:
        return
    last = schedule.at or schedule.at_local
    if schedule.at_local is not None:
        zone = schedule.timezone
        if zone == CUSTOMER:  # the last place on earth to see it
            last = schedule.at_local.replace(tzinfo=UTC) + LATEST_OFFSET
        else:
            last = instant_in(schedule.at_local, zone)
    if last is not None and last < now:
        local = now.astimezone(ZoneInfo(company.brand.timezone))
        message = f"`at` is in the past, it is {local:%Y-%m-%dT%H:%M} now"
        hint = "write a later one, or nothing more is sent"
        yield document.problem(("schedule", "at"), f"{WARNING}past", message, hint)


def _at_night(document: Document, campaign: Campaign) -> Iterator[Problem]:
    window = campaign.schedule.window
    if window is None or window.start <= window.end or window.end == time():
        return
    message = f"`{window.start:%H:%M}-{window.end:%H:%M}` goes over midnight: sent at night only"
    hint = f'did you mean `"{window.end:%H:%M}-{window.start:%H:%M}"`?'
    yield document.problem(("schedule", "window"), f"{WARNING}night", message, hint)


def _unknown_owner(document: Document, campaign: Campaign, company: Company) -> Iterator[Problem]:
    if company.owners and campaign.owner not in company.owners:
        message = f"`{campaign.owner}` is not among `owners` of outreach.yaml"
        hint = did_you_mean(campaign.owner, company.owners, listing="there are")
        yield document.problem(("owner",), f"{WARNING}owner", message, hint)


def warnings(context: Context) -> Iterator[Problem]:
    """Texts that no customer has, and data that many lack; the files must be without a fault."""
    company = context.company()
    row = presence.present_row(names_of(company), context.now())
    until = stopwatch.monotonic() + MOST_SECONDS
    with reading(context.engine) as conn:
        if not presence.is_anyone(conn):
            return
        for campaign in context.loaded.campaigns.values():
            if campaign.status is Status.ARCHIVED:
                continue
            if stopwatch.monotonic() > until:
                return
            yield from _unfound(conn, row, campaign)
            yield from _lacking(conn, row, context, company, campaign)


def _unfound(conn: Connection, row: Row, campaign: Campaign) -> Iterator[Problem]:
    for (name, text, place), must_be in _texts(row, campaign):
        if presence.is_found(conn, row, name, text):
            continue
        known = presence.nearest_spelling(conn, row, name, text)
        if known is None and not must_be:
            continue
        also = "" if known is None else f", {known.customers:,} have '{known.text}'"
        code, message = f"{WARNING}unfound", f"no customer has {name} '{text}'{also}"
        yield Problem(place.file, place.line, place.column, code, message)


Text = tuple[str, str, Place]  # name, what it is compared with, where


def _texts(row: Row, campaign: Campaign) -> Iterator[tuple[Text, bool]]:
    """Every text that a customer's data is compared with, and whether somebody should have it.

    Whom `exclude` names may well be nobody.
    """
    for each in _of_selection(row, campaign.audience):
        yield each, True
    if campaign.exclude is not None:
        for each in _of_selection(row, campaign.exclude):
            yield each, False
    for step in campaign.steps:
        if step.when is not None:
            for each in literal_comparisons(step.when, row.names):
                yield each, False


def _of_selection(row: Row, selection: Selection) -> Iterator[Text]:
    if selection.place is not None:
        for key in KEYS:
            if key != "stage":  # a stage of the lifecycle may well be empty
                yield from ((key, text, selection.place) for text in getattr(selection, key))
    if selection.where is not None:
        found = literal_comparisons(selection.where, row.names)
        yield from (each for each in found if each[0] != "stage")


def _lacking(
    conn: Connection, row: Row, context: Context, company: Company, campaign: Campaign
) -> Iterator[Problem]:
    compiled = compile_step(context.files.contents, campaign, company)
    place, audience = campaign.audience.place, 0
    for channel in compiled.channels:
        for name in sorted({name for need in compiled.needs(channel) for name in need.names}):
            by_locale = presence.lacking(conn, row, campaign.audience, campaign.exclude, name)
            number = sum(
                count
                for locale, count in by_locale.items()
                if _asks(compiled, channel, name, locale)
            )
            if number and place is not None:
                audience = audience or presence.picked(
                    conn, row, campaign.audience, campaign.exclude
                )
                message = f"{number:,} of the {audience:,} in the audience lack `{name}`"
                hint = f"the template for {channel} prints it: give it a default there"
                code = f"{WARNING}missing-data"
                yield Problem(place.file, place.line, place.column, code, message, hint)


def _asks(compiled: Compiled, channel: str, name: str, locale: str | None) -> bool:
    """Whether the template of customers with this locale needs the name."""
    wanted = compiled.locale_for(channel, locale)
    return any(
        name in need.names and (need.locales is None or wanted in need.locales)
        for need in compiled.needs(channel)
    )
