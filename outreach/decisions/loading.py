"""Rulings from the bytes in the database: workers read no project files."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from outreach.campaign.pinned import unpinned
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.errors import ProblemsFound, SetupError
from outreach.logger import Logger
from outreach.rendering.compiling import compile_step
from outreach.settings.company import Company
from outreach.settings.company_file import COMPANY_FILE, load_company
from outreach.store.activity import active_revisions
from outreach.store.deliveries import Pin
from outreach.store.revisions import (
    company_digest,
    company_files,
    company_files_at,
    revision_files,
)

log = Logger(__name__)


class Rulings:
    """Loads rulings and keeps the newest `most`, by revision, rules and campaigns above.

    Made anew as soon as the company's rules change, or a campaign that is active; any thread may
    call it.
    """

    def __init__(self, most: int = 64) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Pin, str, tuple[int, ...]], Ruling] = OrderedDict()
        self._alone: OrderedDict[tuple[Pin, str], Ruling | None] = OrderedDict()

    def load(self, conn: Connection, revision_id: int, step: str | None = None) -> Ruling:
        """The ruling of one message of a revision under the present rules, below active campaigns.

        `step` None: the campaign's first message.
        """
        digest = company_digest(conn)
        if digest is None:
            raise SetupError("the database holds no company rules", "run `outreach check` first")
        active = active_revisions(conn)
        with self._lock:
            key = (Pin(revision_id, step), digest, active)
            kept = self._kept.get(key)
            if kept is None:
                kept = self._kept[key] = self._made(conn, *key)
            _bound(self._kept, key, self.most)
            return kept

    def _made(self, conn: Connection, pin: Pin, digest: str, active: Sequence[int]) -> Ruling:
        rules = present_company(conn)
        ruling = self._alone.get((pin, digest)) or _load(conn, pin, rules)
        self._alone[pin, digest] = ruling
        if not ruling.grid.cap_windows:
            return ruling  # nothing caps it
        others = []
        for other in active:
            key = (Pin(other, None), digest)
            if key not in self._alone:
                self._alone[key] = _load_if_sound(conn, other, rules)
            _bound(self._alone, key, 4 * self.most)
            others.append(self._alone[key])
        return ruling.below(each for each in others if each is not None)


def _bound(kept: OrderedDict[Any, Any], used: object, most: int) -> None:
    """Forget what was not asked for the longest."""
    kept.move_to_end(used)
    while len(kept) > most:
        kept.popitem(last=False)


def ruling_at(conn: Connection, revision_id: int, at: datetime, step: str | None = None) -> Ruling:
    """The ruling of a message of a revision under the rules that were in force at an instant.

    Below the campaigns that are active now: which were then is not kept.
    """
    rules = _company(company_files_at(conn, at))
    others = (_load_if_sound(conn, other, rules) for other in active_revisions(conn))
    ruling = _load(conn, Pin(revision_id, step), rules)
    return ruling.below([each for each in others if each is not None])


def _load_if_sound(conn: Connection, revision_id: int, rules: Company) -> Ruling | None:
    """None where the rules no longer know what the revision names: it makes no run either."""
    try:
        return _load(conn, Pin(revision_id, None), rules)
    except ProblemsFound as found:
        log.warning("campaign reserves nothing", revision=revision_id, why=str(found.problems[0]))
        return None


def present_company(conn: Connection) -> Company:
    """The company's rules in force."""
    return _company(company_files(conn))


def _company(files: Mapping[str, bytes]) -> Company:
    company, problems = load_company(files[COMPANY_FILE])
    if company is None:
        raise ProblemsFound(problems)
    return company


def _load(conn: Connection, pin: Pin, rules: Company) -> Ruling:
    revision, files = revision_files(conn, pin.revision_id)
    campaign, company = unpinned(revision.campaign, files, rules)
    campaign = campaign.at_step(pin.step)
    compiled = compile_step(files, campaign, company)
    return make_ruling(revision.campaign_id, pin.revision_id, campaign, company, compiled)
