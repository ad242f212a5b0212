"""What a campaign was when it was last in order: the revision that its next run would have pinned."""

from sqlalchemy import Connection, select

from outreach.app.context import Context
from outreach.campaign.pinned import unpinned
from outreach.errors import ProblemsFound
from outreach.planning.tick import Candidate
from outreach.store.revisions import revision_files
from outreach.store.tables import campaigns


def last_good(context: Context, conn: Connection, name: str) -> Candidate | None:
    """The campaign by the files that the database keeps; None where it was never active with any.

    None as well where the company's rules of today do not go with them.
    """
    known = (campaigns.c.name == name, campaigns.c.active_since.is_not(None))
    revision_id = conn.execute(select(campaigns.c.revision_id).where(*known)).scalar_one_or_none()
    if revision_id is None:
        return None
    files = revision_files(conn, revision_id)[1]
    try:
        return Candidate(unpinned(name, files, context.company())[0], files)
    except ProblemsFound:
        return None
