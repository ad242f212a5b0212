"""Whom a floor is about, as campaigns say it."""

from outreach.campaign.model import Expression, Place, Selection
from outreach.settings.company import Floor
from outreach.settings.company_file import COMPANY_FILE


def audience_of(floor: Floor) -> Selection:
    """A floor's audience; nothing in it is everyone."""
    picked = floor.audience
    where = Expression(picked.where, Place(COMPANY_FILE, 1, 1)) if picked.where else None
    return Selection(**{**picked.model_dump(), "where": where})
