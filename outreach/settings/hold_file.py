"""When a run holds itself, as it is written under a channel of outreach.yaml."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from outreach.documents import FileModel, RefusalError
from outreach.settings.company import HoldAt
from outreach.settings.written import Share, Whole

_LEFT_OUT = HoldAt()
NEVER = 10**12  # refusals: more than there are people


class HoldAtFile(FileModel):
    """How many messages of a run must be refused for good before it holds itself."""

    share: Share = Field(
        _LEFT_OUT.share,
        description="This share of the messages that were answered for good.",
        examples=["10%"],
    )
    least: Annotated[Whole, Field(ge=1)] = Field(
        _LEFT_OUT.least, description="And at least so many messages.", examples=[50]
    )
    content: Annotated[Whole, Field(ge=1)] = Field(
        _LEFT_OUT.content,
        description="Fewer will do where the text itself is refused, as spam for example.",
        examples=[10],
    )

    def hold_at(self) -> HoldAt:
        """The rule itself."""
        return HoldAt(share=self.share, least=self.least, content=self.content)


def _none_or_rule(written: object) -> object:
    if written == "none":
        return {"least": NEVER, "content": NEVER}
    if isinstance(written, str):
        raise RefusalError("this must be a rule", "write `{share: 10%, least: 50}`, or `none`")
    return written


HoldAtRule = Annotated[
    HoldAtFile,
    BeforeValidator(_none_or_rule, json_schema_input_type=Literal["none"] | HoldAtFile),
]
