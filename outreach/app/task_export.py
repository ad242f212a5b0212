"""Open tasks as a file: CSV that no spreadsheet runs, or to-dos for a calendar (RFC 5545)."""

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from outreach.app.context import Context
from outreach.app.tasks import TaskShown, list_tasks
from outreach.errors import SetupError, UsageError
from outreach.imports.intake import neutral

MOST = 10_000
COLUMNS = (
    "id", "owner", "urgency", "due_at", "kind", "title", "words", "customer", "name", "phone",
    "email", "stage", "why", "escalated_to", "campaign", "run",
)  # fmt: skip
_PRIORITY = {"overdue": 1, "soon": 5, "later": 9}  # RFC 5545 3.8.1.9: 1 is the highest
_LONGEST_LINE = 75  # octets without the line's end, RFC 5545 3.1


@dataclass(frozen=True, slots=True)
class ExportedTasks:
    """What was written."""

    file: Path
    tasks: int


def export_tasks(context: Context, path: Path, owner: str | None = None) -> ExportedTasks:
    """Write the open tasks, up to 10,000 that are due first, by the ending: .csv or .ics.

    The file appears whole or not at all. UsageError for another ending, SetupError where it can
    not be written.
    """
    making = {".csv": _csv, ".ics": _calendar}.get(path.suffix.lower())
    if making is None:
        raise UsageError(f"`{path.name}` says no format", "end it with .csv or .ics")
    found = list_tasks(context, owner=owner, limit=MOST)
    content = making(found, context.now())
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        draft.write_bytes(content.encode())
        draft.replace(path)
    except OSError as error:
        hint = "name a place that this user may write to"
        raise SetupError(f"`{path}` can not be written: {error.strerror}", hint) from error
    finally:
        draft.unlink(missing_ok=True)
    return ExportedTasks(path, len(found))


def _csv(found: list[TaskShown], now: datetime) -> str:  # noqa: ARG001
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for each in found:
        task, card = each.task, each.card
        cells = (
            task.id, task.owner, each.urgency, task.due_at.isoformat(), task.kind.value,
            task.title, task.words, task.customer, card.name, card.phone, card.email, card.stage,
            each.reason, task.escalated_to, task.campaign, task.run,
        )  # fmt: skip
        writer.writerow(neutral("" if cell is None else str(cell)) for cell in cells)
    return file.getvalue()


def _calendar(found: list[TaskShown], now: datetime) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//outreach//tasks//EN"]
    for each in found:
        lines += _to_do(each, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _to_do(each: TaskShown, now: datetime) -> Iterator[str]:
    """One VTODO (RFC 5545 3.6.2); its UID stays, so a calendar takes the next export as an update."""
    task, card = each.task, each.card
    about = [task.words, "", f"{task.customer} {card.name}", card.phone or "", card.email or ""]
    why = each.reason + (f", escalated to {task.escalated_to}" if task.escalated_to else "")
    born_at = task.happened_at or task.given_at or task.due_at
    yield "BEGIN:VTODO"
    yield f"UID:task-{task.id}-{born_at:%Y%m%dT%H%M%S%f}@outreach.invalid"
    yield f"DTSTAMP:{_instant(now)}"
    yield f"DUE:{_instant(task.due_at)}"
    yield f"SUMMARY:{_escaped(f'{task.kind.value}: {task.title}')}"
    yield f"DESCRIPTION:{_escaped(chr(10).join([*about, why]).strip())}"
    yield f"CATEGORIES:{_escaped(task.campaign or task.cause.value)}"
    yield f"PRIORITY:{_PRIORITY[each.urgency]}"
    yield "STATUS:NEEDS-ACTION"
    yield "END:VTODO"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    """TEXT of RFC 5545 3.3.11; what controls there are besides line ends is taken out."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    kept = "".join(each for each in text if each == "\n" or each >= " ")
    return kept.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 octets, no character cut in two; all but the first begin with a space."""
    part, size = "", 0
    for each in line:
        width = len(each.encode())
        if size + width > _LONGEST_LINE:
            yield part
            part, size = " ", 1
        part, size = part + each, size + width
    yield part
