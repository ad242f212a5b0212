"""For the hour of "we sent the wrong price": a run stopped, and corrected to those who got it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from outreach.app.admission import problems_on_trial
from outreach.app.beside import Beside, beside
from outreach.app.comes_again import ComesAgain, comes_again, is_same
from outreach.app.context import Context
from outreach.app.person import person
from outreach.app.project import save_rules
from outreach.app.ringing import bell
from outreach.app.runs import cancel_run, run_with
from outreach.app.sending import make_by_hand, plan_wholly
from outreach.campaign.correction import corrected
from outreach.campaign.model import Campaign, Correction
from outreach.campaign.pinned import pinned_correction, unpinned
from outreach.campaign.template_files import template_names
from outreach.decisions.asking import everywhere
from outreach.decisions.candidate import Scope
from outreach.decisions.households import ask_base
from outreach.decisions.localities import localities
from outreach.decisions.ruling import Ruling, make_ruling
from outreach.documents import did_you_mean
from outreach.errors import ProblemsFound, UsageError
from outreach.planning.funnel import Funnel
from outreach.planning.plan import count
from outreach.planning.tick import Candidate
from outreach.rendering.compiling import compile_step
from outreach.reports.funnel import report
from outreach.store import dialect
from outreach.store.engine import reading, writing
from outreach.store.journal import record
from outreach.store.marks import facts_for
from outreach.store.recipients import GOT, MAYBE, corrections_of, reached_by
from outreach.store.revisions import revision_files
from outreach.store.runs import Run
from outreach.vocabulary import RunState, State

_UNSENT = (State.DUE, State.HELD, State.CLAIMED)


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom a run's message reached: `got` it, `maybe` got it; `unsent` waits or waited still."""

    got: int
    maybe: int
    unsent: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class CorrectionPlan:
    """What a correction would do now; by channel whom it would reach, and one as it would look."""

    run: int
    campaign: str
    template: str
    reached: Reached
    channels: dict[str, Funnel]
    beside: dict[str, Beside]
    comes_again: ComesAgain | None


@dataclass(frozen=True, slots=True)
class CorrectingRun:
    """A run that corrects, on one channel."""

    run: int
    channel: str
    send: int
    hold: int
    skip: dict[str, int]
    states: dict[State, int]


@dataclass(frozen=True, slots=True)
class Corrected:
    """The run that went wrong, and the runs that take it back."""

    run: int
    campaign: str
    template: str
    reached: Reached
    corrections: list[CorrectingRun]
    comes_again: ComesAgain | None


def plan_correction(context: Context, run_id: int, template: str) -> CorrectionPlan:
    """Whom a correction would reach now; nothing is stopped and nothing written.

    UsageError where there is no such run or template, or it is corrected already by another one.
    """
    funnels, shown = {}, {}
    with reading(context.engine) as conn:
        run = _run(context, conn, run_id, template)
        for channel, campaign, _ in _made(context, conn, run, template):
            ruling = _ruling(context, run, campaign)
            funnels[channel] = _funnel(context, conn, ruling)
            both = beside(context, conn, run, channel, ruling)
            if both is not None:
                shown[channel] = both
        reached, again = _reached(reached_by(conn, run_id)), comes_again(context, conn, run)
    return CorrectionPlan(run_id, run.campaign, template, reached, funnels, shown, again)


def correct_all(context: Context, run_ids: Iterable[int], template: str) -> list[Corrected]:
    """As `correct`, several runs; what is wrong with one of them is told before any is stopped."""
    numbers = list(dict.fromkeys(run_ids))
    with reading(context.engine) as conn:
        for number in numbers:
            list(_made(context, conn, _run(context, conn, number, template), template))
    return [correct(context, number, template) for number in numbers]


def correct(context: Context, run_id: int, template: str) -> Corrected:
    """Cancel what of a run is unsent and plan the correction, a run for each channel it went by.

    Whoever got the message or may have got it gets the correction on the same channel, if consent
    and all rules but caps let it pass; that exception is in the audit log. Called again it goes on
    where it stopped, and makes nothing twice: then it tells how both stand.
    """
    save_rules(context)
    with reading(context.engine) as conn:
        run = _run(context, conn, run_id, template)
        list(_made(context, conn, run, template))  # templates at fault are told before all else
    if run.state is not RunState.MISSED:
        # Also where it is done: what is unknown would be sent again, and the run go on.
        cancel_run(context, run_id, over=(RunState.DONE,))
    with reading(context.engine) as conn:
        made = list(_made(context, conn, run, template))
    with bell(context) as ring:
        for channel, campaign, files in made:
            _admit(context, campaign, files)
            plan_wholly(context, _make(context, run, template, channel, campaign, files), ring)
    with reading(context.engine) as conn:
        there = corrections_of(conn, run_id)
        told = [_told(conn, number, channel) for channel, (number, _) in sorted(there.items())]
        reached, again = _reached(reached_by(conn, run_id)), comes_again(context, conn, run)
    return Corrected(run_id, run.campaign, template, reached, told, again)


