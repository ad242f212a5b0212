"""Statements of the chain, built once for all rulings of a process that are alike.

To build one takes longer than to decide by it. A ruling is made anew for each command, and for each
revision; most are what they were before.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Insert, Select

from outreach.campaign.model import Campaign
from outreach.settings.company import Company

MOST = 128  # statements: each takes megabytes
Built = TypeVar("Built", Insert, Select[Any])


class Shape:
    """All of a ruling that its statements are made of; alike ones are the same object."""

    __slots__ = ("_hash", "_made_of")

    def __init__(
        self, campaign_id: int, campaign: Campaign, company: Company, needs: Hashable
    ) -> None:
        """`needs`: what the templates need of a customer, by variant and channel."""
        self._made_of = (campaign_id, campaign, needs, company)
        self._hash = hash((campaign_id, campaign, needs, company.salt))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Shape) and self._made_of == other._made_of


@lru_cache(maxsize=1024)
def same(shape: Shape) -> Shape:
    """The first of the shapes that are like this one."""
    return shape


class Kept:
    """Statements by what they are made of, the last used; any thread may ask."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, Any] = OrderedDict()

    def __call__(self, key: Hashable, make: Callable[[], Built]) -> Built:
        """The statement of a key, made where it is not known."""
        with self._lock:
            known: Built | None = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        made = make()  # of two threads each may make one: both are right
        with self._lock:
            self._known[key] = made
            while len(self._known) > self.most:
                self._known.popitem(last=False)
        return made


kept = Kept()  # those of this process
