"""What a campaign says and hardly means: told by `check` from the files alone, no fault."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from outreach.app.context import Context
from outreach.app.day_slips import day_or_weekday, outside_of_days
from outreach.app.floor_slips import floors_in_vain
from outreach.app.holiday_slips import lost_on_holidays, no_feast_to_come
from outreach.app.never_sent import never_sent
from outreach.app.uncounted import company_uncounted, uncounted, untold
from outreach.app.without_effect import company_without_effect, without_effect
from outreach.audience.check import births_ahead, counted_ever, long_ago
from outreach.audience.names import Names, names_in
from outreach.audience.own_message import cut_off
from outreach.audience.slips import thousands_in
from outreach.campaign.model import Campaign, Expression, ScheduleKind
from outreach.campaign.occurrences import CUSTOMER, instant_in
from outreach.campaign.variant_files import namesakes_left
from outreach.documents import Document, closest, did_you_mean, load
from outreach.errors import WARNING, Problem
from outreach.settings.company import Company
from outreach.settings.company_file import COMPANY_FILE
from outreach.vocabulary import Status

LATEST_OFFSET = timedelta(hours=12)  # no clock on earth is further behind UTC


def slips_of(context: Context, campaign: Campaign) -> Iterator[Problem]:
    """What a campaign in order says and hardly means; no database is asked."""
    company = context.company()
    document = load(campaign.file, context.files.contents[campaign.file])[0]
    if document is not None:
        yield from _never_comes(document, campaign, company, context.now())
        yield from _at_night(document, campaign)
        yield from day_or_weekday(document, campaign)
        yield from outside_of_days(document, campaign)
        yield from _unknown_owner(document, campaign, company)
        yield from _never_in_touch(campaign, names_in(company, campaign))
        yield from _day_of_birth(campaign, names_in(company, campaign))
        yield from _before_they_came(campaign, names_in(company, campaign))
        yield from cut_off(campaign, names_in(company, campaign))
        yield from _thousands(campaign)
        yield from without_effect(document, campaign, company)
        yield from no_feast_to_come(document, campaign, company, context.now())
        yield from lost_on_holidays(document, campaign, company, context.now())
        yield from namesakes_left(document, context.files.contents)
        yield from never_sent(document, campaign, company, context.now())
        yield from uncounted(document, campaign, context.public_url)
        yield from untold(document, campaign, company, context.public_url)


def company_slips(context: Context) -> Iterator[Problem]:
    """The same of outreach.yaml, where that is in order."""
    company = context.loaded.company
    document = load(COMPANY_FILE, context.files.contents.get(COMPANY_FILE, b""))[0]
    if company is not None and document is not None:
        yield from _strange_approvers(document, company)
        yield from company_without_effect(document, company)
        yield from company_uncounted(document, company, context.public_url)
        yield from floors_in_vain(context.files.contents, context.loaded)


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


def _strange_approvers(document: Document, company: Company) -> Iterator[Problem]:
    """Who is to approve and is most likely another: no address, or one much like an owner's."""
    people, owners = company.approval.people, company.owners
    for number, person in enumerate(people if owners else ()):
        name, at, _ = person.partition("@")
        like = closest(name, (owner.partition("@")[0] for owner in owners))
        if person not in owners and (like or not at):
            hint = did_you_mean(person, owners, listing="there are")
            path, message = ("approval", "people", number), f"`{person}` is not among `owners`"
            yield document.problem(path, f"{WARNING}owner", message, f"{hint} Or add it there")


def _never_in_touch(campaign: Campaign, names: Names) -> Iterator[Problem]:
    """Only of contact: who never had any is meant by «long ago», who never ordered often is not."""
    asked = [campaign.audience.where, *(step.when for step in campaign.steps)]
    for place in (each for one in asked if one for each in long_ago(one, names, "last_contact_at")):
        message = "this leaves out who was never in touch with us"
        both = "`(last_contact_at is none or last_contact_at < …)`"
        hint = f"write {both}, or add `last_contact_at is defined` if that is meant; our own "
        hint += "messages are contact too: what they did last is `last_engaged_at`"
        yield Problem(place.file, place.line, place.column, f"{WARNING}never", message, hint)


def _before_they_came(campaign: Campaign, names: Names) -> Iterator[Problem]:
    """An end that whoever ever did something has reached as they come in."""
    ends = {"exit": campaign.exit, "goal": campaign.goal and campaign.goal.when}
    for key, expression in ends.items():
        for kind, place in counted_ever(expression, names) if expression else ():
            what = "who has one leaves at once" if key == "exit" else "who has one has reached it"
            message = f"`count('{kind}')` counts what came before they came in too: {what}"
            hint = f"write `count('{kind}', since=entered_at)`"
            yield Problem(place.file, place.line, place.column, f"{WARNING}ever", message, hint)


def _day_of_birth(campaign: Campaign, names: Names) -> Iterator[Problem]:
    """`date('birthday')` is the day somebody was born: it never comes back."""
    for expression in _expressions(campaign):
        for place, days in births_ahead(expression, names)[:1]:
            message = "`date('birthday')` is the day of birth, which is never ahead"
            asks = "== 0" if days == 0 else f"<= {7 if days is None else days}"
            hint = f"write `days_until('birthday') {asks}`"
            code = f"{WARNING}birthday"
            yield Problem(place.file, place.line, place.column, code, message, hint)


def _thousands(campaign: Campaign) -> Iterator[Problem]:
    for expression in _expressions(campaign):
        for offset, message, hint in thousands_in(expression.source):
            place = expression.place_at(offset)
            code = f"{WARNING}thousands"
            yield Problem(place.file, place.line, place.column, code, message, hint)


def _expressions(campaign: Campaign) -> Iterator[Expression]:
    left_out = campaign.exclude.where if campaign.exclude else None
    asked = (campaign.audience.where, left_out, *(step.when for step in campaign.steps))
    yield from filter(None, asked)
