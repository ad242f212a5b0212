"""What comes back by mail: one mail taken, and what follows from it for its customer."""

from outreach.app.context import Context
from outreach.app.stages import refresh_touched
from outreach.clock import SystemClock
from outreach.feedback.origin import Seal
from outreach.feedback.taking import Mailroom, Taken
from outreach.settings.company import ChannelSettings
from outreach.store.deliveries import Instants


def mail_settings(context: Context) -> ChannelSettings:
    """How the channel email is set up."""
    return context.company().channels.get("email", ChannelSettings())


def take_mail(context: Context, raw: bytes, recipient: str | None = None) -> Taken:
    """Take one mail; a reply's customer has its facts and stages brought up to date.

    `recipient` is the envelope's, where it is known.
    """
    keys = [key.get_secret_value() for key in context.environment.secret_keys()]
    settings = mail_settings(context)
    room = Mailroom(context.engine, Seal(keys, settings.bounces), settings.complaints)
    taken = room.take(raw, Instants(context.now(), SystemClock().now()), recipient)
    if taken.customer is not None:
        refresh_touched(context, [taken.customer])
    return taken
