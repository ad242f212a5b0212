"""A lifecycle: the stages that customers go through, and the rules that place them."""

from dataclasses import dataclass

from outreach.campaign.model import Expression


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage; `when` is None where it takes everyone whom no stage before it took."""

    id: str
    title: str
    meaning: str
    when: Expression | None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A model of stages; a customer is in the first, from the top, whose rule holds, or in none."""

    name: str
    title: str
    stages: tuple[Stage, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The stages' ids, in order."""
        return tuple(stage.id for stage in self.stages)
