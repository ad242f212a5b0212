"""Who waits for a winner lacks what every variant needs; what one of them needs may not be wanted."""

from dataclasses import dataclass, replace
from typing import cast

import pytest
from database_world import Needs, fill, verdicts
from meanings import examples
from sqlalchemy import Connection

from outreach.rendering.compiled import Compiled
from outreach.rendering.needs import Need
from outreach.vocabulary import Decision, Reason

WAITS = next(each for each in examples() if each.name == "not in the test")


@dataclass(frozen=True)
class NeedsOfEach:
    """Stands in for a template with variants: what each needs by mail."""

    plain: frozenset[str]
    warm: frozenset[str]

    def of(self, variant: str | None) -> Needs:
        """What the variant needs; without one it is the first."""
        return Needs({"email": self.warm if variant == "warm" else self.plain})

    @property
    def each(self) -> tuple[Needs, ...]:
        """Both."""
        return self.of("plain"), self.of("warm")

    def needs(self, channel: str) -> tuple[Need, ...]:
        """What the first needs."""
        return self.of("plain").needs(channel)

    def locales(self, channel: str) -> tuple[str, ...]:
        """The one file there is."""
        return self.of("plain").locales(channel)


@pytest.mark.parametrize(
    ("plain", "warm", "expected"),
    [
        ({"tier"}, {"tier", "owner"}, (Decision.SKIP, Reason.MISSING_DATA)),
        ({"tier"}, set(), (Decision.HOLD, Reason.AWAITING_WINNER)),
        (set(), {"tier"}, (Decision.HOLD, Reason.AWAITING_WINNER)),
    ],
)
def test_what_one_variant_needs_leaves_nobody_out_who_waits(
    conn: Connection, plain: set[str], warm: set[str], expected: tuple[Decision, Reason]
) -> None:
    ruling, _ = fill(conn, WAITS.world)
    compiled = cast("Compiled", NeedsOfEach(frozenset(plain), frozenset(warm)))

    found = verdicts(conn, WAITS.world, replace(ruling, compiled=compiled))[WAITS.who]

    assert (found.decision, found.reason) == expected
