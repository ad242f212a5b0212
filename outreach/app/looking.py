"""A campaign's message as it looks for one customer: real, typical or made up."""

from dataclasses import dataclass
from enum import StrEnum

from outreach.app.context import Context
from outreach.app.explaining import customer_of
from outreach.app.mail_view import as_read, has_dark_rules, has_remote_pictures
from outreach.app.previewing import Chosen, Preview, html_of, made_up_messages, messages_for
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
    """Whom a message is looked at for: `key` of a customer, `locale` of one who is made up."""

    who: Who = Who.TYPICAL
    key: str = ""
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One channel's message with what a look at it tells beside; `size` is of the whole mail."""

    preview: Preview
    size: int  # bytes
    html_size: int  # characters of its HTML, see `mail_html`; 0: it has none
    has_dark_rules: bool
    has_remote_pictures: bool
    unusual: str  # characters that make a text message cost more


@dataclass(frozen=True, slots=True)
class Look:
    """A campaign's messages for one customer, in the order of its channels.

    `locales` are the variants there are files of; "" are those without a locale.
    """

    campaign: str
    channels: tuple[str, ...]
    locales: tuple[str, ...]
    key: str
    seen: tuple[Seen, ...]


def look_at(context: Context, name: str, whom: Whom) -> Look:
    """The messages for a customer by key, or for a made-up one, which asks no database.

    ProblemsFound where files are at fault, UsageError where there is no such customer.
    """
    ruling = ruling_alone(context, name)
    found = _messages(context, ruling, whom)
    return Look(name, ruling.channels, locales_of(ruling), whom.key, tuple(map(_seen, found)))


def mail_html(context: Context, name: str, whom: Whom, *, dark: bool) -> str:
    """The HTML part of that customer's mail on a light or a dark screen; empty where it has none."""
    found = _messages(context, ruling_alone(context, name), whom)
    html = next(filter(None, map(html_of, found)), "")
    return as_read(html, dark=dark) if html else ""


def _messages(context: Context, ruling: Ruling, whom: Whom) -> list[Preview]:
    if whom.key:
        return _of_customer(context, ruling, whom.key)
    locale = whom.locale if whom.locale in locales_of(ruling) else ""
    return made_up_messages(context, ruling, locale, all_known=whom.who is not Who.BARE)


def locales_of(ruling: Ruling) -> tuple[str, ...]:
    """The variants that any channel has files of, those without a locale first."""
    compiled = ruling.compiled
    return tuple(sorted({each for name in compiled.channels for each in compiled.locales(name)}))


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


def _seen(preview: Preview) -> Seen:
    unusual = outside_gsm(preview.body) if preview.channel == "sms" else ""
    html = html_of(preview)
    return Seen(
        preview=preview,
        size=len(preview.text.encode()),
        html_size=len(html),
        has_dark_rules=has_dark_rules(html),
        has_remote_pictures=has_remote_pictures(html),
        unusual=unusual,
    )
