"""`experiment` as it is written: arms, hold-out, and how a winner is chosen."""

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from outreach.campaign.experiment import WHOLE, Variant
from outreach.documents import FileModel, RefusalError
from outreach.settings.written import Name, Share, Whole

MOST = 10  # arms: with more of them nobody has the audience to tell them apart


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


class ExperimentFile(FileModel):
    """Who is compared with whom."""

    later: ClassVar[frozenset[str]] = frozenset({"winner"})

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

    @model_validator(mode="before")
    @classmethod
    def _check_some(cls, written: Any) -> Any:
        if written == {}:
            hint = "write `holdout: 10%` or `variants: {plain: 1, warm: 1}`, or take it out"
            raise RefusalError("`experiment` says nothing", hint)
        return written

    def arms(self) -> tuple[Variant, ...]:
        """The variants in the file's order; none: everybody gets the same."""
        return tuple(Variant(name, weight) for name, weight in (self.variants or {}).items())
