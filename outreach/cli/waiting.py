"""What does not go out yet, and what messages cost, as several commands say it."""

from collections.abc import Mapping
from datetime import datetime

from outreach.app.planning import Cost
from outreach.cli.screen import Screen
from outreach.vocabulary import Status


def show_held(
    screen: Screen,
    held: Mapping[str, int],
    until: tuple[datetime, datetime] | None,
    *,
    own_clocks: bool = False,
) -> None:
    """Messages held by reason, and the earliest and the latest instant they wait for.

    `until` is in the zone it is to be read in; with `own_clocks` it is company time, while each
    message waits by its customer's. Nothing where nothing is held.
    """
    if not held:
        return
    screen.line()
    screen.heading("Held for")
    screen.bars(held)
    if until is not None:
        first, last = (f"{each:%Y-%m-%d %H:%M}" for each in until)
        said = f"until {first if first == last else f'{first} – {last}'} {until[0].tzinfo}"
        said += " (company time; each by the customer's own clock)" if own_clocks else ""
        screen.line(said)


def show_status(screen: Screen, status: Status) -> None:
    """That a campaign is not active; nothing of one that is."""
    if status is not Status.ACTIVE:
        screen.line(f"{status}: nothing goes out by itself; write `status: active`")


def show_cost(screen: Screen, cost: Cost) -> None:
    """What messages cost; of texts it is known by a sample, another one at each look."""
    by = "; texts by the average segments of a sample" if cost.channels.get("sms") else ""
    screen.line(f"Cost about {cost.total} {cost.currency}{by}")
