"""Whom an audience picks and a channel does not reach: told by `check`, no fault."""

from collections.abc import Iterator

from sqlalchemy import Connection

from outreach.audience import presence
from outreach.audience.row import Row
from outreach.campaign.model import Campaign
from outreach.errors import WARNING, Problem
from outreach.rendering.compiled import Compiled
from outreach.settings.company import Company
from outreach.store.consent_history import is_anyone_agreed

TASK = "task"


def without_consent(
    conn: Connection, row: Row, campaign: Campaign, company: Company, called: frozenset[str]
) -> Iterator[Problem]:
    """Channels by which nobody has agreed to hear of the topic: nobody is reached there.

    Of a task alone also how many have not: that a call needs a yes is easily forgotten.
    """
    topic, step = company.topics.get(campaign.topic), campaign.steps[0]
    if topic is None or topic.transactional or step.place is None:
        return
    place, code = step.place, f"{WARNING}no-consent"
    for channel in step.channels:
        hint = f"import a column `consent.{channel}.{campaign.topic}`"
        if not is_anyone_agreed(conn, channel, campaign.topic):
            message = f"nobody has agreed to `{campaign.topic}` by {channel}: nobody gets it there"
            hint += ", or take the channel out"
            yield Problem(place.file, place.line, place.column, code, message, hint)
        elif step.channels == (TASK,):
            picks = campaign.audience, campaign.exclude
            number = presence.not_agreed(conn, row, *picks, channel, campaign.topic)
            audience = presence.picked(conn, row, campaign.audience)
            what = "to be rung up" if called else "to a task (a call, a visit, a letter)"
            message = f"{number:,} of the {audience:,} in the audience have not agreed {what}"
            if number:
                hint = f"they get none (`no_consent`): {hint}"
                yield Problem(place.file, place.line, place.column, code, message, hint)


def without_phone(
    conn: Connection, row: Row, compiled: Compiled, campaign: Campaign, called: frozenset[str]
) -> Iterator[Problem]:
    """Customers who are to be called in these locales, and have no number."""
    by_locale = presence.lacking(conn, row, campaign.audience, campaign.exclude, "phone")
    number = sum(
        count for locale, count in by_locale.items() if compiled.locale_for(TASK, locale) in called
    )
    place = campaign.audience.place
    if number and place is not None:
        audience = presence.picked(conn, row, campaign.audience)
        message = f"the task is a call, and {number:,} of the {audience:,} in the audience"
        message += " have no phone number"
        hint = "add `phone is defined`, or begin the title with `visit:` or `letter:`"
        code = f"{WARNING}no-phone"
        yield Problem(place.file, place.line, place.column, code, message, hint)
