"""How long an adapter stays away from a provider that could not be used."""

import asyncio

from outreach.channels.adapter import Source

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 15.0
STEP_SECONDS = 0.1  # how soon a stop is noticed


class Backoff:
    """Waits that double with each failure and start anew after a success."""

    def __init__(self) -> None:
        self._next = FIRST_SECONDS

    def reset(self) -> None:
        """Something worked: the next wait is short again."""
        self._next = FIRST_SECONDS

    async def wait(self, source: Source) -> None:
        """Stay away for the present span, less when the source is stopping."""
        left, self._next = self._next, min(self._next * 2, LONGEST_SECONDS)
        while left > 0 and not source.stopping():
            await asyncio.sleep(min(left, STEP_SECONDS))
            left -= STEP_SECONDS
