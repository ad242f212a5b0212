"""What comes of a case: the chain's answer for it, and the message that would go."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.explaining import Explained, customer_of, explain_arrival, explain_first
from outreach.app.mail_parts import html_of, parsed
from outreach.app.previewing import Chosen, Preview, messages_for
from outreach.decisions.explain import Answer
from outreach.decisions.openings import Load
from outreach.decisions.ruling import Ruling
from outreach.rendering.plaintext import text_of
from outreach.store.customers import by_keys
from outreach.store.engine import reading, writing
from outreach.testing.cases import NEVER, Case
from outreach.testing.enrolment import Standing, go_on, way_named
from outreach.vocabulary import Decision, Ending, Reason


@dataclass(frozen=True, slots=True)
class Got:
    """What came of a case, by the names that `expect` uses; `text` empty where none was asked for.

    Who is in a wait has no decision, and nor has whose journey is finished.
    """

    decision: Decision | None
    reason: Reason | None
    until: datetime | None
    next: datetime | None
    channel: str | None
    variant: str | None
    step: str | None
    text: str
    locale: str | None  # the customer's
    timezone: str
    ended: Ending | None = None
    message: str | None = None  # which one was decided about; None: the first
    passed: tuple[str, ...] = ()  # on the way to it

    def value(self, name: str) -> object:
        """What `expect` asks for by a name."""
        if name in ("text", "not_text"):
            return self.text
        if name == "next" and self.next is None:
            return NEVER
        return getattr(self, name)

    def local(self, at: datetime) -> str:
        """An instant on the customer's clock."""
        return at.astimezone(ZoneInfo(self.timezone)).isoformat(" ", "minutes")


def decide(context: Context, load: Load, case: Case) -> Got:
    """Ask the chain about a case whose base is in the context's database."""
    if case.way is not None:
        return _go_on(context, load, case)
    with reading(context.engine) as conn:
        of, ahead = (load, case.key, case.at.isoformat()), "next" in case.expect
        found, begun = explain_first(context, conn, *of, ahead=ahead, rules=False)
        got = _got(found, begun.ruling, _text(context, conn, begun.ruling, case, found))
    is_first = begun.opening.step is None or found.step == load(None).step.id
    passed = tuple(way_named(turn.branch, turn.number) for turn in begun.route)
    return replace(got, message=None if is_first else found.step, passed=passed)


def _go_on(context: Context, load: Load, case: Case) -> Got:
    """The same of who is under way: once they have gone on as far as they come."""
    first = load(None)
    with writing(context.engine) as conn:
        standing = go_on(conn, first, case.at)
    with reading(context.engine) as conn:
        if standing.step is None:
            zone = first.grid.calendar_zone(customer_of(conn, case.key)[1]).key
            return _not_at_a_message(standing, zone)
        ruling = load(standing.step.id)
        of = (ruling, case.key, standing.enrolment_id)
        found = explain_arrival(context, conn, *of, rules=False)
        return _got(found, ruling, _text(context, conn, ruling, case, found), standing)


def _not_at_a_message(standing: Standing, zone: str) -> Got:
    left = standing.ended is Ending.EXITED
    return Got(
        decision=Decision.SKIP if left else None,
        reason=Reason.EXITED if left else None,
        until=standing.until,
        next=standing.until,
        channel=None,
        variant=None,
        step=None if standing.wait is None else standing.wait.id,
        text="",
        locale=None,
        timezone=zone,
        ended=standing.ended,
        passed=standing.passed,
    )


def _text(context: Context, conn: Connection, ruling: Ruling, case: Case, found: Explained) -> str:
    """The words of the message, where they are asked for and it goes."""
    wanted = "text" in case.expect or "not_text" in case.expect
    if not wanted or found.decision is Decision.SKIP or not found.channel:
        return ""
    id_ = by_keys(conn, [case.key])[case.key]
    late_at = found.at + ruling.campaign.schedule.late
    chosen = Chosen(id_, found.channel, late_at, found.variant or "")
    [message] = messages_for(context, conn, ruling, [chosen])
    return _words_of(message)


def _got(found: Explained, ruling: Ruling, text: str, standing: Standing | None = None) -> Got:
    is_told = found.decision is not Decision.SKIP or standing is not None
    left = standing is not None and found.reason is Reason.EXITED
    return Got(
        decision=found.decision,
        reason=found.reason,
        until=found.until,
        next=found.next,
        channel=found.channel,
        variant=found.variant,
        step=ruling.step.id if is_told else None,
        text=text,
        locale=found.locale,
        timezone=found.timezone,
        ended=Ending.EXITED if left else None,
        message=None if standing is None else ruling.step.id,
        passed=() if standing is None else standing.passed,
    )


def _words_of(message: Preview) -> str:
    """What a reader sees: subject and text, of a mail with HTML that as text too."""
    if message.problem:
        return message.problem
    page = html_of(parsed(message.text)) if message.channel == "email" else ""
    words = (message.subject, message.body, text_of(page) if page else "")
    return "\n".join(filter(None, words))


def in_the_way(context: Context, load: Load, case: Case) -> tuple[str, ...]:
    """Every rule that stops the customer of a case, as `explain` says it."""
    if case.way is None:
        with reading(context.engine) as conn:
            at = case.at.isoformat()
            found, _ = explain_first(context, conn, load, case.key, at, ahead=False)
        return _stops(found)
    with writing(context.engine) as conn:
        standing = go_on(conn, load(None), case.at)
    if standing.step is None:
        return ()
    with reading(context.engine) as conn:
        of = (load(standing.step.id), case.key, standing.enrolment_id)
        return _stops(explain_arrival(context, conn, *of))


def _stops(found: Explained) -> tuple[str, ...]:
    return tuple(_stop(each) for each in found.rules if not each.passed)


def _stop(answer: Answer) -> str:
    said = f"{answer.rule.value} by {answer.channel}" if answer.channel else answer.rule.value
    return f"{said}: {answer.detail}" if answer.detail else said
