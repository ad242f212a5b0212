"""Rows of a file of named dates."""

from functools import partial
from typing import Any, NamedTuple

from outreach.imports import days, values
from outreach.imports.fields import COLUMN, DAY, NOTE, Fields
from outreach.imports.outcome import Options
from outreach.imports.parsing import Cells, Fault, missing, read_cells
from outreach.imports.remembering import remembering
from outreach.imports.seen_keys import SeenKeys
from outreach.imports.values import BadValueError
from outreach.settings.attribute_names import FACTS
from outreach.settings.company import Company
from outreach.settings.date_names import date_name, is_other_field


class DateRow(NamedTuple):
    """One named date of a customer."""

    line: int
    key: str
    name: str
    told: dict[tuple[str, str], str | None]  # by name and part, as in a CustomerRow
    cells: list[str]


class DateParser:
    """Reads `key,name,date,note`."""

    required: tuple[str, ...] = ("key", "name", "date")

    def __init__(self, company: Company, options: Options) -> None:
        self._seen = SeenKeys()
        self.fields = Fields(
            reads={
                "key": values.code,
                "name": remembering(partial(_name, company=company)),
                "date": partial(days.named_date, order=options.dates),
                "note": values.text,
            },
            options=options,
        )

    def parse(self, line: int, cells: Cells, raw: list[str]) -> DateRow | list[Fault]:
        """The date; without a note the one that is there stays.

        A name that comes again of one customer is refused: the same file again would change it back
        and forth.
        """
        found: dict[str, Any] = {}
        faults = read_cells(cells, False, {COLUMN: found})
        faults += missing(found, self.required, faults)
        if faults:
            return faults
        name = found["name"]
        earlier = self._seen.earlier(f"{name}\n{found['key']}", line)
        if earlier is not None:
            return [("name", f"stands on line {earlier} already: one day a name")]
        told = {(name, DAY): found["date"]}
        if "note" in found:
            told[name, NOTE] = found["note"]
        return DateRow(line, found["key"], name, told, raw)


def _name(raw: Any, company: Company) -> str | None:
    word = values.clean(raw)
    if not word:
        return None
    name = date_name(word)
    if name is None:
        raise BadValueError(
            f"`{word[:40]}` can not name a date; use letters, digits and `_`, a letter first"
        )
    if name in FACTS:
        message = f"`{name}` is a fact, counted from the customers' events; choose another name"
        raise BadValueError(message)
    if is_other_field(name, company):
        raise BadValueError(f"`{name}` is a column of the customers' file; import it there")
    return name
