"""A lifecycle: the stages that customers go through, and the rules that place them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from outreach.campaign.model import Expression


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage; `when` is None where it takes everyone whom no stage before it took.

    Who came to it stays for `least` (of 24-hour days), but not where `unless` holds.
    """

    id: str
    title: str
    meaning: str
    when: Expression | None
    least: timedelta = timedelta()
    unless: Expression | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A model of stages; a customer is in the first whose rule holds, or in none.

    `stages` stand in the order of life, `evaluation` are their ids in the order in which the rules
    are asked. `moves` says where one may go from a stage; who is in a stage that it does not
    name may go anywhere. With `high_water` nobody moves to a stage before their own.
    """

    name: str
    title: str
    stages: tuple[Stage, ...]
    evaluation: tuple[str, ...] = ()
    moves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    high_water: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        """The stages' ids, in the order of life."""
        return tuple(stage.id for stage in self.stages)

    @property
    def rules(self) -> tuple[Stage, ...]:
        """The stages in the order in which their rules are asked."""
        if not self.evaluation:
            return self.stages
        by_id = {stage.id: stage for stage in self.stages}
        return tuple(by_id[each] for each in self.evaluation)

    @property
    def is_bound(self) -> bool:
        """Whether more than the rules decides: where a customer stands, and since when."""
        return bool(self.moves) or self.high_water or any(stage.least for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Lifecycles:
    """All models in force: the main one (None: its stages are given) and the further ones by name."""

    main: Lifecycle | None
    further: Mapping[str, Lifecycle] = field(default_factory=dict)
