"""A campaign's step compiled: one message, or one for each variant that is compared."""

from collections.abc import Mapping
from functools import cached_property

from outreach.campaign.model import Campaign
from outreach.errors import Problem, ProblemsFound
from outreach.rendering.assets import Asset
from outreach.rendering.check import Ready, prepare, variants_of
from outreach.rendering.compiled import Compiled
from outreach.rendering.context import context_names
from outreach.rendering.named_dates import DateRead
from outreach.rendering.started import FieldRead
from outreach.settings.company import Company


class Variants(Compiled):
    """The first variant, which knows the others.

    What is read of a customer, and kept for readers, is what any of them looks at or names.
    """

    def __init__(
        self,
        ready: Mapping[str, Mapping[str, Ready]],
        campaign: Campaign,
        company: Company,
        variants: Mapping[str, Compiled],
    ) -> None:
        self._variants = variants
        super().__init__(ready, campaign, company)

    def of(self, variant: str | None) -> Compiled:
        """What is sent in one variant."""
        return self._variants.get(variant or "", self)

    @property
    def each(self) -> tuple[Compiled, ...]:
        """Every variant in order."""
        return tuple(self._variants.values())

    @cached_property
    def addresses(self) -> dict[str, str]:
        """The addresses of links that messages say only the names of, by name."""
        return {k: v for one in self.each for k, v in one.addresses.items()}

    @cached_property
    def hosted(self) -> dict[str, Asset]:
        """The pictures that mails fetch, by the name they are fetched by."""
        return {k: v for one in self.each for k, v in one.hosted.items()}

    @cached_property
    def events(self) -> dict[str, int]:
        """The kinds of events that templates list, and how many of each at most."""
        found: dict[str, int] = {}
        for kind, number in (asked for one in self.each for asked in one.events.items()):
            found[kind] = max(number, found.get(kind, 0))
        return found

    @cached_property
    def dates(self) -> frozenset[DateRead]:
        """Where templates print named dates, or ask for them."""
        return frozenset[DateRead]().union(*(one.dates for one in self.each))

    @cached_property
    def started(self) -> frozenset[FieldRead]:
        """Where templates read a field of the event that started the campaign."""
        return frozenset[FieldRead]().union(*(one.started for one in self.each))

    @cached_property
    def names(self) -> frozenset[str]:
        """All that templates may look up, or a salutation is made from."""
        return frozenset[str]().union(*(one.names for one in self.each))


def compile_step(files: Mapping[str, bytes], campaign: Campaign, company: Company) -> Compiled:
    """Compile a campaign's step; raises ProblemsFound with everything that is wrong."""
    names = context_names(company, campaign)
    prepared = {
        variant: prepare(files, campaign.steps[0], campaign, company, names, variant)
        for variant in variants_of(campaign)
    }
    problems = {each for one in prepared.values() for each in one.problems}
    if problems:
        raise ProblemsFound(sorted(problems))
    try:
        made = {k: Compiled(each.channels, campaign, company) for k, each in prepared.items()}
        if not campaign.variants:
            return made[""]
        first = prepared[campaign.variants[0].name].channels
        return Variants(first, campaign, company, made)
    except ValueError as error:  # a sender that no header can hold
        raise ProblemsFound([Problem("outreach.yaml", 0, 0, "sender", str(error))]) from None
