"""A moving feast as it is written in a schedule: `on_holiday`."""

from collections.abc import Mapping
from datetime import time
from typing import ClassVar, Self

from pydantic import Field, model_validator

from outreach.campaign.feasts import OnHoliday
from outreach.campaign.on_date_file import ONE_DAY, Offset, TimeOfDay
from outreach.documents import FileModel, RefusalError
from outreach.settings.written import Words

_NINE = time(9)
_MOST_DAYS = 364  # to a feast that comes back each year


def group_of_holiday(written: object) -> object:
    """Refuses a name alone with how the group is written."""
    if isinstance(written, str):
        hint = f'write `on_holiday: {{name: {written}, at: "09:00"}}`'
        raise RefusalError("`on_holiday` must be a group of keys, not text", hint)
    if isinstance(written, list):
        raise RefusalError("`on_holiday` is one day, not a list", ONE_DAY)
    return written


class OnHolidayFile(FileModel):
    """A message on, before or after a feast of the customer's country."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("timezone", "window", "days", "late", "starts", "ends", "holidays"),
                        "it belongs under `schedule`, beside `on_holiday`"),
        **dict.fromkeys(("holiday", "feast", "field", "date"), "the feast is `name`"),
        **dict.fromkeys(("country", "countries"), "write it under `audience`"),
        **dict.fromkeys(("time", "hour"), 'the time of day is `at: "09:00"`'),
        **dict.fromkeys(("before", "days_before"), "write `offset: -3 days`"),
        **dict.fromkeys(("after", "days_after"), "write `offset: 3 days`"),
    }  # fmt: skip

    name: Words = Field(
        description="Which feast, in English, or one of `feasts` in outreach.yaml.",
        examples=["Spring Festival", "Eid al-Fitr", "Easter Monday"],
    )
    offset: Offset | None = Field(
        None, description="Days before (`-1 day`) or after (`1 day`) the feast's first day."
    )
    at: TimeOfDay | None = Field(None, description="The time of day. Left out: 09:00.")

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        offset = self.offset or 0
        if abs(offset) > _MOST_DAYS:
            side = "before" if offset < 0 else "after"
            message = f"{abs(offset)} days {side} a feast that comes back each year makes no sense"
            raise RefusalError(message, f"write at most {_MOST_DAYS} days", at=("offset",))
        return self

    def on_holiday(self) -> OnHoliday:
        """The feast as the rest uses it, without what the company says of it."""
        return OnHoliday(self.name, self.at or _NINE, self.offset or 0)
