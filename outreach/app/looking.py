"""A campaign's message as it looks for one customer: real, typical or made up."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import EmailMessage
from enum import StrEnum

from outreach.app.context import Context
from outreach.app.explaining import customer_of
from outreach.app.mail_parts import attached_to, html_of, page_of, parsed
from outreach.app.mail_view import as_read, has_dark_rules, has_remote_pictures
from outreach.app.previewing import Chosen, Preview, made_up_messages, messages_for
from outreach.app.project import campaign_named
from outreach.app.rulings import ruling_alone
from outreach.decisions.ruling import Ruling
from outreach.rendering.segments import outside_gsm
from outreach.store.engine import reading


class Who(StrEnum):
    """Whom a message is looked at for."""

    TYPICAL = "typical"  # the customer who stands for the audience
    CUSTOMER = "customer"  # one by key
    FULL = "full"  # made up: everything is known
    BARE = "bare"  # made up: only what the templates need is known


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a message is looked at for: `key` of a customer, `locale` of one who is made up.

    `step` of several; "" or one that there is no more: the first.
    """

    who: Who = Who.TYPICAL
    key: str = ""
    locale: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One channel's message with what a look at it tells beside; `size` is of the whole mail.

    `preview` is without its `text`, which may be long: see `mail_html`.
    """

    preview: Preview
    size: int  # bytes
    attached: Mapping[str, int]  # files by name, with their bytes
    html_size: int  # characters of its HTML; 0: it has none
    has_dark_rules: bool
    has_remote_pictures: bool
    unusual: str  # characters that make a text message cost more


@dataclass(frozen=True, slots=True)
class Look:
    """A campaign's messages for one customer, in the order of its channels.

    `locales` are those that there are files of; "" are files without one. `variants` are what is
    compared: each has its messages; none where everybody gets the same.
    """

    campaign: str
    channels: tuple[str, ...]
    locales: tuple[str, ...]
    variants: tuple[str, ...]
    key: str
    seen: tuple[Seen, ...]
    steps: tuple[str, ...] = ()  # of several messages each; none where there is one
    step: str = ""  # the one that is looked at


def look_at(context: Context, name: str, whom: Whom) -> Look:
    """The messages for a customer by key, or for a made-up one, which asks no database.

    ProblemsFound where files are at fault, UsageError where there is no such customer.
    """
    steps, step = _steps(context, name, whom)
    ruling = ruling_alone(context, name, step)
    found = _messages(context, ruling, whom)
    seen = tuple(_seen(context, ruling, each) for each in found)
    locales, variants = locales_of(ruling), ruling.variants
    several = steps if len(steps) > 1 else ()
    return Look(name, ruling.channels, locales, variants, whom.key, seen, several, step)


def _steps(context: Context, name: str, whom: Whom) -> tuple[tuple[str, ...], str]:
    """The campaign's messages by name, and the one that is looked at."""
    steps = tuple(each.id for each in campaign_named(context, name).steps)
    return steps, whom.step if whom.step in steps else steps[0]


def mail_html(context: Context, name: str, whom: Whom, variant: str, *, dark: bool) -> str:
    """The HTML part of that customer's mail on a light or a dark screen; empty where it has none.

    `variant` of those that are compared, "" where none are.
    """
    ruling = ruling_alone(context, name, _steps(context, name, whom)[1])
    for each in _messages(context, ruling, whom):
        if each.text and (each.channel, each.variant) == ("email", variant):
            return as_read(_page(context, ruling, parsed(each.text)), dark=dark)
    return ""


def _page(context: Context, ruling: Ruling, mail: EmailMessage) -> str:
    return page_of(mail, ruling.compiled.hosted, context.public_url)


def _messages(context: Context, ruling: Ruling, whom: Whom) -> list[Preview]:
    if whom.key:
        return _of_customer(context, ruling, whom.key)
    locale = whom.locale if whom.locale in locales_of(ruling) else ""
    return made_up_messages(context, ruling, locale, all_known=whom.who is not Who.BARE)


def locales_of(ruling: Ruling) -> tuple[str, ...]:
    """The locales that any channel has files of, "" first where there are files without one."""
    found = {
        locale
        for compiled in ruling.compiled.each
        for channel in compiled.channels
        for locale in compiled.locales(channel)
    }
    return tuple(sorted(found))


def _of_customer(context: Context, ruling: Ruling, key: str) -> list[Preview]:
    late_at = context.now() + ruling.campaign.schedule.late
    with reading(context.engine) as conn:
        customer_id, _ = customer_of(conn, key)
        asked = [
            Chosen(customer_id, channel, late_at, variant)
            for channel in ruling.channels
            for variant in ruling.variants or ("",)
        ]
        return messages_for(context, conn, ruling, asked)


def _seen(context: Context, ruling: Ruling, preview: Preview) -> Seen:
    html, page, attached = "", "", {}
    if preview.channel == "email" and preview.text:
        mail = parsed(preview.text)
        html, page, attached = html_of(mail), _page(context, ruling, mail), attached_to(mail)
    return Seen(
        preview=replace(preview, text=""),
        size=len(preview.text.encode()),
        attached=attached,
        html_size=len(html),
        has_dark_rules=has_dark_rules(html),
        has_remote_pictures=has_remote_pictures(page),
        unusual=outside_gsm(preview.body) if preview.channel == "sms" else "",
    )
