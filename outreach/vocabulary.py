"""The words of the product: each enumeration has its meaning beside every member."""

from enum import StrEnum


class State(StrEnum):
    """States of a delivery; docs/guarantees.md draws who may move it between them."""

    DUE = "due"  # planned, may be claimed once `due_at` has come
    HELD = "held"  # planned, waits for the instant `due_at` because of `reason`
    SKIPPED = "skipped"  # decided against, for `reason`
    CLAIMED = "claimed"  # a worker holds it and has decided to send it; a touch from here on
    HANDING = "handing"  # committed before the first byte that could count is written
    SENT = "sent"  # a provider accepted it
    DELIVERED = "delivered"  # the provider said that it arrived
    BOUNCED = "bounced"  # accepted first, returned later
    COMPLAINED = "complained"  # its reader called it abuse
    FAILED = "failed"  # a permanent answer: it did not and will not go out
    UNKNOWN = "unknown"  # may have gone out; nobody can say
    EXPIRED = "expired"  # was due and did not get out within `late`
    CANCELLED = "cancelled"  # its run was cancelled first


OPEN_STATES = (State.DUE, State.HELD)
TOUCH_STATES = (
    State.CLAIMED,
    State.HANDING,
    State.SENT,
    State.DELIVERED,
    State.COMPLAINED,
    State.UNKNOWN,
)


class Decision(StrEnum):
    """What the chain of rules says of one customer."""

    SEND = "send"  # may go now
    HOLD = "hold"  # may go at `until`
    SKIP = "skip"  # will not go, for `reason`


class Reason(StrEnum):
    """Why a message is not sent now, in the order in which the rules are asked."""

    NOT_IN_AUDIENCE = "not_in_audience"  # explain only: the audience does not pick this customer
    ERASED = "erased"  # personal data was erased, or the record merged into another
    EXCLUDED = "excluded"  # the campaign's `exclude` names this customer
    REENTRY = "reentry"  # is in this journey already, or may not come in again yet
    EXITED = "exited"  # the journey's `exit` holds: the rest of it is over
    WHEN_FALSE = "when_false"  # the step's `when` does not hold
    CHANNEL_FAILED = "channel_failed"  # this message failed for good on the channel before
    NO_ADDRESS = "no_address"  # no address for the channel
    SUPPRESSED = "suppressed"  # the address must never be used again
    CONSENT_WITHDRAWN = "consent_withdrawn"  # the last word for this topic and channel was no
    CONSENT_EXPIRED = "consent_expired"  # the yes had an end, which has passed
    NO_CONSENT = "no_consent"  # no recorded yes
    MISSING_DATA = "missing_data"  # the template needs something that is not known
    DUPLICATE = "duplicate"  # a sharer of the address gets it; by hand: got it, or it waits
    CHANNEL_HELD = "channel_held"  # the channel refuses us
    CAPPED = "capped"  # cadence: touched as often as allowed
    RESERVED = "reserved"  # the last free cadence slot belongs to a message before this one
    CONTROL_GROUP = "control_group"  # never messaged, company-wide
    HOLDOUT = "holdout"  # never messaged by this campaign, its goal is measured
    AWAITING_WINNER = "awaiting_winner"  # the better variant is not chosen yet
    HOLIDAY = "holiday"  # a public holiday of the customer's country
    OUTSIDE_WINDOW = "outside_window"  # outside the campaign's window, days, `starts` or `ends`
    QUIET_HOURS = "quiet_hours"  # the customer's quiet hours
    EXPIRED = "expired"  # was due and did not get out within `late`


class Answer(StrEnum):
    """What an adapter reports of one message, at once."""

    ACCEPTED = "accepted"  # the provider took it
    RETRY = "retry"  # a complete temporary answer was read; or never begun
    REJECTED = "rejected"  # a complete permanent answer was read
    UNREACHABLE = "unreachable"  # no server was reached, nothing that counts was written
    UNKNOWN = "unknown"  # the answer to a message that may have counted was never read


class Fault(StrEnum):
    """Whose fault a refusal is: it decides what else follows from it."""

    NONE = "none"  # no refusal
    TEMPORARY = "temporary"  # try again later
    ADDRESS = "address"  # the address does not exist: suppress it
    MAILBOX = "mailbox"  # full or disabled for now: suppress only on repeat over days
    POLICY = "policy"  # this receiver refuses this message: failed, nobody is suppressed
    CONTENT = "content"  # the text is refused: never the same text again
    OPTED_OUT = "opted_out"  # the provider knows of an opt-out: mirror it
    CHANNEL = "channel"  # our credentials, sender or connection: the channel is held


class ReceiptKind(StrEnum):
    """What a provider says of a message later; each is the state that the delivery takes."""

    SENT = "sent"  # it has the message: its answer was never read
    FAILED = "failed"  # it accepted the message and could not pass it on
    DELIVERED = "delivered"  # it arrived
    BOUNCED = "bounced"  # it was returned
    COMPLAINED = "complained"  # its reader called it abuse


