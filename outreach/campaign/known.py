"""Names that outreach.yaml gives and campaigns may use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from outreach.documents import Document
from outreach.settings.company import Company
from outreach.settings.feast_days import FeastDays
from outreach.settings.rules_file import BUILT_IN_CHANNELS


@dataclass(frozen=True, slots=True)
class Known:
    """Topics and channels there are; `transactional` are the topics without advertising.

    `attributes` are the company's own, by name the type; `feasts` by name the days. `timezone` and
    `country` are the brand's.
    """

    topics: frozenset[str]
    transactional: frozenset[str]
    channels: frozenset[str]
    attributes: Mapping[str, str]
    feasts: Mapping[str, tuple[FeastDays, ...]]
    timezone: str
    country: str

    @classmethod
    def of(cls, company: Company) -> Self:
        """What a company's rules give."""
        transactional = {name for name, topic in company.topics.items() if topic.transactional}
        return cls(
            frozenset(company.topics),
            frozenset(transactional),
            BUILT_IN_CHANNELS | frozenset(company.channels),
            company.attributes,
            company.feasts,
            company.brand.timezone,
            company.brand.country,
        )

    @classmethod
    def written(cls, document: Document) -> Self:
        """What an outreach.yaml gives, even one that is at fault elsewhere: so its fault does not
        hide those of the campaigns."""
        topics, channels = document.get(("topics",)), document.get(("channels",))
        attributes, feasts = document.get(("attributes",)), document.get(("feasts",))
        names = frozenset(topics) if isinstance(topics, dict) else frozenset()
        return cls(
            names,
            frozenset(name for name in names if document.get(("topics", name, "transactional"))),
            BUILT_IN_CHANNELS
            | (frozenset(channels) if isinstance(channels, dict) else frozenset()),
            {name: str(kind) for name, kind in attributes.items()}
            if isinstance(attributes, dict)
            else {},
            dict.fromkeys(feasts, ()) if isinstance(feasts, dict) else {},
            "UTC",  # no campaign of such a company is used
            "",
        )
