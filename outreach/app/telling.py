"""What the rules say of one customer, in sentences."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from outreach.app.explaining import Explained
from outreach.app.sentences import Clock
from outreach.decisions.explain import Answer
from outreach.vocabulary import Decision, Reason

MEANINGS: dict[Reason, str] = {
    Reason.NOT_IN_AUDIENCE: "the audience does not pick them",
    Reason.ERASED: "their data was erased, or the record merged into another",
    Reason.EXCLUDED: "`exclude` leaves them out",
    Reason.REENTRY: "they are in this journey already, or may not come in again yet",
    Reason.EXITED: "the journey is over for them: its `exit` holds",
    Reason.WHEN_FALSE: "the step's `when` does not hold for them",
    Reason.CHANNEL_FAILED: "this message was refused, or came back, on the channel before",
    Reason.NO_ADDRESS: "there is no address for the channel",
    Reason.SUPPRESSED: "their address must never be used again",
    Reason.CONSENT_WITHDRAWN: "their last word on this topic was no",
    Reason.CONSENT_EXPIRED: "their yes to this topic has run out",
    Reason.NO_CONSENT: "they never said yes to this topic",
    Reason.MISSING_DATA: "the template prints something that is not known of them",
    Reason.DUPLICATE: "it goes to somebody at the same address, or they have it already",
    Reason.CHANNEL_HELD: "the channel refuses us at present",
    Reason.CAPPED: "they are written to as often as is allowed",
    Reason.RESERVED: "the last free slot belongs to a message before this one",
    Reason.CONTROL_GROUP: "they are in the control group, which is never written to",
    Reason.HOLDOUT: "they are held out of this campaign",
    Reason.AWAITING_WINNER: "their message waits until the winner among the variants is known",
    Reason.HOLIDAY: "it is a public holiday where they live",
    Reason.OUTSIDE_WINDOW: "it is outside of the campaign's window, days or dates",
    Reason.QUIET_HOURS: "it is in their quiet hours",
    Reason.EXPIRED: "it did not get out within `late`",
}


def told(found: Explained) -> list[str]:
    """The decision first, then what each rule that fails has against it, on the customer's clock.

    Last when it would be possible, or what would have to change.
    """
    outlook = [f"{each[:1].upper()}{each[1:]}." for each in found.said]
    return [_decision(found), *_failing(found), *outlook]


def _decision(found: Explained) -> str:
    clock = Clock(ZoneInfo(found.timezone))
    at = clock.local(found.at)
    if found.decision is Decision.SEND:
        which = f"variant `{found.variant}`" if found.variant else "it"
        return f"{found.key} would get {which} by {found.channel} at {at}."
    why = MEANINGS[found.reason] if found.reason else ""
    if found.decision is Decision.HOLD and found.until is not None:
        until = clock.local(found.until)
        return f"{found.key} would get it by {found.channel}, not at {at} but at {until}: {why}."
    return f"{found.key} would not get it at {at}: {why}."


def _failing(found: Explained) -> Iterator[str]:
    for each in found.rules:
        if not each.passed:
            yield f"{_where(each)}{MEANINGS[each.rule]}{_detail(each)}."


def _where(answer: Answer) -> str:
    return f"By {answer.channel}: " if answer.channel else ""


def _detail(answer: Answer) -> str:
    return f" ({answer.detail})" if answer.detail else ""
