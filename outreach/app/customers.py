"""Customers: taken in from a file, and shown one by one."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from outreach.app.context import Context
from outreach.app.erasing import erased_of
from outreach.app.project import save_rules
from outreach.app.stages import lifecycles_of, refresh_touched
from outreach.errors import UsageError
from outreach.imports import ImportResult, Intake, Options, import_customers
from outreach.imports.outcome import Touched
from outreach.store import customers
from outreach.store.acknowledgement import all_acknowledged
from outreach.store.engine import reading
from outreach.store.listed_suppressions import listed_of

Progress = Callable[[int], None]  # bytes of the file done so far; customers, when refreshing
_INSIDE = (  # of no use outside of the database, or told apart
    "id", "place_id", "zones", "bucket", "shares", "facts_at", "last_heard_at", "phone_region", "dates",
)  # fmt: skip
DAY = timedelta(days=1)


def import_customer_file(
    context: Context,
    path: Path,
    options: Options,
    progress: Progress | None = None,
    refreshed: Progress | None = None,
) -> ImportResult:
    """Upsert the customers of a file, and bring the stages of those that changed up to date.

    Where the file has words of consent it returns when no message against them begins any more.
    """
    company, lifecycles = context.company(), lifecycles_of(context)
    if not options.dry_run:
        save_rules(context)
    touched = Touched()
    try:
        found = import_customers(
            context.engine, path, company, context.now(), options, progress, touched, lifecycles,
            erased_of(context),
        )  # fmt: skip
    finally:  # an error ends it in the middle: what is committed stays
        if not options.dry_run:
            refresh_touched(context, touched.ids(), refreshed)
    if not options.dry_run and found.consents_recorded + found.consents_unchanged:
        all_acknowledged(context.engine)
    return found


def told(result: Intake) -> dict[str, Any]:
    """What an import tells, without the customers' inner numbers."""
    return {f.name: getattr(result, f.name) for f in fields(result) if f.name != "customers"}


def customer_history(context: Context, key: str) -> Mapping[str, Any]:
    """One customer: data, consents, suppressions of its addresses, stages, dates, interests,
    deliveries and events counted.

    Newest first. `typical_gap` is in whole days. What is dated after now is left out. UsageError where there is
    no such customer.
    """
    attributes = context.company().attributes
    with reading(context.engine) as conn:
        found = customers.show(conn, key, attributes, context.now())
        if found is None:
            raise no_customer(key)
        stopped = listed_of(conn, found["customer"]["id"], context.now())
    gap = found["customer"]["typical_gap"]
    found["customer"]["typical_gap"] = None if gap is None else round(gap / DAY)
    history = {"customer": found.pop("customer"), "consents": found.pop("consents")}
    history |= {"suppressions": [asdict(one) for one in stopped], **found}
    return {part: _outside(value) for part, value in history.items()}


def who_is(context: Context, key: str) -> str:
    """A customer as a person knows them: key, name, addresses. UsageError: there is none."""
    found = customer_history(context, key)["customer"]
    name = " ".join(filter(None, (found["first_name"], found["last_name"])))
    known = ", ".join(filter(None, (name, found["email"], found["phone"])))
    return f"{key} ({known})" if known else key


def no_customer(key: str) -> UsageError:
    """The error for a key that nobody has."""
    return UsageError(f"there is no customer `{key}`", "keys are exact, upper and lower case too")


def _outside(value: Any) -> Any:
    if isinstance(value, list):
        return [_outside(each) for each in value]
    return {name: each for name, each in value.items() if name not in _INSIDE}
