"""What a plan's variants can show: how many there are, and how many it takes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from outreach.app.arms import SampleSize, sample_size, sample_size_of_goal
from outreach.campaign.experiment import Measure
from outreach.decisions.asking import Question
from outreach.planning.funnel import sum_of
from outreach.planning.plan import count_tried, in_turn


def sample_of_plan(
    conn: Connection, more: Sequence[Connection], questions: Sequence[Question],
    planned: Mapping[str, int], now: datetime,
) -> SampleSize | None:  # fmt: skip
    """By how many would get each variant; None where none are compared, or a journey's winner is known.

    In a journey by those on whom they are tried: all others get the first one, and are not compared.
    """
    first = questions[0]
    campaign, company = first.ruling.campaign, first.ruling.company
    if not campaign.variants or first.scope.winner is not None:
        return None
    if campaign.is_journey and campaign.winner is not None:
        planned = sum_of(count_tried(conn, each, more) for each in in_turn(conn, questions))
    by = Measure.CLICKED if campaign.winner is None else campaign.winner.by
    if by is Measure.GOAL:
        return sample_size_of_goal(conn, company, campaign, planned, now)
    many, several = len(campaign.variants), campaign.is_journey
    return sample_size(conn, campaign.name, by, planned, many, several=several)
