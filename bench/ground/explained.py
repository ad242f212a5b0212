"""What it takes a process that runs on to explain decisions about single customers of a large base."""

import os
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.ground.frame import Ground
from outreach.app.context import open_context
from outreach.app.explaining import explain_customer

BAR_SECONDS = 0.2  # of one customer
MISSED = f"explain over {BAR_SECONDS} s"
_EACH, _WARM_UP = 60, 10  # customers; a process that runs on was asked before


@dataclass(frozen=True, slots=True)
class Explained:
    """Seconds of one customer, and how many of each decision there were, in words."""

    median: float
    longest: float
    decisions: str

    @property
    def told(self) -> str:
        """The figures, for a table."""
        return f"{self.median:.3f}, at most {self.longest:.3f}"


def explained(ground: Ground, now: datetime, campaigns: Sequence[str], rows: int) -> Explained:
    """Explain customers one by one in this process, sixty of them shared out to the campaigns."""
    os.environ |= ground.settings
    context, took, decisions = open_context(ground.project, now.isoformat()), [], Counter[str]()
    each = _EACH // len(campaigns)
    try:
        for number in range(_WARM_UP + each):
            key = f"k{number * 7_919 % rows}"  # from all over the base, of every kind
            for campaign in campaigns:
                begun = time.perf_counter()
                decision = explain_customer(context, campaign, key).decision
                if number >= _WARM_UP:
                    took.append(time.perf_counter() - begun)
                    decisions[decision.value] += 1
    finally:
        context.close()
    told = ", ".join(f"{name} {many}" for name, many in sorted(decisions.items()))
    return Explained(statistics.median(took), max(took), told)
