"""outreach.yaml as frozen models: the rules of the whole company."""

from datetime import timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from outreach.settings.feast_days import FeastDays
from outreach.settings.rate_limits import ChannelLimits, DomainLimit
from outreach.settings.rates import Rate
from outreach.spans import Cap, Per, PerKind, QuietHours, parse_day_span
from outreach.vocabulary import Approval

MANAGER = "manager"  # what an owner may say of theirs, under `owners`
SIX_STAGE = "six-stage"  # the lifecycle where none is written
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
    tone: str = "formal"  # or familiar


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


class Utm(Frozen):
    """What is added to a message's links; nothing where no value is written.

    Else `source`, `medium`, `campaign` that are "" are brand, channel, campaign.
    """

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""


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
    images: str = "inline"  # or hosted
    track_links: bool = False
    track_opens: bool = False
    utm: Utm = Utm()


class Escalation(Frozen):
    """When an urgent task is so long overdue, it is somebody else's concern too."""

    after: timedelta
    to: str  # a key of `owners`


class TaskRules(Frozen):
    """Which events give out tasks, to whom, and how many of these at once."""

    service_levels: dict[str, timedelta] = {}  # kind of event → how soon it is answered
    late: timedelta = timedelta(days=7)  # what is older when it arrives is history
    escalation: Escalation | None = None
    per_customer: int = 3  # urgent tasks at once
    per_owner: int = 20
    fallback: str = ""  # whose the tasks are where a customer has no known owner; "": nobody's


class Picked(Frozen):
    """Whom a rule of the company is about; `where` is an expression, "" where none is written."""

    stage: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    locale: tuple[str, ...] = ()
    where: str = ""


class Floor(Frozen):
    """Who had no touch for so many days of their own is owed one, by their owner or a campaign."""

    days: int
    audience: Picked = Picked()  # everyone
    by: str = ""  # a campaign; "": their owner, as a task


class ApprovalRules(Frozen):
    """Who approves campaigns, and how many of them at least, whatever a campaign says."""

    people: tuple[str, ...] = ()
    least: Approval = Approval.NONE
    audience: int | None = None  # a larger one needs `above`; None: none does
    above: Approval = Approval.NONE

    @property
    def most(self) -> Approval:
        """What the largest audience needs."""
        return max(self.least, self.above, key=lambda each: each.people)


DEFAULT_CADENCE = (Cap(2, Per(PerKind.DAYS, 7)),)
DEFAULT_QUIET_HOURS = (QuietHours(parse_day_span("21:00-08:00")),)


class Company(Frozen):
    """The company's rules, always the present ones; defaults are CONTRACT's «Left out means»."""

    brand: Brand
    senders: dict[str, str] = {}
    public_url: str = ""
    salt: str = ""  # of hold-outs and variants; the project's name unless given
    lifecycle: str = SIX_STAGE
    lifecycles: dict[str, str] = {}  # further ones: name → model
    topics: dict[str, Topic] = {}
    cadence: tuple[Cap, ...] = DEFAULT_CADENCE
    quiet_hours: tuple[QuietHours, ...] = DEFAULT_QUIET_HOURS
    control_group: int = 0  # of 10,000
    testers: tuple[str, ...] = ()
    attributes: dict[str, str] = {}  # name → one of ATTRIBUTE_TYPES
    channels: dict[str, ChannelSettings] = {}
    owners: dict[str, dict[str, str]] = {}
    feasts: dict[str, tuple[FeastDays, ...]] = {}  # own ones, by name
    tasks: TaskRules = TaskRules()
    floors: tuple[Floor, ...] = ()
    approval: ApprovalRules = ApprovalRules()

    def boss_of(self, owner: str) -> str:
        """Who is told of an owner's tasks that are long overdue; "" for nobody else."""
        if self.tasks.escalation is None:
            return ""
        boss = self.owners.get(owner, {}).get(MANAGER, self.tasks.escalation.to)
        return "" if boss == owner else boss

    def limits(self, channel: str) -> ChannelLimits:
        """The rate limits of a channel."""
        found = self.channels.get(channel, ChannelSettings())
        return ChannelLimits(channel, found.rate, found.per_domain)
