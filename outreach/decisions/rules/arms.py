"""Hold-outs: customers who are never messaged, so that what messages do can be measured."""

from sqlalchemy import BigInteger, ColumnElement, cast

from outreach.decisions.ruling import Ruling
from outreach.ids import BUCKETS, arm_factors

CONTROL_GROUP = "control group"


def _arm(bucket: ColumnElement[int], salt: str, name: str) -> ColumnElement[int]:
    a, b = arm_factors(salt, name)
    return (cast(bucket, BigInteger) * a + b) % BUCKETS % 10_000


def in_control_group(ruling: Ruling, bucket: ColumnElement[int]) -> ColumnElement[bool] | None:
    """The customer belongs to the company's control group; None where there is none."""
    share = ruling.company.control_group
    if not share or ruling.topic.transactional:
        return None
    return _arm(bucket, ruling.company.salt, CONTROL_GROUP) < share


def held_out(ruling: Ruling, bucket: ColumnElement[int]) -> ColumnElement[bool] | None:
    """The customer belongs to the campaign's hold-out; None where there is none."""
    if not ruling.campaign.holdout or ruling.topic.transactional:
        return None
    return _arm(bucket, ruling.company.salt, ruling.campaign.name) < ruling.campaign.holdout