class ReactionKind(StrEnum):
    """What was done with a message; the last two by machines, so they say nothing of its reader."""

    CLICKED = "clicked"  # a link in it was followed
    OPENED = "opened"  # it was shown
    SCANNED = "scanned"  # a link was looked at by a scanner or a preview
    FETCHED = "fetched"  # its pictures were loaded ahead, whether it is read or not


class RunState(StrEnum):
    """States of a run."""

    PLANNING = "planning"  # its deliveries are being written; the first may be sent already
    RUNNING = "running"  # planned wholly
    HELD = "held"  # waits for a person, for `reason`
    PAUSED = "paused"  # stopped by a person
    CANCELLED = "cancelled"  # ended by a person
    DONE = "done"  # nothing is open any more
    MISSED = "missed"  # nothing was planned within `late`


class RunKind(StrEnum):
    """What started a run."""

    SCHEDULE = "schedule"  # an occurrence of its schedule
    MANUAL = "manual"  # a person
    JOURNEY = "journey"  # customers who came to a step of theirs


class Origin(StrEnum):
    """What started a journey for a customer."""

    RUN = "run"  # an occurrence of the schedule, or a person
    EVENT = "event"  # something that happened to them
    MOVE = "move"  # from one stage to another
    IDLE = "idle"  # nothing, for so long
    BACKLOG = "backlog"  # they were idle, or in the stage, before the campaign was active
    FLOOR = "floor"  # nobody was in touch for as long as a floor allows


class Ending(StrEnum):
    """How a customer's journey ended."""

    FINISHED = "finished"  # they came to its end
    EXITED = "exited"  # its `exit` held
    ERASED = "erased"  # their personal data was erased, or their record merged into another
    STOPPED = "stopped"  # the step at which they were is in the file no more


class ConsentState(StrEnum):
    """A customer's word for one channel and topic."""

    GRANTED = "granted"  # yes
    WITHDRAWN = "withdrawn"  # no


class TaskKind(StrEnum):
    """What a member of staff is asked to do."""

    CALL = "call"  # ring the customer
    VISIT = "visit"  # go there, or meet
    LETTER = "letter"  # write by hand
    ANSWER = "answer"  # answer what the customer wrote, in whatever way
    PROMISE = "promise"  # keep what was promised

    @property
    def event(self) -> str:
        """The kind of the event that it becomes when it is done."""
        return PROMISE_KEPT if self is TaskKind.PROMISE else self.value


WRITTEN_TASKS = (TaskKind.CALL, TaskKind.VISIT, TaskKind.LETTER)  # what a template may ask for


class TaskCause(StrEnum):
    """What a task comes from; all but a campaign make it urgent. Some are kinds of events."""

    CAMPAIGN = "campaign"  # a step on the channel `task`
    PROMISE = "promise"  # was not kept in time
    REPLY = "reply"  # an answer is owed
    COMPLAINT = "complaint"  # an answer is owed
    FLOOR = "floor"  # nobody was in touch for as long as a floor allows


PROMISE_KEPT = "promise_kept"
PROMISE_MISSED = "promise_missed"
TO_ANSWER = (TaskCause.REPLY, TaskCause.COMPLAINT)
ANSWERS = ("answer", "call", "visit", "letter")  # kinds of events that answer a customer
OF_TASKS = frozenset((TaskCause.PROMISE, PROMISE_KEPT, *TO_ANSWER, *ANSWERS))  # kinds that matter


class TaskState(StrEnum):
    """States of a task."""

    PROMISED = "promised"  # the promise is not due yet: becomes a task when it is missed
    WAITING = "waiting"  # its owner or customer has as many urgent tasks as allowed
    OPEN = "open"  # given out, not done yet
    DONE = "done"  # done, with a note
    DROPPED = "dropped"  # will not be done, with a note why
    SETTLED = "settled"  # not needed any more: an event answered or kept it, or a touch ended it


TASKS_AHEAD = (TaskState.PROMISED, TaskState.WAITING, TaskState.OPEN)  # not closed


class Approval(StrEnum):
    """How many persons must approve what goes out."""

    NONE = "none"
    ONE = "one"
    TWO = "two"

    @property
    def people(self) -> int:
        """The number."""
        return ("none", "one", "two").index(self.value)


class Status(StrEnum):
    """Where a campaign stands in its life."""

    DRAFT = "draft"  # only test messages
    ACTIVE = "active"  # runs by its schedule, by hand too
    PAUSED = "paused"  # makes no new runs
    ARCHIVED = "archived"  # kept for its history


def number_of(many: int, noun: str) -> str:
    """`1 customer`, `2,000 customers`: of a noun whose plural ends in s."""
    return f"{many:,} {noun}{'' if many == 1 else 's'}"
