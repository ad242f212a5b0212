"""The chain over a whole base in parts, by ranges of customers' ids: the values that name a part."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from sqlalchemy import BindParameter, bindparam

from outreach.store.types import BigId

Part = tuple[BindParameter[int], BindParameter[int]]  # beyond the one, up to the other
PART: Part = (bindparam("part_after", type_=BigId), bindparam("part_until", type_=BigId))
WHOLE: Mapping[str, int] = {"part_after": 0, "part_until": 2**62}  # more than there are ids


def part(after: int, until: int) -> Mapping[str, int]:
    """The range of ids beyond the one, up to the other."""
    return {"part_after": after, "part_until": until}


def parts(last: int, count: int) -> Iterator[Mapping[str, int]]:
    """So many ranges that together are everybody, whose highest id is `last`."""
    ends = [last * number // count for number in range(count)]
    for after, until in pairwise([*ends, WHOLE["part_until"]]):
        yield part(after, until)
