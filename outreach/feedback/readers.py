"""What readers did with messages, told apart from what machines do on their way.

Scanners of mail follow links before anybody reads: at once after the message went out, or several
of one message within a second. Who says who it is, is believed: scanners, previews in chats, and
browsers that load pages ahead. A picture that Apple's Mail loads ahead says nothing either.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from outreach.clock import Instants
from outreach.store.reactions import (
    Reaction,
    Sent,
    keep,
    lock_reactions,
    reactions_of,
    sent_by,
    take_back,
)
from outreach.store.receipts import Receipt, receive
from outreach.vocabulary import ReactionKind, ReceiptKind, State

AT_ONCE = timedelta(seconds=5)  # nobody reads a message so soon after it went out
TOGETHER = timedelta(seconds=1)  # in which nobody follows two links
AGAIN = timedelta(seconds=10)  # in which the same link once more is the same click
SOURCE = "reader"
_MACHINES = re.compile(
    r"(?<!cu)bot\b|crawl|spider|scan|preview|prefetch|facebookexternalhit|whatsapp|proofpoint|"
    r"mimecast|barracuda|safelinks|fireeye|trend ?micro|sophos|zscaler|symantec|kaspersky|curl|wget|python|go-http|java/|okhttp|libwww|headless|"
    r"phantomjs|axios|node-fetch|http-?client|feedfetcher|googleimageproxy|yahoomailproxy",
    re.IGNORECASE,
)
_FOLLOWED = (ReactionKind.CLICKED, ReactionKind.SCANNED)
_AHEAD = ("prefetch", "preview", "prerender")
_PROXIES = re.compile(r"googleimageproxy|yahoomailproxy", re.IGNORECASE)
_APPLE = "Mozilla/5.0"  # all that the proxy of Mail Privacy Protection says of itself


def follower(method: str, agent: str, purposes: Collection[str]) -> ReactionKind:
    """Who follows a link: its reader or a machine, by what the request says of itself.

    `purposes` are values of Sec-Purpose, Purpose and X-Moz.
    """
    ahead = any(word in each.lower() for each in purposes for word in _AHEAD)
    is_machine = method != "GET" or not agent or ahead or _MACHINES.search(agent)
    return ReactionKind.SCANNED if is_machine else ReactionKind.CLICKED


def shown_to(method: str, agent: str) -> ReactionKind:
    """Whether somebody sees a mail whose picture is asked for.

    Proxies of Gmail and Yahoo ask when it is opened; Apple's asks whether it is or not.
    """
    if method == "GET" and _PROXIES.search(agent):
        return ReactionKind.OPENED
    is_machine = method != "GET" or agent in ("", _APPLE) or _MACHINES.search(agent)
    return ReactionKind.FETCHED if is_machine else ReactionKind.OPENED


@dataclass(frozen=True, slots=True)
class Told:
    """New reactions as they are kept, and kept clicks that turned out to be a machine's."""

    new: tuple[Reaction, ...]
    scans: tuple[Reaction, ...]


def take(conn: Connection, came: Sequence[Reaction], at: Instants) -> list[int]:
    """Keep what came; the customers of whom something is known now.

    A delivery of which nobody knew whether it went out did: it is `sent` now.
    """
    lock_reactions(conn)
    sent = sent_by(conn, {one.delivery_id for one in came})
    known = [one for one in came if one.delivery_id in sent]
    found = tell_apart(known, reactions_of(conn, sent), sent)
    if found.new:
        keep(conn, found.new, sent, at.now)
    if found.scans:
        take_back(conn, found.scans)
    _prove(conn, found.new, sent, at)
    of_readers = (ReactionKind.CLICKED, ReactionKind.OPENED)
    told = {one.delivery_id for one in found.new if one.kind in of_readers}
    told |= {one.delivery_id for one in found.scans}
    return sorted({sent[id_].customer_id for id_ in told if not sent[id_].erased})


def _prove(
    conn: Connection, new: Sequence[Reaction], sent: Mapping[int, Sent], at: Instants
) -> None:
    unknown = {one.delivery_id for one in new if sent[one.delivery_id].state is State.UNKNOWN}
    said = [
        Receipt(sent[id_].channel, ReceiptKind.SENT, at.now, SOURCE, id_, dated=False)
        for id_ in sorted(unknown)
    ]
    if said:
        receive(conn, said, at)


def tell_apart(
    came: Sequence[Reaction], kept: Sequence[Reaction], sent: Mapping[int, Sent]
) -> Told:
    """What of new reactions is a reader's and what a machine's; repetitions are left out."""
    of_one: dict[int, tuple[list[Reaction], list[Reaction]]] = {}
    for place, group in enumerate((came, kept)):
        for one in group:
            of_one.setdefault(one.delivery_id, ([], []))[place].append(one)
    found = [_told(*each, sent[id_].handed_at) for id_, each in of_one.items()]
    new = tuple(one for each in found for one in each.new)
    return Told(new, tuple(one for each in found for one in each.scans))


def _told(came: Sequence[Reaction], kept: Sequence[Reaction], handed_at: datetime | None) -> Told:
    """Of one delivery."""
    new: list[Reaction] = []
    for one in sorted(came, key=lambda each: each.came_at):
        at_once = handed_at is not None and one.came_at - handed_at < AT_ONCE
        seen = _by_machine(one) if at_once else one
        if not any(_repeats(seen, each) for each in (*kept, *new)):
            new.append(seen)
    followed = [each for each in (*kept, *new) if each.kind in _FOLLOWED]
    scans = [e for e in kept if e.kind is ReactionKind.CLICKED and _in_burst(e, followed)]
    told = (_by_machine(e) if e.kind in _FOLLOWED and _in_burst(e, followed) else e for e in new)
    return Told(tuple(told), tuple(scans))


def _by_machine(one: Reaction) -> Reaction:
    machines = {
        ReactionKind.CLICKED: ReactionKind.SCANNED,
        ReactionKind.OPENED: ReactionKind.FETCHED,
    }
    return replace(one, kind=machines.get(one.kind, one.kind))


def _repeats(one: Reaction, before: Reaction) -> bool:
    """Whether it tells nothing new: opened once is opened, and so is loaded ahead."""
    if one.kind is not before.kind:
        return False
    if one.kind in (ReactionKind.OPENED, ReactionKind.FETCHED):
        return True
    return one.target == before.target and one.came_at - before.came_at < AGAIN


def _in_burst(one: Reaction, followed: Sequence[Reaction]) -> bool:
    return any(
        each.target != one.target and abs(each.came_at - one.came_at) <= TOGETHER
        for each in followed
    )
