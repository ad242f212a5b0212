"""Consent rules: a recorded yes per channel and topic, and every no until a newer yes.

COMPLIANCE 12, 13: a no said at an address holds for every customer who shares it.
"""

from sqlalchemy import ColumnElement, and_, or_

from outreach.decisions.candidate import Candidate
from outreach.vocabulary import ConsentState


def withdrawn(candidate: Candidate, number: int) -> ColumnElement[bool]:
    """The last word of the customer, or at the address since this customer's yes, was no."""
    own, at_address = candidate.consent[number].c, candidate.refusal[number].c
    return or_(
        own.state == ConsentState.WITHDRAWN,
        and_(at_address.at.is_not(None), or_(own.at.is_(None), at_address.at >= own.at)),
    )


def expired(candidate: Candidate, number: int) -> ColumnElement[bool]:
    """The yes had an end, which has passed."""
    return candidate.consent[number].c.expires_at <= candidate.zones.c.asked_at


def missing(candidate: Candidate, number: int) -> ColumnElement[bool]:
    """Nothing was ever said."""
    return candidate.consent[number].c.state.is_(None)
