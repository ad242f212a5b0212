"""Campaign revisions and the company's rules, with the bytes of every file they use."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, case, func, select

from outreach.store.dialect import insert
from outreach.store.tables import blobs, campaigns, company_rules, revisions, runs

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a campaign: what a run pins."""

    id: int
    campaign_id: int
    campaign: str
    digest: str


def digest_of(files: Files) -> str:
    """The digest of named bytes: it changes when a name or a byte does."""
    parts = {path: sha256(content).hexdigest() for path, content in sorted(files.items())}
    return sha256(json.dumps(parts).encode()).hexdigest()


def campaign_id(conn: Connection, name: str) -> int:
    """The campaign's number; it gets one when it has none."""
    known = conn.execute(select(campaigns.c.id).where(campaigns.c.name == name)).scalar()
    if known is not None:
        return int(known)
    conn.execute(insert(conn, campaigns).values(name=name).on_conflict_do_nothing())
    return int(conn.execute(select(campaigns.c.id).where(campaigns.c.name == name)).scalar_one())


def save_revision(conn: Connection, campaign: str, files: Files, now: datetime) -> Revision:
    """The revision of these files; stored unless it is known."""
    digest, number = digest_of(files), campaign_id(conn, campaign)
    known = select(revisions.c.id).where(
        revisions.c.campaign_id == number, revisions.c.digest == digest
    )
    found = conn.execute(known).scalar()
    if found is None:
        row = {"campaign_id": number, "digest": digest, "files": _save(conn, files), "at": now}
        conn.execute(insert(conn, revisions).values(row).on_conflict_do_nothing())
        found = conn.execute(known).scalar_one()
    return Revision(found, number, campaign, digest)


def last_revision_at(conn: Connection, campaign: str) -> datetime | None:
    """When the campaign's latest revision was first stored, aware UTC; None: it has none."""
    query = select(func.max(revisions.c.at)).join(campaigns)
    return conn.execute(query.where(campaigns.c.name == campaign)).scalar()


def is_known_revision(conn: Connection, campaign: str, files: Files) -> bool:
    """Whether a run has had these files: they were admitted once."""
    query = select(runs.c.id).join(revisions, revisions.c.id == runs.c.revision_id)
    query = query.join(campaigns, campaigns.c.id == revisions.c.campaign_id)
    known = query.where(campaigns.c.name == campaign, revisions.c.digest == digest_of(files))
    return conn.execute(known.limit(1)).first() is not None


def is_pinned(conn: Connection, revision_id: int) -> bool:
    """Whether a run has had this revision: it was admitted once."""
    found = select(runs.c.id).where(runs.c.revision_id == revision_id).limit(1)
    return conn.execute(found).first() is not None


def pins(conn: Connection, revision_id: int, path: str, content: bytes | None) -> bool:
    """Whether a revision has just this content at a path; None: whether it has nothing there."""
    query = select(revisions.c.files).where(revisions.c.id == revision_id)
    wanted = None if content is None else sha256(content).hexdigest()
    return bool(conn.execute(query).scalar_one().get(path) == wanted)


def revision_files(conn: Connection, revision_id: int) -> tuple[Revision, dict[str, bytes]]:
    """A revision and the bytes of its files."""
    row = conn.execute(
        select(revisions, campaigns.c.name)
        .join(campaigns, campaigns.c.id == revisions.c.campaign_id)
        .where(revisions.c.id == revision_id)
    ).one()
    revision = Revision(row.id, row.campaign_id, row.name, row.digest)
    return revision, _load(conn, row.files)


def save_company(conn: Connection, files: Files, now: datetime) -> str:
    """Make these the company's rules in force; returns their digest. Nothing is written twice."""
    digest = digest_of(files)
    if company_digest(conn) != digest:
        row = {"digest": digest, "files": _save(conn, files), "at": now}
        conn.execute(company_rules.insert().values(row))
    return digest


def company_digest(conn: Connection) -> str | None:
    """The digest of the company's rules in force; None before the first were saved."""
    newest = select(company_rules.c.digest).order_by(company_rules.c.id.desc()).limit(1)
    return conn.execute(newest).scalar()


def company_files(conn: Connection) -> dict[str, bytes]:
    """The bytes of the company's rules in force."""
    newest = select(company_rules.c.files).order_by(company_rules.c.id.desc()).limit(1)
    return _load(conn, conn.execute(newest).scalar_one())


def company_files_at(conn: Connection, at: datetime) -> dict[str, bytes]:
    """The bytes of the company's rules that were in force at an instant; before the first: those."""
    then = case((company_rules.c.at <= at, company_rules.c.id), else_=-company_rules.c.id)
    row = select(company_rules.c.files).order_by(then.desc()).limit(1)
    return _load(conn, conn.execute(row).scalar_one())


def company_files_numbered(conn: Connection, rules_id: int) -> dict[str, bytes]:
    """The bytes of one version of the company's rules."""
    row = select(company_rules.c.files).where(company_rules.c.id == rules_id)
    return _load(conn, conn.execute(row).scalar_one())


def _save(conn: Connection, files: Files) -> dict[str, str]:
    digests = {path: sha256(content).hexdigest() for path, content in sorted(files.items())}
    rows = {digests[path]: content for path, content in files.items()}
    conn.execute(
        insert(conn, blobs).on_conflict_do_nothing(),
        [{"digest": digest, "content": content} for digest, content in rows.items()],
    )
    return digests


def _load(conn: Connection, digests: Mapping[str, str]) -> dict[str, bytes]:
    rows = conn.execute(select(blobs).where(blobs.c.digest.in_(set(digests.values()))))
    content = {row.digest: row.content for row in rows}
    return {path: content[digest] for path, digest in digests.items()}
