"""The statements of a claim, built once: to build one costs as much as half of its rows."""

from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, null, select, update
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.types import TypeEngine

from outreach.store import workers
from outreach.store.dialect import row_source
from outreach.store.spelling import listed_in
from outreach.store.tables import customers, deliveries
from outreach.store.types import Ids, Instant
from outreach.vocabulary import State

d = deliveries.c
LOCKING = (
    select(customers.c.id, customers.c.shares)
    .where(listed_in(customers.c.id, bindparam("ids", type_=Ids())))
    .order_by(customers.c.id)
    .with_for_update(key_share=True, skip_locked=True)
)
CLAIMS = (
    ("id", d.id.type), ("fence", d.fence.type), ("address", d.address.type),
    ("consent_id", d.consent_id.type), ("locale", d.locale.type), ("variant", d.variant.type),
)  # fmt: skip


@cache
def claiming(
    database: str, columns: tuple[tuple[str, TypeEngine[Any]], ...]
) -> ReturningUpdate[int]:
    """The statement of `deliveries.claim`: rows "claims", the worker "of_worker", "moment"; a clock."""
    v = row_source(database, "claims", columns).c
    held = deliveries.alias("held").c
    worker = bindparam("of_worker", type_=d.worker_id.type)
    now = bindparam("moment", type_=Instant())
    last = select(func.coalesce(func.max(held.claim), 0)).where(held.worker_id == worker)
    return (
        update(deliveries)
        .where(d.id == v.id, d.fence == v.fence, d.ready, workers.is_alive(database, worker))
        .values(
            state=State.CLAIMED.value,
            ready=False,
            firm=True,
            fence=d.fence + 1,
            worker_id=worker,
            claim=last.scalar_subquery() + 1,
            claimed_at=now,
            slot_at=now,
            address=v.address,
            consent_id=v.consent_id,
            locale=v.locale,
            reason=null(),
            retry_at=null(),
            **({"variant": v.variant} if "variant" in v else {}),
        )
        .returning(d.id)
    )
