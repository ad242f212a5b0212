"""Arms: who is never messaged, so that what messages do can be measured, and who gets which variant."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    null,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from outreach.campaign.experiment import ends_of
from outreach.campaign.trials import deals_anew, shares_of, trial_of, waits_for_winner
from outreach.decisions.ruling import Ruling
from outreach.ids import BUCKETS, arm_factors, test_of, variants_of
from outreach.settings.company import Company

CONTROL_GROUP = "control group"
BEFORE = "_before"  # the tag of an earlier version's winner


def _arm(bucket: ColumnElement[int], salt: str, name: str) -> ColumnElement[int]:
    a, b = arm_factors(salt, name)
    return (cast(bucket, BigInteger) * a + b) % BUCKETS % 10_000


def in_control_group(ruling: Ruling, bucket: ColumnElement[int]) -> ColumnElement[bool] | None:
    """The customer is never messaged for the control group; None where nobody is."""
    return None if ruling.topic.transactional else is_control(ruling.company, bucket)


def is_control(company: Company, bucket: ColumnElement[int]) -> ColumnElement[bool] | None:
    """The customer belongs to the company's control group; None where there is none."""
    if not company.control_group:
        return None
    return _arm(bucket, company.salt, CONTROL_GROUP) < company.control_group


def held_out(ruling: Ruling, bucket: ColumnElement[int]) -> ColumnElement[bool] | None:
    """The customer belongs to the campaign's hold-out; None where there is none."""
    if not ruling.campaign.holdout or ruling.topic.transactional:
        return None
    return _arm(bucket, ruling.company.salt, ruling.campaign.name) < ruling.campaign.holdout


def is_in_test(ruling: Ruling, bucket: ColumnElement[int]) -> ColumnElement[bool] | None:
    """The customer is one of those on whom variants are tried; None where no winner is chosen."""
    campaign = ruling.campaign
    if campaign.winner is None:
        return None
    return _arm(bucket, ruling.company.salt, test_of(campaign.name)) < campaign.winner.test


def variant(
    ruling: Ruling, bucket: ColumnElement[int], tag: str = "", enrolment: FromClause | None = None
) -> ColumnElement[int] | None:
    """The number of the customer's variant; None where nothing is compared.

    Who is not in the test has the winner's; null as long as none is chosen. In a journey they have
    the first until then, and all keep what they had when they came in. `tag` is the candidate's.
    """
    campaign = ruling.campaign
    if not campaign.variants:
        return None
    number = _by_share(ruling, bucket)
    tested = is_in_test(ruling, bucket)
    if waits_for_winner(campaign) and tested is not None:
        return case((tested, number), else_=winner(tag))
    if tested is not None:
        number = case((winner(tag).is_not(None), winner(tag)), (tested, number), else_=0)
    if enrolment is None:
        return number
    names = enumerate(each.name for each in campaign.variants)
    kept = case(*((enrolment.c.variant == name, place) for place, name in names))
    return func.coalesce(kept, number)


def _by_share(ruling: Ruling, bucket: ColumnElement[int]) -> ColumnElement[int]:
    arm = _arm(bucket, ruling.company.salt, variants_of(ruling.campaign.name))
    *ends, _ = ends_of(ruling.campaign.variants)
    places = ((arm < end, place) for place, end in enumerate(ends))
    return case(*places, else_=len(ends))


def tried(ruling: Ruling, bucket: ColumnElement[int]) -> ColumnElement[int]:
    """The place of the variant that is tried on the customer, from 1 on; 0: they are in no test."""
    number, tested = _by_share(ruling, bucket), is_in_test(ruling, bucket)
    return number + 1 if tested is None else case((tested, number + 1), else_=0)


def on_entering(ruling: Ruling, bucket: ColumnElement[int]) -> dict[str, ColumnElement[Any]]:
    """What the enrolment of a customer who comes in now keeps of variants, where a winner is chosen."""
    campaign, number = ruling.campaign, variant(ruling, bucket)
    trial, tested = trial_of(campaign), is_in_test(ruling, bucket)
    if trial is None or number is None or tested is None:
        return {}
    names = case(*((number == place, each.name) for place, each in enumerate(campaign.variants)))
    is_tried = and_(winner().is_(None), tested)
    return {"variant": names, "tried_in": case((is_tried, trial))}


def on_changing(
    old: Ruling, new: Ruling, bucket: ColumnElement[int], enrolment: FromClause
) -> dict[str, ColumnElement[Any]]:
    """What the enrolment keeps of variants when it changes to another version of the file.

    The one that they had, if there is one of its name; else what who comes in now gets. The old
    version's winner is a value of its own (`winner_before`).
    """
    if not deals_anew(old.campaign, new.campaign):
        return {}
    fresh = on_entering(new, bucket) or dict.fromkeys(("variant", "tried_in"), cast(null(), Text))
    number = variant(old, bucket, BEFORE, enrolment)
    theirs = {name: place for place, name in enumerate(old.variants) if name in new.variants}
    if number is None or not theirs:
        return fresh
    has = number.in_(theirs.values())
    own = case(*((number == place, name) for name, place in theirs.items()))
    tried_in = case(
        (enrolment.c.variant.is_(None), shares_of(old.campaign)), else_=enrolment.c.tried_in
    )
    return {
        "variant": case((has, own), else_=fresh["variant"]),
        "tried_in": case((has, tried_in), else_=fresh["tried_in"]),
    }


def kept(
    ruling: Ruling, bucket: ColumnElement[int], enrolment: FromClause | None
) -> list[ColumnElement[Any]]:
    """`variant`, where enrolments are asked about, which may keep it; none where nothing is compared."""
    number = None if enrolment is None else variant(ruling, bucket, enrolment=enrolment)
    return [] if number is None else [number.label("variant")]


def numbers(ruling: Ruling, row: ReadOnlyColumnCollection[str, Any]) -> list[ColumnElement[Any]]:
    """`variant`, a column of the customer's number; none where nothing is compared.

    `row` has their bucket, or the number itself where their enrolment keeps it.
    """
    number = row.variant if "variant" in row else variant(ruling, row.bucket)
    return [] if number is None else [number.label("variant")]


def winner(tag: str = "") -> BindParameter[int]:
    """The number of the variant that was chosen; null: none is yet."""
    return bindparam(f"winner{tag}", type_=Integer())
