"""Arms: who is never messaged, so that what messages do can be measured, and who gets which variant."""

from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, Integer, bindparam, case, cast

from outreach.campaign.experiment import ends_of
from outreach.decisions.ruling import Ruling
from outreach.ids import BUCKETS, arm_factors, test_of, variants_of
from outreach.settings.company import Company

CONTROL_GROUP = "control group"


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


def variant(ruling: Ruling, bucket: ColumnElement[int], tag: str = "") -> ColumnElement[int] | None:
    """The number of the customer's variant; None where nothing is compared.

    Who is not in the test has the winner's; null as long as none is chosen. `tag` is the candidate's.
    """
    campaign = ruling.campaign
    if not campaign.variants:
        return None
    arm = _arm(bucket, ruling.company.salt, variants_of(campaign.name))
    *ends, _ = ends_of(campaign.variants)
    number = case(
        *((arm < end, place) for place, end in enumerate(ends)), else_=len(campaign.variants) - 1
    )
    tested = is_in_test(ruling, bucket)
    return number if tested is None else case((tested, number), else_=winner(tag))


def numbers(ruling: Ruling, bucket: ColumnElement[int]) -> list[ColumnElement[Any]]:
    """`variant`, a column of the customer's number; none where nothing is compared."""
    number = variant(ruling, bucket)
    return [] if number is None else [number.label("variant")]


def winner(tag: str = "") -> BindParameter[int]:
    """The number of the variant that was chosen; null: none is yet."""
    return bindparam(f"winner{tag}", type_=Integer())
