"""Final answers as they are counted for their runs: accepted, or refused for good."""

from collections.abc import Iterable

from outreach.channels.adapter import Outcome
from outreach.store.attempts import storable
from outreach.store.run_answers import COUNTED, Final
from outreach.vocabulary import Answer, Fault

TEXT_READ = ("data", "dot")  # stages of SMTP from which on a refusal is of this text


def finals_of(answers: Iterable[tuple[int, Outcome]]) -> list[Final]:
    """Of answers with their runs' ids those that are final; an opt-out is not the run's fault."""
    found = (_final(run_id, outcome) for run_id, outcome in answers)
    return [one for one in found if one is not None]


def _final(run_id: int, outcome: Outcome) -> Final | None:
    if not outcome.begun:
        return None
    if outcome.answer is Answer.ACCEPTED:
        return Final(run_id, Fault.NONE)
    fault = _fault(outcome)
    if outcome.answer is not Answer.REJECTED or fault not in COUNTED:
        return None
    return Final(run_id, fault, storable(outcome.code) or "", storable(outcome.detail))


def _fault(outcome: Outcome) -> Fault:
    """Policy that is spoken once the text was read is about the text."""
    policy = outcome.fault is Fault.POLICY and outcome.stage in TEXT_READ
    return Fault.CONTENT if policy else outcome.fault
