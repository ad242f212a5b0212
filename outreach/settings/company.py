"""outreach.yaml as frozen models: the rules of the whole company."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from outreach.settings.rate_limits import ChannelLimits, DomainLimit
from outreach.settings.rates import Rate
from outreach.spans import Cap, Per, PerKind, QuietHours, parse_day_span

ATTRIBUTE_TYPES = ("text", "number", "money", "yes_no", "date", "datetime", "list")


class Frozen(BaseModel):
    """A model that never changes and refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Brand(Frozen):
    """Who writes: printed in messages; `timezone` is company time."""

    name: str
    postal_address: str = ""
    website: str = ""
    phone: str = ""
    timezone: str = "UTC"
    country: str = ""
    locale: str = "en"
    currency: str = "EUR"


class Topic(Frozen):
    """What customers agree to hear about."""

    title: str = ""
    transactional: bool = False  # ordered or needed: no yes required, neither counts nor is capped
    urgent: bool = False  # goes through quiet hours as well


class HoldAt(Frozen):
    """When a run holds itself: so large a share of its messages refused for good, and so many."""

    share: int = 1_000  # of 10,000
    least: int = 50
    content: int = 10  # enough where the text itself is refused


class ComplaintsAt(Frozen):
    """When complaints of a run's readers are told, and hold it; shares are of 10,000."""

    warn: int = 10
    hold: int = 30
    least: int = 3  # complaints: one reader's slip says nothing


class MailFeedback(Frozen):
    """Where mails that come back are read: a folder or an IMAP mailbox; both empty: nowhere."""

    maildir: str = ""
    imap: str = ""


class ChannelSettings(Frozen):
    """How one channel sends; keys of other channels stay at their defaults."""

    adapter: str = ""  # smtp, twilio, capture … ; "" picks by what the environment has
    sender: str = ""  # `from`
    reply_to: str = ""
    messaging_service: str = ""
    connections: int = 4
    signature: str = ""
    stop_words: tuple[str, ...] = ()
    price: dict[str, Decimal] = {}  # per segment or message by country, and `default`
    hold_at: HoldAt = HoldAt()
    bounces: str = ""  # the mailbox of the signed return path; "": bounces are not believed
    feedback: MailFeedback = MailFeedback()
    complaints: ComplaintsAt = ComplaintsAt()
    rate: tuple[Rate, ...] = ()  # of the channel as a whole; all hold
    per_domain: tuple[DomainLimit, ...] = ()


DEFAULT_CADENCE = (Cap(2, Per(PerKind.DAYS, 7)),)
DEFAULT_QUIET_HOURS = (QuietHours(parse_day_span("21:00-08:00")),)


class Company(Frozen):
    """The company's rules, always the present ones; defaults are CONTRACT's «Left out means»."""

    brand: Brand
    senders: dict[str, str] = {}
    public_url: str = ""
    salt: str = ""  # of hold-outs and variants; the project's name unless given
    lifecycle: str = "six-stage"
    lifecycles: dict[str, str] = {}  # further ones: name → model
    topics: dict[str, Topic] = {}
    cadence: tuple[Cap, ...] = DEFAULT_CADENCE
    quiet_hours: tuple[QuietHours, ...] = DEFAULT_QUIET_HOURS
    control_group: int = 0  # of 10,000
    testers: tuple[str, ...] = ()
    attributes: dict[str, str] = {}  # name → one of ATTRIBUTE_TYPES
    channels: dict[str, ChannelSettings] = {}
    owners: dict[str, dict[str, str]] = {}

    def limits(self, channel: str) -> ChannelLimits:
        """The rate limits of a channel."""
        found = self.channels.get(channel, ChannelSettings())
        return ChannelLimits(channel, found.rate, found.per_domain)
