"""Tasks of staff: listed with the customer's card, done with a note, dropped."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.person import person
from outreach.app.project import save_rules
from outreach.app.stages import refresh_touched
from outreach.channels.adapter import Check
from outreach.documents import did_you_mean
from outreach.errors import UsageError
from outreach.imports.values import BadValueError
from outreach.imports.values import interests as read_interests
from outreach.settings.company import Company
from outreach.store import tasks
from outreach.store.customers import contexts
from outreach.store.dialect import lock_customers
from outreach.store.engine import reading, writing
from outreach.store.events import Event, add_events
from outreach.store.interests import Learnt, learn
from outreach.store.tasks import StoredTask, Touch
from outreach.store.urgent import NOBODY
from outreach.vocabulary import TASKS_AHEAD, TaskState

SOON = timedelta(days=1)
LAST_TOUCHES = 3
LONGEST_NOTE = 10_000
NONE = "none"  # as people write that there is no owner


@dataclass(frozen=True, slots=True)
class Card:
    """What to know of a customer before ringing; as it stands now, kept nowhere."""

    name: str
    email: str | None
    phone: str | None
    stage: str | None
    tier: str | None
    orders: int
    spend: Decimal
    last_order_at: datetime | None
    interests: list[str]
    touches: list[Touch]  # the latest first


@dataclass(frozen=True, slots=True)
class TasksApart:
    """How many tasks wait above a cap, or are promises that are not due yet."""

    waiting: int
    promised: int


@dataclass(frozen=True, slots=True)
class TaskShown:
    """A task as its owner sees it: `urgency` is overdue, soon (within a day) or later, "" if closed.

    `reason` says what it comes from; its day is the company's.
    """

    task: StoredTask
    urgency: str
    reason: str
    card: Card

    @property
    def is_title_in_words(self) -> bool:
        """Whether the title was made of the words of an event, which follow in full."""
        begins = self.task.title.removesuffix("…")
        words = " ".join(self.task.words.split())
        return self.task.happened_at is not None and words.startswith(begins)


def list_tasks(
    context: Context,
    state: TaskState = TaskState.OPEN,
    owner: str | None = None,
    until: datetime | None = None,
    limit: int = 100,
) -> list[TaskShown]:
    """Tasks of one state, open ones by when they are due; UsageError for an owner nobody knows.

    `owner` may be `none`: what is of customers without a known owner.
    """
    if owner == NONE:
        owner = NOBODY
    elif owner is not None:
        must_know_owner(context, owner)
    with reading(context.engine) as conn:
        found = tasks.listed(conn, state, owner, until, limit)
        return _shown(context, conn, found)


def tasks_apart(context: Context, owner: str | None = None) -> TasksApart:
    """How many tasks of one owner, or of all, a list of the open ones does not show."""
    with reading(context.engine) as conn:
        counts = tasks.counts(conn)
    theirs = [
        (state, number) for (state, whose), number in counts.items() if owner in (None, whose)
    ]
    return TasksApart(
        sum(number for state, number in theirs if state is TaskState.WAITING),
        sum(number for state, number in theirs if state is TaskState.PROMISED),
    )


def task_checks(conn: Connection, company: Company) -> Iterator[Check]:
    """What `outreach doctor` says of tasks, if there are any: whether somebody has them."""
    counts = tasks.counts(conn)
    states = dict.fromkeys(reversed(TASKS_AHEAD), 0)
    for (state, _), number in counts.items():
        states[state] += number
    if counts:
        detail = ", ".join(f"{state}: {number:,}" for state, number in states.items())
        yield Check("tasks", True, detail)
    nobodys = counts.get((TaskState.OPEN, NOBODY), 0)
    if nobodys:
        hint = "name a `fallback` under `tasks`, or give these customers an owner"
        yield Check("tasks", False, f"of customers without a known owner: {nobodys:,}; {hint}")
    gone = {owner for _, owner in counts} - company.owners.keys() - {NOBODY}
    for owner in sorted(gone):
        hint = f"`outreach customers assign --from {owner} --to …`"
        yield Check("tasks", False, f"`{owner}` has some and is not among `owners`; {hint}")


def show_task(context: Context, task_id: int) -> TaskShown:
    """One task with its customer's card."""
    with reading(context.engine) as conn:
        return _shown(context, conn, [_task(conn, task_id)])[0]


