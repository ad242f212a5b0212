"""What a template may print: plain data of one customer, the company and the campaign."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from outreach.campaign.model import Campaign
from outreach.rendering.happened import EVENTS, STARTED
from outreach.rendering.salutation import Tone, salutation
from outreach.rendering.sandbox import Dates, Person
from outreach.settings.company import Brand, Company
from outreach.settings.date_names import DATES

COLUMNS = frozenset(
    [
        "key",
        "first_name",
        "last_name",
        "nickname",
        "title",
        "gender",
        "email",
        "phone",
        "locale",
        "timezone",
        "country",
        "city",
        "tier",
        "stage",
        "stage_since",
        "owner",
        "tags",
        "interests",
        "birthday",
        "created_at",
    ]
)
FACTS = frozenset(
    [
        "orders",
        "spend",
        "first_order_at",
        "last_order_at",
        "last_contact_at",
        "last_engaged_at",
        "typical_gap",
    ]
)
ALWAYS_THERE = frozenset({"key", "created_at", "orders", "spend"})
_LISTS = frozenset({"tags", "interests"})
_PRINTED_BY = {
    **dict.fromkeys(("stage_since", "birthday", "created_at", "first_order_at"), "date"),
    **dict.fromkeys(("last_order_at", "last_contact_at", "last_engaged_at"), "date"),
    **dict.fromkeys(("today", "now"), "date"),
    "typical_gap": "days",
    "spend": "money",
    f"{STARTED}.at": "date",
    f"{STARTED}.amount": "money",
}
_KINDS = {"date": "date", "datetime": "date", "money": "money"}  # of attributes
CAMPAIGN_KEYS = frozenset({"name", "title", "topic"})
BRAND_KEYS = frozenset(Brand.model_fields)
_EVENTS = (EVENTS, STARTED)
_ALWAYS_READ = ("locale", "timezone")  # what is written at all, and when it is
_OTHERS = frozenset(
    ["brand", "campaign", DATES, "salutation", "today", "now", "language", "unsubscribe_url"]
)  # language: the message's own locale, for `<html lang>`


def customer_names(company: Company) -> frozenset[str]:
    """Every name that speaks of the customer."""
    return (COLUMNS | FACTS).union(company.attributes)


def needable_names(company: Company) -> frozenset[str]:
    """Every name of the customer that may be missing."""
    return customer_names(company) - ALWAYS_THERE


def list_names(company: Company) -> frozenset[str]:
    """Every name of the customer that is a list: one with nothing in it is missing."""
    return _LISTS.union(name for name, kind in company.attributes.items() if kind == "list")


def shown_by(company: Company) -> dict[str, str]:
    """By name what prints a value for its reader: the filters `date` and `money`, or its `days`."""
    own = {name: _KINDS[kind] for name, kind in company.attributes.items() if kind in _KINDS}
    return own | _PRINTED_BY


def context_names(company: Company, campaign: Campaign) -> frozenset[str]:
    """Every name a campaign's templates may use; functions and filters are not among them."""
    names = customer_names(company) | _OTHERS
    return names | {STARTED} if campaign.schedule.on_event is not None else names


def build_context(
    customer: Mapping[str, object],
    company: Company,
    campaign: Campaign,
    now: datetime,
    extra: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The names of one customer's message with their values; what is not known is None.

    As `Frame.context`, with a `salutation` in the customer's language and `extra` laid over it all.
    """
    locale = customer.get("locale")
    language = locale if isinstance(locale, str) else company.brand.locale
    context = Frame(company, campaign).context(customer, now)
    return {
        **context,
        "salutation": salutation(customer, language, Tone(company.brand.tone)),
        **(extra or {}),
    }


class Frame:
    """What the contexts of one campaign's messages have in common; made once."""

    def __init__(
        self, company: Company, campaign: Campaign, names: Collection[str] | None = None
    ) -> None:
        """`names`: those of the customer that are looked at; None: any."""
        known = customer_names(company)
        self._names = known if names is None else known.intersection({*names, *_ALWAYS_READ})
        self._lists = sorted(self._names & list_names(company))
        self._company = company
        self._same: dict[str, object] = {
            **dict.fromkeys(self._names),
            "brand": dict(company.brand),
            "campaign": {"name": campaign.name, "title": campaign.title, "topic": campaign.topic},
        }
        self._times = lru_cache(maxsize=4096)(self._at)

    def context(self, customer: Mapping[str, object], now: datetime) -> dict[str, object]:
        """The names of one customer's message with their values; what is not known is None.

        `customer` holds columns and facts by name; its attributes are flat or under `attributes`,
        its named dates under `dates`, days by name. `now` is aware; `today` is the date on the
        customer's clock, company time where no zone is known. `salutation` is not among them: it
        is made in the language of the template that is used. A list that is not known is one with
        nothing in it.
        """
        names, context = self._names, self._same.copy()
        attributes = customer.get("attributes")
        if isinstance(attributes, Mapping):
            own = self._company.attributes
            context.update({k: v for k, v in attributes.items() if k in own and k in names})
        context.update({k: v for k, v in customer.items() if k in names})
        for name in self._lists:
            if context[name] is None:
                context[name] = []
        owner, days = customer.get("owner"), customer.get(DATES)
        known = self._company.owners.get(owner) if isinstance(owner, str) else None
        context["owner"] = Person(owner, known) if isinstance(owner, str) else None
        context[DATES] = Dates(days if isinstance(days, Mapping) else {})
        for name in _EVENTS:
            if name in customer:
                context[name] = customer[name]
        context.update(self._times(customer.get("timezone"), now))
        return context

    def _at(self, timezone: object, now: datetime) -> Mapping[str, object]:
        zone = _zone(timezone, self._company)
        local_now = now.astimezone(ZoneInfo(zone))
        return {"now": local_now, "today": local_now.date(), "zone": zone}


def _zone(timezone: object, company: Company) -> str:
    if isinstance(timezone, str) and timezone:
        try:
            return ZoneInfo(timezone).key
        except (LookupError, ValueError, OSError):
            pass
    return company.brand.timezone
