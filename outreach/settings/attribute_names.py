"""Names that attributes of customers can not have: they mean something already."""

import keyword
import re

from outreach.documents import RefusalError

COLUMNS = frozenset(
    """id key first_name last_name nickname title gender email phone phone_region locale timezone
    country city tier stage stage_since owner tags interests birthday created_at updated_at
    attributes facts_at place_id bucket shares erased_at merged_into""".split()  # noqa: SIM905
)
FACTS = frozenset(
    """orders spend first_order_at last_order_at typical_gap last_contact_at last_heard_at
    last_engaged_at opted_out""".split()  # noqa: SIM905
)
FUNCTIONS = frozenset(
    """days hours weeks months count total last first received opened clicked replied
    in_stage_for timed_out stage_in date days_until""".split()  # noqa: SIM905
)
WORDS = frozenset(
    """now today entered_at event salutation language brand campaign dates customer unsubscribe_url true false
    none and or not in is if else self super loop range dict lipsum cycler joiner namespace
    caller varargs kwargs within since""".split()  # noqa: SIM905
)
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,59}")


def parse_attribute_name(text: str) -> str:
    """The name of an attribute: small letters, digits and `_`, and nothing that has a meaning."""
    if _ATTRIBUTE.fullmatch(text) is None:
        raise RefusalError(
            f"`{text}` can not name an attribute",
            "use small letters, digits and `_`, a letter first",
        )
    for names, what in ((COLUMNS, "a column"), (FACTS, "a fact"), (FUNCTIONS, "a function")):
        if text in names:
            raise RefusalError(f"`{text}` is {what} already", "choose another name")
    if text in WORDS or keyword.iskeyword(text):
        raise RefusalError(f"`{text}` means something in expressions", "choose another name")
    return text
