"""Every message of every campaign's audience rendered: for whom a template fails, and in which line."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.previewing import signer_of
from outreach.app.questions import question_of_later, questions_of
from outreach.campaign.model import Branch, Campaign, Step
from outreach.decisions.asking import Question
from outreach.decisions.verdict import Verdict
from outreach.dispatch.held import Held
from outreach.dispatch.letters import Signer, add_events
from outreach.errors import WARNING, Problem, ProblemsFound
from outreach.planning.decided import Decided
from outreach.planning.plan import count, in_turn
from outreach.rendering import RenderError, build_context
from outreach.store.customers import contexts
from outreach.store.engine import reading
from outreach.vocabulary import Decision

AT_ONCE = 500  # customers whose data are in memory
CODE = "not-rendered"
IF_THEY_COME = f"{WARNING}{CODE}"  # nobody knows yet who comes to it
_PLACED = re.compile(r"(?P<file>[^:]+):(?P<line>\d+): (?P<what>.*)", re.DOTALL)
Tell = Callable[[int], None]  # how many messages of a campaign are done


class Rendered(NamedTuple):
    """A campaign whose messages are all rendered: how many; those that failed were told."""

    campaign: str
    messages: int


def render_all(
    context: Context, failed: Callable[[Problem], None], bar: Callable[[str, int], Tell]
) -> list[Rendered]:
    """Render what each campaign would send or hold by its next occurrence, drafts too.

    Of a journey every message, later ones as if all who come in came to them. `failed` is told of
    each customer for whom that fails; `bar` gives, for a campaign and how many messages it has, who
    is told how many are done. No more than a batch is in memory. Campaigns whose files are at fault
    are left out.
    """
    found = []
    for name, campaign in sorted(context.loaded.campaigns.items()):
        with reading(context.engine) as conn:
            try:
                asked, many = questions_of(context, conn, name, None, over_as_sent=True), 0
                for question in in_turn(conn, asked.questions):
                    many += _render(context, conn, question, failed, bar)
                for step in campaign.steps:
                    if step not in asked.steps:
                        question = question_of_later(context, conn, name, step.id)
                        many += _render(context, conn, question, failed, bar, _code(campaign, step))
            except ProblemsFound:
                continue
            found.append(Rendered(name, many))
    return found


def _code(campaign: Campaign, step: Step) -> str:
    """A fault where everybody comes to a later message, a warning where that depends."""
    branches = any(isinstance(stop.what, Branch) for stop in campaign.stops)
    return IF_THEY_COME if step.when is not None or branches else CODE


def _render(
    context: Context,
    conn: Connection,
    question: Question,
    failed: Callable[[Problem], None],
    bar: Callable[[str, int], Tell],
    code: str = CODE,
) -> int:
    funnel, campaign = count(conn, question), question.ruling.campaign
    tell, done = bar(campaign.name, funnel.send + funnel.hold), 0
    if not funnel.send + funnel.hold:
        return 0
    signer = signer_of(context)
    decided = Decided(conn, question)
    try:
        for part in _parts(decided):
            for problem in _failing(context, conn, question, signer, part):
                failed(problem if code == CODE else replace(problem, code=code))
            done += len(part)
            tell(done)
    finally:
        decided.drop()
    return done


def _parts(decided: Decided) -> Iterator[list[Verdict]]:
    """Those of the audience who would get it, now or later, a few at a time."""
    for page in decided.pages():
        going = [each for each in page if each.decision is not Decision.SKIP]
        yield from (going[first : first + AT_ONCE] for first in range(0, len(going), AT_ONCE))


def _failing(
    context: Context, conn: Connection, question: Question, signer: Signer, part: Sequence[Verdict]
) -> Iterator[Problem]:
    ruling, now = question.ruling, context.now()
    about = contexts(conn, [each.customer_id for each in part], ruling.company.attributes)
    add_events(conn, about, ruling.compiled, now)
    for each in part:
        customer, channel = about[each.customer_id], each.channel or ""
        held = Held(
            id=0, fence=0, run_id=0, customer_id=0, channel=channel, address=each.address or "",
            locale=None, due_at=now, late_at=now, lapses=0, tries=0, resend=False,
        )  # fmt: skip
        made = build_context(customer, ruling.company, ruling.campaign, now)
        names = [each.variant] if each.variant or not ruling.variants else list(ruling.variants)
        for variant in names:  # of who waits for the winner: all
            try:
                recipient = signer.recipient(held, ruling)
                ruling.compiled.of(variant).render(channel, made, recipient)
            except RenderError as error:
                yield _problem(error, str(customer["key"]), channel, ruling.campaign.file)


def _problem(error: RenderError, key: str, channel: str, campaign_file: str) -> Problem:
    """The failure at the template's line; at the campaign where it has none."""
    placed = _PLACED.fullmatch(error.reason)
    file, line = (placed["file"], int(placed["line"])) if placed else (campaign_file, 1)
    what = placed["what"] if placed else error.reason
    message, _, hint = what.partition("; ")
    return Problem(file, line, 1, CODE, f"for customer {key} by {channel}: {message}", hint)
