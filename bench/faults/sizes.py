"""How large a scenario is: long forms for figures, short ones for the tests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """`faults`: kills, flushes or SIGTERMs, as the scenario goes."""

    mails: int
    workers: int
    faults: int
    scheduler: bool = True


LONG = {  # two worker processes, as `bench send` has; cadence is the one that is about many
    "kill": Size(20_000, 2, 32),
    "everything": Size(20_000, 2, 4),
    "flush": Size(20_000, 2, 5),
    "drop": Size(20_000, 2, 0),
    "schedulers": Size(20_000, 2, 6),
    "consent": Size(1_000, 2, 0),
    "cadence": Size(5_000, 8, 4),
    "terminate": Size(20_000, 2, 20),
    "plain": Size(3_000, 8, 8),
}
SMALL = {
    "kill": Size(300, 2, 3, scheduler=False),
    "everything": Size(300, 2, 1),
    "flush": Size(300, 1, 5),
    "drop": Size(300, 1, 0, scheduler=False),
    "schedulers": Size(360, 1, 1),
    "consent": Size(100, 1, 0),
    "cadence": Size(300, 2, 0),
    "terminate": Size(300, 1, 3),
    "plain": Size(600, 2, 2),
}

# Of the small forms: a lease that does not outlast them, and a bound for `unknown` that is felt.
HURRY = {"LEASE_SECONDS": "1", "IN_FLIGHT": "8", "TICK_SECONDS": "0.2"}
