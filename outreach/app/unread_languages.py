"""Customers who get a translated message in a language that they do not read: told by `check`."""

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection

from outreach.audience import presence
from outreach.audience.row import Row
from outreach.campaign.model import Campaign
from outreach.errors import WARNING, Problem
from outreach.rendering.compiled import Compiled
from outreach.rendering.locales import chain
from outreach.settings.company import Company

SHARE = 0.1  # of the audience, from which on a language is worth a translation


def unread_languages(
    conn: Connection, row: Row, compiled: Compiled, campaign: Campaign, company: Company
) -> Iterator[Problem]:
    """Languages of a tenth of the audience that a template with several has no file of."""
    place = campaign.steps[0].place
    channels = [each for each in compiled.channels if len(compiled.locales(each)) > 1]
    if place is None or not channels:
        return
    readers = presence.locales(conn, row, campaign.audience, campaign.exclude)
    everyone = sum(readers.values())
    for channel in channels:
        found: Counter[tuple[str, str]] = Counter()
        for locale, number in readers.items():
            got = compiled.locale_for(channel, locale) or company.brand.locale
            if locale and not {*chain(locale)} & {*chain(got)}:
                found[chain(locale)[-1] if chain(locale) else locale, got] += number
        for (wanted, got), number in found.items():
            if number >= SHARE * everyone:
                message = f"{number:,} of the {everyone:,} in the audience read {wanted}, and get"
                message += f" the text in {got} by {channel}"
                hint = f"add it in {wanted}, as a file or a catalog: docs/templates.md"
                code = f"{WARNING}language"
                yield Problem(place.file, place.line, place.column, code, message, hint)
