"""Addresses that are never used again: given by people, looked at, lifted; each in the audit log."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.customers import Progress
from outreach.app.erasing import erased_of
from outreach.app.person import person
from outreach.documents import did_you_mean
from outreach.errors import UsageError
from outreach.imports import Options, SuppressionsResult, import_suppressions
from outreach.imports.refused_addresses import addressed, normal_address, reason
from outreach.imports.values import BadValueError
from outreach.store.acknowledgement import all_acknowledged
from outreach.store.engine import reading, writing
from outreach.store.journal import ADDED, LIFTED, record
from outreach.store.listed_suppressions import Listed, add_listed, lift, listed
from outreach.store.suppressions import Suppression, lock_addressees


@dataclass(frozen=True, slots=True)
class Added:
    """What came of a suppression; `added` is False where it stood already."""

    channel: str
    address: str
    reason: str
    added: bool


@dataclass(frozen=True, slots=True)
class Lifted:
    """What came of a lift: the reasons that are gone; none where the address was not suppressed."""

    channel: str
    address: str
    lifted: list[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """The latest suppressions, and how many there are."""

    suppressions: list[Listed]
    count: int


def add_suppression(context: Context, channel: str, address: str, why: str) -> Added:
    """Never use the address on the channel; returns when no message to it begins any more."""
    channel, address = _normal(context, channel, address)
    word = _reason(why)
    with writing(context.engine) as conn:
        one = Suppression(channel, address, word, "person", context.now())
        added = add_listed(conn, channel, [one])
        _audit(conn, context, ADDED, channel, address, reason=word)
    all_acknowledged(context.engine)
    return Added(channel, address, word, bool(added))


def lift_suppression(
    context: Context, channel: str, address: str, why: str, *, anyway: bool
) -> Lifted:
    """Let the address be used again; no consent comes of it.

    UsageError where the person complained, opted out or was erased, unless `anyway`.
    """
    channel, address = _normal(context, channel, address)
    if not why.strip():
        raise UsageError("a suppression is lifted for a reason", "say it with `--reason`")
    with writing(context.engine) as conn:
        lifted, forbidding = lift(conn, channel, address, anyway, erased_of(context))
        if forbidding:
            message = f"`{address}` is suppressed for what its reader said: {_list(forbidding)}"
            raise UsageError(message, "if you are sure that they want it, say `--anyway`")
        if lifted:
            said = {"reasons": sorted(lifted), "why": why.strip(), "anyway": anyway}
            _audit(conn, context, LIFTED, channel, address, **said)
    return Lifted(channel, address, sorted(lifted))


def import_suppression_file(
    context: Context, path: Path, options: Options, progress: Progress | None = None
) -> SuppressionsResult:
    """Keep the suppressions of a file; returns when no message to them begins any more."""
    company, now = context.company(), context.now()
    found = import_suppressions(context.engine, path, company, now, options, progress)
    if not options.dry_run:
        all_acknowledged(context.engine)
        with writing(context.engine) as conn:
            detail = {"created": found.created, "unchanged": found.unchanged}
            _row(conn, context, "suppressions imported", path.name, detail)
    return found


def show_suppressions(context: Context, channel: str | None, limit: int) -> Shown:
    """The latest suppressions, of all channels or one."""
    if channel is not None:
        _must_have_addresses(context, channel)
    with reading(context.engine) as conn:
        return Shown(*listed(conn, channel, limit))


def _normal(context: Context, channel: str, address: str) -> tuple[str, str]:
    """The channel and the address as it is kept; UsageError where they can not be meant."""
    _must_have_addresses(context, channel)
    try:
        return channel, normal_address(channel, address, context.company().brand.country)
    except BadValueError as error:
        raise UsageError(f"`{address}` {error}", "write it as customers have it") from None


def _must_have_addresses(context: Context, channel: str) -> None:
    known = sorted(addressed(context.company()))
    if channel not in known:
        hint = did_you_mean(channel, known, listing="there are")
        raise UsageError(f"there is no channel `{channel}` with addresses", hint)


def _reason(why: str) -> str:
    try:
        found = reason(why)
    except BadValueError as error:
        raise UsageError(f"the reason {error}", "one word will do: `asked_by_phone`") from None
    if found is None:
        raise UsageError("a suppression needs its reason", "say it with `--reason`")
    return found


def _list(words: set[str]) -> str:
    return ", ".join(sorted(words))


def _audit(
    conn: Connection, context: Context, action: str, channel: str, address: str, **detail: Any
) -> None:
    """Who did it; the address stands for the customers who have it, whom an erasure finds."""
    ids = lock_addressees(conn, channel, [address])
    _row(conn, context, action, channel, {**detail, "customers": sorted(ids)})


def _row(
    conn: Connection, context: Context, action: str, subject: str, detail: dict[str, Any]
) -> None:
    record(conn, context.now(), person() or "", action, subject, **detail)
