"""Who may get test messages, as it is written in outreach.yaml."""

import re
from typing import Annotated

from outreach.documents import RefusalError
from outreach.settings.written import text_as

_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)  # ITU-T E.164


def parse_tester(text: str) -> str:
    """`mei@example.com`, or a number with its `+`."""
    from email_validator import EmailNotValidError, validate_email

    if _NUMBER.fullmatch(text):
        return text
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        hint = "write `mei@example.com`, or a number such as `+15555550100`"
        raise RefusalError(f"`{text}` is neither an address nor a number", hint) from None
    return text


Tester = Annotated[
    str, *text_as(parse_tester, "an address or a number", "mei@example.com", "+15555550100")
]
