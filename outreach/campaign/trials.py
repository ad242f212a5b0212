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
    shares = ", ".join(f"{each.name} {each.weight}" for each in campaign.variants)
    seconds = int(winner.after.total_seconds())
    return f"{shares}; {winner.by} after {seconds} of {winner.test}"