def _run(context: Context, conn: Connection, run_id: int, template: str) -> Run:
    run = run_with(conn, run_id)
    names = template_names(context.files.contents)
    if template not in names:
        hint = did_you_mean(template, names, listing="there are")
        raise UsageError(f"there is no template `{template}`", hint)
    there = _there(conn, run_id, template)
    if not there and is_same(context, conn, run, template):
        message = (
            f"run {run_id} went out with `{template}` as it stands: it would say the same again"
        )
        hint = f"mend templates/{template}/, or write the correction as a template of its own"
        raise UsageError(message, hint)
    return run


def _there(conn: Connection, run_id: int, template: str) -> dict[str, tuple[int, str]]:
    """By channel the runs that correct it already; UsageError where one does by another template."""
    found = corrections_of(conn, run_id)
    for number, other in found.values():
        if other != template:
            message = f"run {run_id} is corrected by run {number} with `{other}` already"
            raise UsageError(message, f"correct that one: `outreach correct {number}`")
    return found


def _made(
    context: Context, conn: Connection, run: Run, template: str
) -> Iterator[tuple[str, Campaign, dict[str, bytes]]]:
    """By each channel on which anybody may have got it: the correcting campaign and its files."""
    company = context.company()
    _, original = revision_files(conn, run.revision_id)
    campaign, _ = unpinned(run.campaign, original, company)
    for channel, states in reached_by(conn, run.id).items():
        if any(state in states for state in (*GOT, *MAYBE)):
            derived = corrected(campaign, Correction(run.id, channel, template, run.step))
            files = pinned_correction(derived, original, context.files.contents, company)
            compile_step(files, derived, company)
            yield channel, derived, files


def _reached(by_channel: Mapping[str, Mapping[State, int]]) -> Reached:
    def total(states: tuple[State, ...]) -> int:
        return sum(found.get(state, 0) for found in by_channel.values() for state in states)

    return Reached(total(GOT), total(MAYBE), total(_UNSENT), total((State.CANCELLED,)))


def _ruling(context: Context, run: Run, campaign: Campaign) -> Ruling:
    compiled = compile_step(context.files.contents, campaign, context.company())
    return make_ruling(run.campaign_id, 0, campaign, context.company(), compiled)


def _funnel(context: Context, conn: Connection, ruling: Ruling) -> Funnel:
    now = context.now()
    scope = Scope(run_at=now, seen_at=now, facts=facts_for(conn, now))
    return count(conn, ask_base(conn, ruling, scope, everywhere(localities(conn), now)))


def _admit(context: Context, campaign: Campaign, files: Mapping[str, bytes]) -> None:
    problems = problems_on_trial(context, Candidate(campaign, files))
    if problems:
        raise ProblemsFound(problems)


def _make(
    context: Context,
    run: Run,
    template: str,
    channel: str,
    campaign: Campaign,
    files: Mapping[str, bytes],
) -> int:
    """The run that corrects on a channel, made unless it is there; with its line in the audit log."""
    now = context.now()
    with writing(context.engine) as conn:
        dialect.one_at_a_time(conn, "correct a run")
        there = _there(conn, run.id, template).get(channel)  # another may have come first
        if there is not None:
            return there[0]
        params = {"again": True, "corrects": run.id, "channel": channel, "template": template}
        made = make_by_hand(conn, Candidate(campaign, files), context.company(), params, now)
        exception = "caps do not hold for it, once"
        detail = {"by_run": made, "channel": channel, "template": template, "exception": exception}
        record(conn, now, person() or "", "run corrected", run.id, **detail)
        return made


def _told(conn: Connection, run_id: int, channel: str) -> CorrectingRun:
    found = report(conn, run_id=run_id)
    skipped, held = sum(found.skipped.values()), found.states.get(State.HELD, 0)
    send = found.planned - skipped - held - found.states.get(State.CANCELLED, 0)
    return CorrectingRun(run_id, channel, send, held, found.skipped, dict(found.states))
