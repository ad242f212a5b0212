"""The chain over the whole base for a campaign's turn, by each message that may come first."""

from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.occasion import REPEAT, Turn, turn_of
from outreach.app.project import campaign_named
from outreach.app.rulings import ruling_of
from outreach.campaign.model import Step
from outreach.decisions.asking import Question
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.openings import all_openings
from outreach.decisions.ruling import Ruling
from outreach.decisions.winners import winner_due_at, with_journey_winner
from outreach.store.marks import facts_for


class Asked(NamedTuple):
    """What is asked about a campaign's turn: of each first message those who come to it.

    `questions` are asked one after the other, as planning.plan.in_turn gives them; `steps` are their
    messages, None where those who are asked about come to none.
    """

    questions: list[Question]
    steps: list[Step | None]
    turn: Turn


def questions_of(
    context: Context,
    conn: Connection,
    name: str,
    at: str | None,
    *,
    over_as_sent: bool = False,
    **scope: Any,
) -> Asked:
    """The chain over the whole base for a campaign's turn; `scope` narrows it, as in Scope.

    With `over_as_sent` a schedule that has no time to come is asked as `send` asks, which leaves
    out who got it within 24 hours.
    """
    load, questions, steps = partial(ruling_of, context, conn, name), [], []
    turn = turn_of(context, conn, load(None), at)
    if over_as_sent and turn.is_over:
        scope["repeats_within"] = context.now() - REPEAT
    for opening, ruling in all_openings(load, campaign_named(context, name)):
        questions.append(_ask(context, conn, ruling, turn, routes=opening.routes, **scope))
        steps.append(opening.step)
    return Asked(questions, steps, turn)


def question_of_later(
    context: Context, conn: Connection, name: str, step: str, at: str | None = None
) -> Question:
    """The same of a later message, as if all who come in were there now, and met its `when`."""
    ruling = ruling_of(context, conn, name, step)
    there = replace(ruling.campaign, steps=(replace(ruling.step, when=None),))
    ruling = replace(ruling, campaign=there)
    return _ask(context, conn, ruling, turn_of(context, conn, ruling, at))


def _ask(context: Context, conn: Connection, ruling: Ruling, turn: Turn, **scope: Any) -> Question:
    now, asked = context.now(), turn.instants
    facts = facts_for(
        conn, min([now, *(each for id_, each in asked.items() if id_ not in turn.past)])
    )
    made = Scope(
        run_at=turn.occasion.first_at, local_at=turn.occasion.local_at, seen_at=now, facts=facts,
        past=turn.past, winner_at=winner_due_at(ruling, asked, turn.past), **scope,
    )  # fmt: skip
    return ask_base(conn, ruling, with_journey_winner(conn, ruling, made), asked)
