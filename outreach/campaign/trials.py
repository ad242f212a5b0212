"""How a winner is chosen: in each run, whose others wait for it, or once in a journey."""

from outreach.campaign.model import Campaign


def waits_for_winner(campaign: Campaign) -> bool:
    """Whether who is not in the test waits for the choice: in a journey nobody does."""
    return campaign.winner is not None and not campaign.is_journey


def trial_of(campaign: Campaign) -> str | None:
    """What the test of a journey's variants is told by; None: no winner is chosen in one.

    It is the same in every version of the file that says the same of variants and winner.
    """
    winner = campaign.winner
    if winner is None or not campaign.is_journey:
        return None
    seconds = int(winner.after.total_seconds())
    return f"{shares_of(campaign)}; {winner.by} after {seconds} of {winner.test}"


def shares_of(campaign: Campaign) -> str:
    """The variants with their shares: where no winner is chosen, all that a journey's are told by."""
    return ", ".join(f"{each.name} {each.weight}" for each in campaign.variants)


def deals_anew(old: Campaign, new: Campaign) -> bool:
    """Whether a version of a journey's file gives other customers the variants that it knows."""
    before, now = (trial_of(each) or shares_of(each) for each in (old, new))
    return bool(new.variants) and before != now
