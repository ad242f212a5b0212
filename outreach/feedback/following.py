"""Where links of messages lead. Never elsewhere than to what a template of ours says."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Engine

from outreach import tokens
from outreach.store.engine import reading
from outreach.store.reactions import addresses_of
from outreach.tokens import Purpose

LONGEST = 4_000  # characters of an address that a link brings along


@dataclass(frozen=True, slots=True)
class Followed:
    """A link that was followed; `delivery_id` None: nobody can tell whose it is.

    `name` is that of an address in the database; None: the message's own.
    """

    address: str
    delivery_id: int | None
    name: str | None


def follow(engine: Engine, keys: Sequence[str], token: str, name: str, to: str) -> Followed | None:
    """Where `…/token/name?to=` leads; None where we never said so.

    An address of a template is looked up by its name: it is found whatever became of the keys. One
    of a message alone stands in `to`, and counts only with that message's seal, which `name` is.
    """
    delivery_id = tokens.verify_short(keys, Purpose.CLICK, token)
    if not to:
        address = _known(engine, name) if name.isascii() and name.isalnum() else None
        return None if address is None else Followed(address, delivery_id, name)
    sealed = delivery_id is not None and len(to) <= LONGEST
    if sealed and tokens.is_sealed(keys, delivery_id or 0, to, name):
        return Followed(to, delivery_id, None)
    return None


class _UnknownError(LookupError):
    """Raised when no address has a name: so that this is not kept in mind."""


def _known(engine: Engine, name: str) -> str | None:
    try:
        return _address(engine, name)
    except _UnknownError:
        return None


@lru_cache(maxsize=4096)  # an address of a name never changes
def _address(engine: Engine, name: str) -> str:
    with reading(engine) as conn:
        found = addresses_of(conn, [name]).get(name)
    if found is None:
        raise _UnknownError(name)
    return found
