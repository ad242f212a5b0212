"""A campaign's revision together with the company's present rules: what the chain decides by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from outreach.campaign.model import Campaign, Step
from outreach.campaign.trials import waits_for_winner
from outreach.decisions.grid import Grid
from outreach.decisions.shapes import Shape, same
from outreach.settings.company import Company, Topic

if TYPE_CHECKING:
    from outreach.rendering.compiled import Compiled


@dataclass(frozen=True, slots=True)
class Ruling:
    """All that decides about one message of a campaign; built once for a revision and rules.

    `campaign` is as that message sees it: its `steps` are that one alone.

    `revision_id` is 0 for files that are not in the database (a plan of a draft). `above`: the
    campaigns whose next occurrence reserves slots that this one would take.
    """

    campaign_id: int
    revision_id: int
    campaign: Campaign
    company: Company
    compiled: Compiled
    grid: Grid = field(compare=False)
    above: tuple[Ruling, ...] = field(compare=False, default=())
    shape: Shape = field(compare=False, repr=False, init=False)

    def __post_init__(self) -> None:
        """Work out the shape, whatever else a ruling is made from."""
        found = same(Shape(self.campaign_id, self.campaign, self.company, self._needs()))
        object.__setattr__(self, "shape", found)

    def _needs(self) -> tuple[object, ...]:
        return tuple(
            (each.needs(name), each.locales(name))
            for each in self.compiled.each
            for name in self.channels
        )

    def below(self, others: Iterable[Ruling]) -> Ruling:
        """The same, giving way to those of the others that may reserve slots before it."""
        above = (each for each in others if reserves_before(each.campaign, self.campaign))
        return replace(self, above=tuple(above))

    @property
    def step(self) -> Step:
        """The step whose message is decided about."""
        return self.campaign.steps[0]

    @property
    def channels(self) -> tuple[str, ...]:
        """The step's channels, in the file's order."""
        return self.step.channels

    @property
    def variants(self) -> tuple[str, ...]:
        """The names of what is compared, in the file's order; none: everybody gets the same."""
        return tuple(each.name for each in self.campaign.variants)

    def starts_at(self, asked_at: datetime, late_at: datetime) -> datetime:
        """From when on a message may go by its clocks, which is in time until `late_at`.

        Who waits for a winner waits for the choice, and their `late` starts then.
        """
        if not waits_for_winner(self.campaign):
            return asked_at
        return max(asked_at, late_at - self.campaign.schedule.late)

    @property
    def topic(self) -> Topic:
        """The topic's own settings."""
        return self.company.topics.get(self.campaign.topic, Topic())

    @property
    def transactional_topics(self) -> tuple[str, ...]:
        """Topics whose touches neither count nor are capped."""
        return tuple(name for name, topic in self.company.topics.items() if topic.transactional)


def make_ruling(
    campaign_id: int, revision_id: int, campaign: Campaign, company: Company, compiled: Compiled
) -> Ruling:
    """A ruling with a zone table of its own."""
    return Ruling(campaign_id, revision_id, campaign, company, compiled, Grid(campaign, company))


def reserves_before(higher: Campaign, campaign: Campaign) -> bool:
    """Whether a campaign's calendar may reserve slots that another one would take.

    Only a strictly higher one: two never wait for each other. By hand nothing is foreseen, nor what
    each customer's own case starts, nor a journey that does not begin with a message.
    """
    by_calendar = higher.schedule.by_calendar and isinstance(higher.stops[0].what, Step)
    return by_calendar and higher.priority > campaign.priority and higher.name != campaign.name
