"""Who waits for the better variant, in plain Python; a part of the reference."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from world import Customer, Verdict, World

from outreach.vocabulary import Decision, Reason

Decide = Callable[[World, Customer, Mapping[tuple[str, str], str]], Verdict]


def with_winner(decide: Decide) -> Decide:
    """What is decided at once of who is in the test, and of the others once the winner is chosen."""

    def decided(world: World, customer: Customer, first: Mapping[tuple[str, str], str]) -> Verdict:
        winner = world.campaign.winner
        if winner is None or customer.test_arm < winner.test:
            return decide(world, customer, first)
        later = replace(world, asked_at=world.asked_at + winner.after)
        found = decide(later, customer, first)
        if found.decision is Decision.SKIP or found.reason in (Reason.CAPPED, Reason.RESERVED):
            return found
        until = found.until or later.asked_at
        return Verdict(Decision.HOLD, Reason.AWAITING_WINNER, until, found.channel)

    return decided
