"""The rules in the order in which they are asked, each with its name and where it fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, case, false, null, or_

from outreach.decisions.candidate import Candidate
from outreach.decisions.rules import arms, cadence, consent, journeys, person, reach
from outreach.decisions.rules.cadence import Slots
from outreach.decisions.ruling import Ruling
from outreach.vocabulary import Reason

CODES = {reason: code for code, reason in enumerate(Reason)}
REASONS = tuple(Reason)


@dataclass(frozen=True, slots=True)
class Failing:
    """One rule's answer: true where it fails."""

    reason: Reason
    fails: ColumnElement[bool]


def person_rules(candidate: Candidate) -> list[Failing]:
    """The rules about the customer, in the order asked; the audience is one only at a re-check."""
    found = []
    late = []
    if candidate.mine is not None or candidate.enrolment is not None:
        late.append(candidate.late_at < candidate.zones.c.asked_at)
    if candidate.marks.past:
        late.append(candidate.zones.c.is_past == 1)
    if late:
        found.append(Failing(Reason.EXPIRED, or_(*late)))
    if candidate.mine is not None or candidate.enrolment is not None or candidate.marks.about:
        found.append(Failing(Reason.NOT_IN_AUDIENCE, person.outside_audience(candidate)))
    found.append(Failing(Reason.ERASED, person.erased(candidate)))
    for reason, fails in (
        (Reason.EXCLUDED, person.excluded(candidate)),
        (Reason.REENTRY, journeys.may_not_enter(candidate)),
        (Reason.EXITED, journeys.exited(candidate)),
        (Reason.WHEN_FALSE, person.when_false(candidate)),
    ):
        if fails is not None:
            found.append(Failing(reason, fails))
    return found


def channel_rules(candidate: Candidate, number: int) -> list[Failing]:
    """The rules about one channel's address and consent, in the order asked."""
    found = []
    failed = reach.failed_before(candidate, number)
    if failed is not None:
        found.append(Failing(Reason.CHANNEL_FAILED, failed))
    found += [
        Failing(Reason.NO_ADDRESS, reach.no_address(candidate, number)),
        Failing(Reason.SUPPRESSED, reach.suppressed(candidate, number)),
        Failing(Reason.CONSENT_WITHDRAWN, consent.withdrawn(candidate, number)),
    ]
    if not candidate.ruling.topic.transactional:
        found.append(Failing(Reason.CONSENT_EXPIRED, consent.expired(candidate, number)))
        found.append(Failing(Reason.NO_CONSENT, consent.missing(candidate, number)))
    lacks = reach.missing_data(candidate, number)
    if lacks is not None:
        found.append(Failing(Reason.MISSING_DATA, lacks))
    return found


def cap_rules(candidate: Candidate, counted: FromClause, number: int) -> list[tuple[Failing, bool]]:
    """Cadence for one channel, in the order asked, each with whether it ends the choice."""
    answers = (counted.c.slots, counted.c[f"others_{number}"])
    overall, own = (
        [cadence.digit_of(answer, place) for answer in answers for place in places]
        for places in caps_of(candidate.ruling, number)
    )
    return [
        (Failing(reason, _any_is(digits, said)), ends)
        for reason, said in ((Reason.CAPPED, Slots.TAKEN), (Reason.RESERVED, Slots.RESERVED))
        for digits, ends in ((overall, True), (own, False))
        if digits
    ]


def caps_of(ruling: Ruling, number: int) -> tuple[list[int], list[int]]:
    """Places of the cap windows over all channels, and of those of this channel alone."""
    grid = ruling.grid
    overall, own = [], []
    for place, each in enumerate(grid.cap_windows):
        if each.group != grid.groups[number]:
            continue
        if each.cap.channel is None:
            overall.append(place)
        elif each.cap.channel == ruling.channels[number]:
            own.append(place)
    return overall, own


def _any_is(digits: Sequence[ColumnElement[int]], said: Slots) -> ColumnElement[bool]:
    return or_(false(), *(digit == int(said) for digit in digits))


def late_rules(
    candidate: Candidate, counted: FromClause, number: int
) -> list[tuple[Failing, bool]]:
    """Duplicate, cadence and arms of one channel, in the order asked."""
    found = [(Failing(Reason.DUPLICATE, counted.c[f"duplicate_{number}"]), True)]
    found += cap_rules(candidate, counted, number)
    return found + [(rule, True) for rule in arm_rules(candidate, counted.c.bucket)]


def arm_rules(candidate: Candidate, bucket: ColumnElement[int]) -> list[Failing]:
    """The hold-outs, in the order asked."""
    asked = (
        (Reason.CONTROL_GROUP, arms.in_control_group(candidate.ruling, bucket)),
        (Reason.HOLDOUT, arms.held_out(candidate.ruling, bucket)),
    )
    return [Failing(reason, fails) for reason, fails in asked if fails is not None]


def first_that_fails(rules: Sequence[Failing]) -> ColumnElement[Any]:
    """The code of the first rule that fails; null: none."""
    if not rules:
        return null()
    return case(*((rule.fails, CODES[rule.reason]) for rule in rules), else_=null())
