"""What a run did with one customer, in sentences; instants on the customer's own clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from outreach.decisions.verdict import Verdict
from outreach.store.records import Answered, Failed, Recorded
from outreach.store.runs import Run
from outreach.vocabulary import Decision, Reason, RunState, State

_OPEN_RUNS = (RunState.PLANNING, RunState.PAUSED, RunState.HELD)
_OTHERS = {
    State.HANDING: "is being handed over",
    State.DELIVERED: "arrived",
    State.BOUNCED: "was sent and came back",
    State.COMPLAINED: "was sent, and its reader called it abuse",
    State.UNKNOWN: "may have gone out: nobody can say",
    State.EXPIRED: "did not get out in time",
    State.CANCELLED: "was cancelled with its run",
}


@dataclass(frozen=True, slots=True)
class Clock:
    """A customer's own clock."""

    zone: ZoneInfo

    def local(self, at: datetime) -> str:
        """An instant with its offset, and the zone's name."""
        return f"{at.astimezone(self.zone).isoformat(' ', 'minutes')} {self.zone.key}"


def history(
    record: Recorded, attempts: Sequence[Answered], failed: Sequence[Failed], clock: Clock
) -> list[str]:
    """What is recorded of a delivery: how it stands and why, then each channel and attempt."""
    said = [_state(record, clock)]
    if record.until is not None and record.state is not State.HELD:
        said.append(f"it was held until {clock.local(record.until)} first")
    if record.consent_id is not None and record.state is not State.SKIPPED:
        said.append(f"consent record {record.consent_id} allowed it")
    said += [_fell(each, clock) for each in failed]
    said += [
        f"attempt {number} at {clock.local(each.at)}: {_answer(each)}"
        for number, each in enumerate(attempts, 1)
    ]
    return said


def _state(record: Recorded, clock: Clock) -> str:
    by, why = f"by {record.channel}", f": {record.reason}" if record.reason else ""
    if record.state is State.SKIPPED and record.due_at is None:
        return f"it was left out when the run was planned{why}"
    if record.state is State.SKIPPED:
        at = f" at {clock.local(record.claimed_at)}" if record.claimed_at else ""
        return f"it was due at {clock.local(record.due_at or record.planned_at)}, and left out when a worker came to it{at}{why}"
    if record.state is State.HELD and record.until is not None:
        return f"it is held {by} until {clock.local(record.until)}{why}"
    if record.state is State.DUE:
        again = f", not before {clock.local(record.retry_at)}" if record.retry_at else ""
        return f"it waits to be sent {by} since {clock.local(record.due_at or record.planned_at)}{again}{why}"
    if record.state is State.CLAIMED and record.claimed_at is not None:
        return f"a worker holds it since {clock.local(record.claimed_at)}, to send it {by}"
    if record.state is State.SENT and record.sent_at is not None:
        return f"it was sent {by} at {clock.local(record.sent_at)}"
    if record.state is State.FAILED:
        return f"it failed {by}{why}"
    return f"the message {by} {_OTHERS.get(record.state, record.state.value)}{why}"


def _fell(each: Failed, clock: Clock) -> str:
    """A channel that failed for good, and that no other took over, or one might."""
    how = "came back" if each.state is State.BOUNCED else each.state.value
    why = f" ({each.reason})" if each.reason and each.reason != each.state else ""
    other = f"no other channel took over: {each.stopped}" if each.stopped else "the next was tried"
    return f"by {each.channel} it {how}{why} at {clock.local(each.at)}, and {other}"


def _answer(attempt: Answered) -> str:
    said = f"{attempt.answer} by {attempt.adapter} ({attempt.channel}"
    said += "".join(f", {each}" for each in (attempt.stage, attempt.code) if each) + ")"
    return f"{said}: {attempt.detail}" if attempt.detail else said


def again(record: Recorded, verdict: Verdict) -> list[str]:
    """Where the rules, asked as of then, say otherwise than the record."""
    if record.is_as_it_failed:
        return []
    left_out = record.state is State.SKIPPED
    agrees = left_out == (verdict.decision is Decision.SKIP) and not (
        left_out and verdict.reason is not None and verdict.reason.value != record.reason
    )
    if agrees:
        return []
    return [
        f"asked again as of then the rules say {_verdict(verdict)}: what they read has changed since"
    ]


def absence(run: Run, verdict: Verdict, at: datetime, key: str, clock: Clock) -> list[str]:
    """Why a run has no delivery for a customer; nothing of that is recorded by customer."""
    to = run.params.get("to") or ()
    if run.state is RunState.MISSED:
        return [f"the run was missed: {run.reason or 'nothing ran in time'}"]
    if to and key not in to:
        return ["the run was by hand, with `--to` for others only"]
    if run.state in _OPEN_RUNS and (run.planned_until is None or at > run.planned_until):
        return [f"their turn is at {clock.local(at)}, and the run is {run.state.value}"]
    if verdict.reason is Reason.NOT_IN_AUDIENCE:
        return ["the audience does not pick them, as of then by the run's own revision"]
    return [
        f"as of then the run's own revision says {_verdict(verdict)}: what it reads has changed"
        " since, or the customer came later"
    ]


def _verdict(verdict: Verdict) -> str:
    if verdict.reason is None:
        return verdict.decision.value
    return f"{verdict.decision.value} ({verdict.reason.value})"
