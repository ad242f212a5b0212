"""What a campaign's selections say of one customer, in words: each key, and what `where` looked at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from outreach.audience.compile import compile_selection
from outreach.audience.looks import Fact, looks_of
from outreach.audience.lookups import written_day
from outreach.audience.syntax import alternatives
from outreach.campaign.feasts import OnHoliday
from outreach.campaign.model import Expression, Selection
from outreach.decisions.asking import Question
from outreach.decisions.candidate import Candidate
from outreach.decisions.rules.dates import is_its_day
from outreach.store.tables import customers

SHORTHAND = ("stage", "tier", "owner", "tags", "country", "locale")
MOST_VALUES = 8  # of an expression
LONGEST_VALUE = 40  # characters
_EVERYONE = Selection()


@dataclass(frozen=True, slots=True)
class Selections:
    """Asks about the one customer of a question; `local` says an instant on their clock."""

    conn: Connection
    question: Question
    candidate: Candidate  # the question's own: each that is made stands for other rows
    asked_at: datetime
    local: Callable[[datetime], str]

    def audience(self) -> str:
        """Each key of the audience and its `where` with their own answers."""
        audience, row = self.question.ruling.campaign.audience, self.candidate.row
        keys = [name for name in SHORTHAND if getattr(audience, name)]
        parts = [replace(_EVERYONE, **{name: getattr(audience, name)}) for name in keys]
        if audience.where is not None:
            parts.append(replace(_EVERYONE, where=audience.where))
        its_day = self._its_day()
        if not parts:
            return its_day or "everyone"
        answers = self._asked([compile_selection(part, row) for part in parts])
        said = [
            f"{name}: is {value}" + ("" if holds else f", wanted {_words(getattr(audience, name))}")
            for name, value, holds in zip(keys, self._values(keys), answers, strict=False)
        ]
        if audience.where is not None:
            said.append("where: true" if answers[-1] else f"where: {self.failing(audience.where)}")
        return "; ".join([*said, *filter(None, [its_day])])

    def _its_day(self) -> str:
        """The customer's date beside the one that the occurrence is for; empty where for none."""
        candidate = self.candidate
        if (feast := candidate.ruling.campaign.schedule.on_holiday) is not None:
            return self._its_feast(feast)
        on_date, holds = candidate.ruling.campaign.schedule.on_date, is_its_day(candidate)
        if on_date is None or holds is None:
            return ""
        zones = candidate.zones.c
        asked = [written_day(candidate.row, on_date.field), zones.falls_on, zones.falls_also, holds]
        written, on, also, is_so = self._asked(asked)
        said = f"{on_date.field}: is {_words(written)}"
        wanted = " or ".join(sorted({on[5:], also})) if on_date.yearly else on
        return said if is_so else f"{said}, wanted {wanted}"

    def _its_feast(self, feast: OnHoliday) -> str:
        """Whether the country has the feast on the day that the occurrence is for."""
        zones = self.candidate.zones.c
        written, here = self._asked([customers.c.country, zones.is_feast])
        country = written or (f"not known, so {feast.home}" if feast.home else "not known")
        return f"{feast.name}: {'its day' if here else 'not its day'}, country {country}"

    def excluded(self) -> str:
        """What of `exclude` holds: each key with the customer's value, of an `or` the half."""
        exclude, row = self.question.ruling.campaign.exclude, self.candidate.row
        if exclude is None:
            return ""
        keys = [name for name in SHORTHAND if getattr(exclude, name)]
        said = [f"{name}: is {value}" for name, value in zip(keys, self._values(keys), strict=True)]
        if exclude.where is not None:
            halves = alternatives(exclude.where.source)
            parts = [
                replace(_EVERYONE, where=replace(exclude.where, source=half)) for half in halves
            ]
            answers = self._asked([compile_selection(part, row) for part in parts])
            holding = [half for half, holds in zip(halves, answers, strict=True) if holds]
            said.append(f"true: {'; '.join(holding)}")
        return "; ".join(said)

    def failing(self, expression: Expression) -> str:
        """That an expression is false, with the values that it looked at."""
        looks = looks_of(expression, self.candidate.row)
        found = self._asked([look.value for look in looks.values()])
        said = [
            self._fact(name, look.told(value))
            for (name, look), value in zip(looks.items(), found, strict=True)
        ]
        more = [f"and {len(said) - MOST_VALUES} more"] if len(said) > MOST_VALUES else []
        return f"false ({', '.join(said[:MOST_VALUES] + more)})" if said else "false"

    def _fact(self, name: str, value: Fact) -> str:
        if value is None or value == []:
            return f"{name} is missing"
        if isinstance(value, bool):
            said = "yes" if value else "no"
        else:
            said = self.local(value) if isinstance(value, datetime) else _words(value)
        if len(said) > LONGEST_VALUE:
            said = f"{said[: LONGEST_VALUE - 1]}…"
        return f"{name} = {said}" + (" days" if name == "typical_gap" else "")

    def _values(self, names: Sequence[str]) -> list[str]:
        """The customer's values of these columns, of a stage that came later when it came."""
        row = self.candidate.row
        said = [_words(value) for value in self._asked([row.column(name) for name in names])]
        if "stage" in names:
            since, today = self._asked([row.column("stage_since"), customers.c.stage])
            said[names.index("stage")] += self._later(since, today, then=row.facts == "as_of")
        return said

    def _later(self, since: datetime | None, today: str | None, *, then: bool) -> str:
        """What to add of a stage that the customer came to after the instant asked."""
        if since is not None and since > self.asked_at:
            return f" since {self.local(since)} only"
        return f" for then ({today} today)" if then and since is None and today else ""

    def _asked(self, columns: Sequence[ColumnElement[Any]]) -> Sequence[Any]:
        if not columns:
            return ()
        named = [column.label(f"part_{number}") for number, column in enumerate(columns)]
        those = self.candidate.joined()
        query = select(*named).select_from(those).where(self.candidate.is_the_one)
        return self.conn.execute(query, dict(self.question.values)).one()


def _words(value: object) -> str:
    """A value or a list of values as people say it."""
    if isinstance(value, list | tuple):
        return " or ".join(map(str, value)) or "empty"
    return "not known" if value is None else str(value)
