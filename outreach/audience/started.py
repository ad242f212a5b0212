"""`event.amount` in expressions: a column of what started the campaign."""

from typing import TYPE_CHECKING

from outreach.audience import tree
from outreach.audience.names import EVENT_COLUMNS, Kind

if TYPE_CHECKING:
    from outreach.audience.analysis import Reader


def read_event(reader: "Reader", offset: int, column: str | None) -> tree.Node | None:
    """The column (None: none is named); None after noting that no event started the campaign."""
    if not reader.names.happened:
        message = "`event` is what started a campaign: here none did"
        reader.fault(offset, "not-allowed", message, "it is for `schedule: {on_event: …}`")
        return None
    if column is None:
        message = "of an event a column is asked for"
        reader.fault(offset, "not-allowed", message, "write for example `event.amount`")
        return None
    return tree.Happened(EVENT_COLUMNS.get(column, Kind.TEXT), offset, column)
