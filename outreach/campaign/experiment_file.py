"""`experiment` as it is written: arms, hold-out, and how a winner is chosen."""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from outreach.campaign.experiment import WHOLE, Measure, Variant, Winner
from outreach.documents import FileModel, RefusalError
from outreach.settings.written import Name, Share, Whole, parse_late, text_as

MOST = 10  # arms: with more of them nobody has the audience to tell them apart
LONGEST = timedelta(days=90)  # of a journey; where others wait for the choice it is shorter
_SPANS = r"\d+\s+(minute|hour|day)s?"


def _shares(written: object) -> object:
    if isinstance(written, list) and written and all(isinstance(each, str) for each in written):
        shares = ", ".join(f"{name}: 1" for name in written)
        raise RefusalError("each variant needs its share", f"write `{{{shares}}}`: equal shares")
    if isinstance(written, str):
        raise RefusalError(
            "one variant alone is compared with nothing", f"write `{{plain: 1, {written}: 1}}`"
        )
    return written


def _several(shares: dict[str, int]) -> dict[str, int]:
    if len(shares) < 2:
        hint = "name another one: `{plain: 1, warm: 1}`"
        raise RefusalError("one variant alone is compared with nothing", hint)
    if len(shares) > MOST:
        raise RefusalError("these are too many variants", f"at most {MOST}")
    total = sum(shares.values())
    for name, share in shares.items():
        if share * WHOLE < total:
            message = f"`{name}` would get less than one customer in {WHOLE:,}"
            raise RefusalError(message, "write a larger share, or take it out", at=(name,))
    return shares


def _after(text: str) -> timedelta:
    span = parse_late(text)
    if span > LONGEST:
        raise RefusalError("nobody would hear the better one for so long", "at most `90 days`")
    return span


class WinnerFile(FileModel):
    """How the better arm is chosen, and how many it is tried on."""

    by: Measure = Field(
        description="What decides: who followed a link, who wrote back, or who reached the `goal`.",
        examples=["clicked"],
    )
    after: Annotated[
        timedelta, *text_as(_after, "a span of time", "4 hours", "1 day", pattern=_SPANS)
    ] = Field(description="How long the test runs, from its first turn on.", examples=["4 hours"])
    test: Share = Field(
        description="This share is sent the variants at once; the others wait for the winner.",
        examples=["20%"],
    )

    @model_validator(mode="after")
    def _check_share(self) -> Self:
        if not 0 < self.test < WHOLE:
            message = "the test must be a part of the audience: more than nobody, less than all"
            raise RefusalError(message, "write for example `20%`", at=("test",))
        return self


class ExperimentFile(FileModel):
    """Who is compared with whom."""

    variants: (
        Annotated[
            dict[Name, Annotated[Whole, Field(ge=1, le=WHOLE)]],
            BeforeValidator(_shares),
            AfterValidator(_several),
        ]
        | None
    ) = Field(
        None,
        description="Messages that are compared, with their shares. A file in "
        "templates/NAME/VARIANT/ replaces its namesake in templates/NAME/.",
        examples=[{"plain": 1, "warm": 1}],
    )
    holdout: Share | None = Field(
        None,
        description="This share of the audience is never messaged, and compared with the others.",
        examples=["10%"],
    )
    winner: WinnerFile | None = Field(
        None, description="Tries the variants on a share; the better one goes to everybody else."
    )

    @model_validator(mode="before")
    @classmethod
    def _check_some(cls, written: Any) -> Any:
        if written == {}:
            hint = "write `holdout: 10%` or `variants: {plain: 1, warm: 1}`, or take it out"
            raise RefusalError("`experiment` says nothing", hint)
        return written

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.winner is not None and self.variants is None:
            message = "there is nothing to choose a winner from"
            raise RefusalError(message, "name `variants` beside it", at=("winner",), key=True)
        return self

    def arms(self) -> tuple[Variant, ...]:
        """The variants in the file's order; none: everybody gets the same."""
        return tuple(Variant(name, weight) for name, weight in (self.variants or {}).items())

    def chosen(self) -> Winner | None:
        """How a winner is chosen; None: each arm goes to its share."""
        found = self.winner
        return None if found is None else Winner(found.by, found.after, found.test)
