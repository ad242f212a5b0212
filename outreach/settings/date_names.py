"""What a customer's named date may be called: `wedding`, `contract_renewal`."""

import re
import unicodedata

from outreach.settings.attribute_names import COLUMNS, FACTS
from outreach.settings.company import Company

DATES = "dates"  # what a template finds them in: `dates.wedding`
_NAME = re.compile(r"[^\W\d_]\w{0,59}")


def date_name(text: str) -> str | None:
    """The name as it is kept: `Contract Renewal` is `contract_renewal`; None where it can be none.

    A letter first, then letters of any alphabet, digits and `_`: a template prints
    `dates.contract_renewal`.
    """
    plain = unicodedata.normalize("NFC", text).strip().lower().replace(" ", "_").replace("-", "_")
    return plain if _NAME.fullmatch(plain) and plain.isidentifier() else None


def is_other_field(name: str, company: Company) -> bool:
    """Whether a column, fact or attribute has this name, so that no named date may."""
    return name in COLUMNS or name in FACTS or name in company.attributes
