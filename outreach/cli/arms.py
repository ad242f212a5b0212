"""Variants on the screen: how many get which, and what became of them."""

from collections.abc import Mapping

from outreach.app.arms import Arm, Chosen, SampleSize, Share
from outreach.campaign.experiment import Measure
from outreach.cli.screen import Screen


def show_variants(screen: Screen, variants: Mapping[str, int], sample: SampleSize | None) -> None:
    """How many would get each variant, and what that can show; nothing where none are compared."""
    if variants:
        screen.line()
        screen.heading("By variant")
        screen.bars(variants)
    if sample is not None:
        screen.line()
        screen.line(_said_of(sample))


def _said_of(sample: SampleSize) -> str:
    whence = "as measured before" if sample.measured else "assumed: nothing is measured yet"
    done = "reach the goal" if sample.by is Measure.GOAL else sample.by
    said = f"To see a difference of 20 % of the rate ({sample.rate:.1%} {done}, {whence}) "
    said += f"it takes about {sample.needed:,} a variant; "
    if sample.smallest >= sample.needed:
        return said + f"the smallest here has {sample.smallest:,}"
    return said + f"the smallest here has {sample.smallest:,}: smaller ones stay unseen"


def show_arms(
    screen: Screen, arms: Mapping[str, Arm], winner: Chosen | None, step: str = ""
) -> None:
    """A line for each variant and measure, with intervals of 95 %; of all, or of one step."""
    if not arms:
        return
    screen.line()
    of = f" of step {step}" if step else ""
    screen.heading(f"Variants{of}, with 95 % intervals")
    first = next(iter(arms))
    rows = [
        (
            name,
            arm.sent,
            arm.customers,
            measure,
            *(("not counted", "", "") if share is None else _share(share)),
        )
        for name, arm in arms.items()
        for measure, share in arm.measures.items()
    ]
    heads = ["variant", "sent", "customers", "", "of them", "interval", f"beside {first}"]
    screen.table(heads, rows)
    later = {name: arm.after_winner for name, arm in arms.items() if arm.after_winner}
    for name, number in later.items():
        screen.line(f"{number:,} more got {name} once it had won; they are not compared")
    if winner is not None:
        at = f"{winner.at:%Y-%m-%d %H:%M} UTC"
        chosen = f"chosen {at}: {winner.variant}"
        screen.line(f"winner {chosen if winner.variant else f'to be chosen {at}'}")


def show_goal_of_arms(screen: Screen, arms: Mapping[str, Share]) -> None:
    """The goal by variant, with intervals of 95 %; nothing where none are compared."""
    if arms:
        rows = [(name, share.of, *_share(share)) for name, share in arms.items()]
        first = next(iter(arms))
        screen.line()
        screen.table(["variant", "customers", "reached", "interval", f"beside {first}"], rows)


def _share(share: Share) -> tuple[str, str, str]:
    of_them = f"{share.reached:,} ({share.rate:.1%})"
    interval = f"{share.low:.1%} to {share.high:.1%}"
    apart = share.difference
    if apart is None:
        return of_them, interval, ""
    points = f"{apart.rate * 100:+.1f} ({apart.low * 100:+.1f} to {apart.high * 100:+.1f})"
    return of_them, interval, f"{points} points"
