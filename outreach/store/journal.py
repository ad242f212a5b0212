"""The audit log: who changed what by hand, or what changed itself and why; rows are only added.

But for erasures, which take out what people wrote of somebody's addresses.
"""

from datetime import datetime

from sqlalchemy import Connection

from outreach.store.tables import audit

ADDED, LIFTED = "suppression added", "suppression lifted"
ABOUT_ADDRESSES = (ADDED, LIFTED)  # actions whose detail names `customers`, and why


def record(
    conn: Connection, at: datetime, actor: str, action: str, subject: object, /, **detail: object
) -> None:
    """Add a row in the caller's transaction; `detail` becomes JSON and holds no address."""
    row = {"at": at, "actor": actor, "action": action, "subject": str(subject)}
    conn.execute(audit.insert().values(**row, detail=detail or None))