def finish_task(
    context: Context, task_id: int, note: str, interests: Sequence[str] = ()
) -> TaskShown:
    """Close a task as done; an event of its kind, with the note, makes facts and stages follow.

    The customer has the interests from then on, learnt in this task. A promise is kept by it, before
    it is due too. UsageError where the task is closed: of two at once one is told so.
    """
    try:
        found = [each for text in interests for each in read_interests(text) or ()]
    except BadValueError as error:
        raise UsageError(f"`--interest` {error}") from None
    return _close(context, task_id, TaskState.DONE, note, found)


def drop_task(context: Context, task_id: int, note: str) -> TaskShown:
    """Close a task that will not be done; UsageError where it is closed."""
    return _close(context, task_id, TaskState.DROPPED, note)


def must_know_owner(context: Context, owner: str) -> None:
    """UsageError unless outreach.yaml names this owner."""
    owners = context.company().owners
    if owner not in owners:
        hint = did_you_mean(owner, owners, listing="there are")
        raise UsageError(f"`{owner}` is not among `owners` in outreach.yaml", hint or "add it")


def _close(
    context: Context, task_id: int, state: TaskState, note: str, interests: Sequence[str] = ()
) -> TaskShown:
    note, by, now = note.strip(), person() or "", context.now()
    if not note:
        raise UsageError("a task ends with a note", "say what came of it: `--note TEXT`")
    if len(note) > LONGEST_NOTE:
        raise UsageError(f"the note has more than {LONGEST_NOTE:,} characters", "shorten it")
    save_rules(context)
    with writing(context.engine) as conn:
        lock_customers(conn, [_task(conn, task_id).customer_id])
        found = _task(conn, task_id)
        if state is TaskState.DONE:
            data = {"task": task_id, "note": note, "by": by}
            event = Event(
                found.customer_id, found.kind.event, now, None, f"outreach:task:{task_id}", data
            )
            add_events(conn, [event], now)
            source = " by ".join(filter(None, (found.kind.event, found.owner or by)))
            learn(conn, [Learnt(found.customer_id, each, source, now) for each in interests], now)
        if not tasks.close(conn, task_id, state, note, by, now):
            raise UsageError(f"task {task_id} is {found.state.value} already", "see `tasks show`")
    if state is TaskState.DONE:
        refresh_touched(context, [found.customer_id])
    return show_task(context, task_id)


def company_zone(context: Context) -> ZoneInfo:
    """The zone of company time."""
    return ZoneInfo(context.company().brand.timezone)


def _task(conn: Connection, task_id: int) -> StoredTask:
    found = tasks.task_with(conn, task_id)
    if found is None:
        raise UsageError(f"there is no task {task_id}", "see `outreach tasks list`")
    return found


def _shown(context: Context, conn: Connection, found: list[StoredTask]) -> list[TaskShown]:
    cards = cards_of(conn, sorted({task.customer_id for task in found}))
    now, zone = context.now(), company_zone(context)
    return [
        TaskShown(task, _urgency(task, now), _reason(task, zone), cards[task.customer_id])
        for task in found
    ]


def cards_of(conn: Connection, ids: Sequence[int]) -> dict[int, Card]:
    """What to know of each of these customers."""
    people, touches = contexts(conn, ids, {}), tasks.last_touches(conn, ids, LAST_TOUCHES)
    return {id_: card_of(people[id_], touches.get(id_, [])) for id_ in ids}


def _reason(task: StoredTask, zone: ZoneInfo) -> str:
    if task.happened_at is None:
        return f"campaign {task.campaign}, run {task.run}"
    return f"{task.cause} of {task.happened_at.astimezone(zone):%Y-%m-%d}"


def _urgency(task: StoredTask, now: datetime) -> str:
    if task.state not in TASKS_AHEAD:
        return ""
    if task.due_at <= now:
        return "overdue"
    return "soon" if task.due_at <= now + SOON else "later"


def card_of(about: Mapping[str, object], touches: list[Touch]) -> Card:
    """The card of a customer whose columns and facts these are."""
    names = (about["first_name"], about["last_name"])
    return Card(
        name=" ".join(str(name) for name in names if name),
        touches=touches,
        **{name: about[name] for name in _OF_CARD},  # type: ignore[arg-type]
    )


_OF_CARD = (
    "email", "phone", "stage", "tier", "orders", "spend", "last_order_at", "interests",
)  # fmt: skip
