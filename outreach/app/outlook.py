"""What becomes of a message that does not go now, in sentences: until when, or what would help."""

from datetime import datetime

from outreach.app.sentences import Clock
from outreach.decisions.explain import Answer, Explanation
from outreach.decisions.ruling import Ruling
from outreach.planning.next_time import LASTING
from outreach.vocabulary import Decision, Reason

REMEDIES = {
    Reason.NOT_IN_AUDIENCE: "the audience would have to pick them",
    Reason.ERASED: "nothing is sent to this record any more",
    Reason.EXCLUDED: "`exclude` would have to leave them alone",
    Reason.REENTRY: "they would have to be through with it, and `reentry` to let them in again",
    Reason.EXITED: "`exit` would have to hold no more",
    Reason.WHEN_FALSE: "the step's `when` would have to hold",
    Reason.CHANNEL_FAILED: "another channel would have to take over",
    Reason.NO_ADDRESS: "an address would be needed",
    Reason.SUPPRESSED: "an address that is not suppressed would be needed",
    Reason.CONSENT_WITHDRAWN: "they would have to agree anew, by a yes later than their no",
    Reason.CONSENT_EXPIRED: "they would have to agree anew: their yes has ended",
    Reason.NO_CONSENT: "they would have to agree to it first",
    Reason.MISSING_DATA: "what the template prints would have to be known",
    Reason.DUPLICATE: "one message a run goes to an address that several have",
    Reason.CHANNEL_HELD: "the channel is held for everyone until a person frees it",
    Reason.CAPPED: "the limit would have to leave room",
    Reason.RESERVED: "a campaign before this one has the place",
    Reason.CONTROL_GROUP: "who is in the control group is never written to",
    Reason.HOLDOUT: "whom the campaign holds out it never writes to",
    Reason.AWAITING_WINNER: "the winner among the variants is not known in time",
    Reason.HOLIDAY: "it is a public holiday where they live",
    Reason.OUTSIDE_WINDOW: "the campaign's window does not open in time",
    Reason.QUIET_HOURS: "quiet hours do not end in time",
    Reason.EXPIRED: "its time is over",
}


def outlook(
    ruling: Ruling, found: Explanation, next_at: datetime | None, clock: Clock
) -> list[str]:
    """When the message would be allowed next, else what would have to change; nothing if it goes."""
    verdict = found.verdict
    if verdict.decision is not Decision.SKIP:
        return []
    if next_at is not None:
        return [f"next possible, by what is known now: {clock.local(next_at)}"]
    lasting = verdict.reason in LASTING
    why = "time alone changes nothing" if lasting else "no instant is known at which it may go"
    return [f"{why}: {'; '.join(_needed(_in_the_way(ruling, found)))}"]


def _needed(stopping: list[Answer]) -> list[str]:
    """What would have to change, said once where it is the same on each channel."""
    found = [REMEDIES[each.rule] for each in stopping]
    if len(set(found)) == 1:
        return found[:1]
    return [f"{each.channel}: {REMEDIES[each.rule]}" for each in stopping]


def _in_the_way(ruling: Ruling, found: Explanation) -> list[Answer]:
    """What stops the customer; else by channel the first rule that does."""
    failing = [each for each in found.answers if not each.passed]
    of_all = [each for each in failing if each.channel is None]
    if of_all:
        return of_all[:1]
    firsts = (next((e for e in failing if e.channel == name), None) for name in ruling.channels)
    return [each for each in firsts if each is not None]
