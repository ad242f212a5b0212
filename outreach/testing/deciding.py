"""What comes of a case: the chain's answer for it, and the message that would go."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from outreach.app.context import Context
from outreach.app.explaining import Explained, explain_by
from outreach.app.mail_parts import html_of, parsed
from outreach.app.previewing import Chosen, Preview, messages_for
from outreach.decisions.explain import Answer
from outreach.decisions.ruling import Ruling
from outreach.rendering.plaintext import text_of
from outreach.store.customers import by_keys
from outreach.store.engine import reading
from outreach.testing.cases import NEVER, Case
from outreach.vocabulary import Decision, Reason


@dataclass(frozen=True, slots=True)
class Got:
    """What came of a case, by the names that `expect` uses; `text` empty where none was asked for."""

    decision: Decision
    reason: Reason | None
    until: datetime | None
    next: datetime | None
    channel: str | None
    variant: str | None
    step: str | None
    text: str
    locale: str | None  # the customer's
    timezone: str

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


def decide(context: Context, ruling: Ruling, case: Case) -> Got:
    """Ask the chain about a case whose base is in the context's database."""
    wanted = case.expect
    with reading(context.engine) as conn:
        ahead, at = "next" in wanted, case.at.isoformat()
        found = explain_by(context, conn, ruling, case.key, at, ahead=ahead, rules=False)
        goes = found.decision is not Decision.SKIP
        text = ""
        if goes and found.channel and ("text" in wanted or "not_text" in wanted):
            id_ = by_keys(conn, [case.key])[case.key]
            late_at = found.at + ruling.campaign.schedule.late
            chosen = Chosen(id_, found.channel, late_at, found.variant or "")
            [message] = messages_for(context, conn, ruling, [chosen])
            text = _words_of(message)
    return _got(found, ruling, text)


def _got(found: Explained, ruling: Ruling, text: str) -> Got:
    goes = found.decision is not Decision.SKIP
    return Got(
        decision=found.decision,
        reason=found.reason,
        until=found.until,
        next=found.next,
        channel=found.channel,
        variant=found.variant,
        step=ruling.step.id if goes else None,
        text=text,
        locale=found.locale,
        timezone=found.timezone,
    )


def _words_of(message: Preview) -> str:
    """What a reader sees: subject and text, of a mail with HTML that as text too."""
    if message.problem:
        return message.problem
    page = html_of(parsed(message.text)) if message.channel == "email" else ""
    words = (message.subject, message.body, text_of(page) if page else "")
    return "\n".join(filter(None, words))


def in_the_way(context: Context, ruling: Ruling, case: Case) -> tuple[str, ...]:
    """Every rule that stops the customer of a case, as `explain` says it."""
    with reading(context.engine) as conn:
        at = case.at.isoformat()
        found = explain_by(context, conn, ruling, case.key, at, ahead=False)
    return tuple(_stop(each) for each in found.rules if not each.passed)


def _stop(answer: Answer) -> str:
    said = f"{answer.rule.value} by {answer.channel}" if answer.channel else answer.rule.value
    return f"{said}: {answer.detail}" if answer.detail else said
