"""What is added to links, as it is written in outreach.yaml and in campaigns."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from outreach.documents import FileModel, RefusalError
from outreach.settings.company import Utm
from outreach.settings.written import text_as

_VALUE = re.compile(r"[^\s&?#=\x00-\x1f\x7f]{1,100}")


def parse_utm(text: str) -> str:
    """One value: no spaces, no characters that have a meaning in a web address."""
    if _VALUE.fullmatch(text) is None:
        message = f"`{text}` can not stand in a link"
        raise RefusalError(message, "use letters, digits, `-`, `_` and `.`, at most 100")
    return text


def _value(example: str) -> tuple[Any, Any]:
    return text_as(parse_utm, "a word", example)


Source = Annotated[str, *_value("newsletter")]
Medium = Annotated[str, *_value("email")]
Named = Annotated[str, *_value("spring-2026")]


class UtmFile(FileModel):
    """`utm_…` of a message's links; a link that has one of them already keeps its own."""

    source: Source | None = Field(None, description="Left out: the brand's name.")
    medium: Medium | None = Field(None, description="Left out: the channel.")
    campaign: Named | None = Field(None, description="Left out: the campaign's name.")
    content: Named | None = Field(None, description="Left out: none.")
    term: Named | None = Field(None, description="Left out: none.")

    def utm(self) -> Utm:
        """What it says, as the rest uses it."""
        return Utm(**self.model_dump(exclude_none=True))


def _none_or_values(written: object) -> object:
    if written == "none":
        return UtmFile()
    if written == {} or not isinstance(written, dict):
        raise RefusalError("this must be values", "write `{source: newsletter}`, or `none`")
    return written


UtmRule = Annotated[
    UtmFile,
    BeforeValidator(_none_or_values, json_schema_input_type=Literal["none"] | UtmFile),
]
