"""Death at a commit, as a killed process has it: the transaction is gone, and nothing is tidied up."""

from collections import Counter
from collections.abc import Callable

from sqlalchemy import Connection


class DiesError(BaseException):
    """Raised where a process would be killed: nothing of ours catches it."""


def dying_at(number: int) -> Callable[..., None]:
    """Dies before the transaction of this number is committed."""
    seen = Counter[str]()

    def commit(_: Connection) -> None:
        seen["commits"] += 1
        if seen["commits"] == number:
            raise DiesError

    return commit
