"""Rulings from the bytes in the database: workers read no project files."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from outreach.campaign.pinned import unpinned
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.errors import ProblemsFound, SetupError
from outreach.rendering.compiled import compile_step
from outreach.settings.company import Company
from outreach.settings.company_file import COMPANY_FILE, load_company
from outreach.store.revisions import (
    company_digest,
    company_files,
    company_files_at,
    revision_files,
)


class Rulings:
    """Loads rulings and keeps the newest `most`, by revision and digest of the company's rules.

    Made anew as soon as the company's rules change; any thread may call it.
    """

    def __init__(self, most: int = 64) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, str], Ruling] = OrderedDict()

    def load(self, conn: Connection, revision_id: int) -> Ruling:
        """The ruling of a revision under the company's present rules."""
        digest = company_digest(conn)
        if digest is None:
            raise SetupError("the database holds no company rules", "run `outreach check` first")
        with self._lock:
            kept = self._kept.get((revision_id, digest))
            if kept is None:
                kept = _load(conn, revision_id, present_company(conn))
                self._kept[revision_id, digest] = kept
            self._kept.move_to_end((revision_id, digest))
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
            return kept


def ruling_at(conn: Connection, revision_id: int, at: datetime) -> Ruling:
    """The ruling of a revision under the company's rules that were in force at an instant."""
    return _load(conn, revision_id, _company(company_files_at(conn, at)))


def present_company(conn: Connection) -> Company:
    """The company's rules in force."""
    return _company(company_files(conn))


def _company(files: Mapping[str, bytes]) -> Company:
    company, problems = load_company(files[COMPANY_FILE])
    if company is None:
        raise ProblemsFound(problems)
    return company


def _load(conn: Connection, revision_id: int, rules: Company) -> Ruling:
    revision, files = revision_files(conn, revision_id)
    campaign, company = unpinned(revision.campaign, files, rules)
    compiled = compile_step(files, campaign, company)
    return make_ruling(revision.campaign_id, revision_id, campaign, company, compiled)
