"""A campaign's message sent to staff, drafts too: marked, and no touch of anybody."""

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.explaining import explain_first
from outreach.app.questions import questions_of
from outreach.app.rulings import ruling_of
from outreach.channels.adapter import Message, Outcome, Task, Text
from outreach.channels.registry import make_adapter
from outreach.decisions.ruling import Ruling
from outreach.dispatch.held import Held
from outreach.dispatch.letters import Signer, add_events, keep_named
from outreach.documents import did_you_mean
from outreach.errors import UsageError
from outreach.planning.plan import in_turn, rows
from outreach.rendering import RenderError, build_context
from outreach.rendering.headers import encode_subject
from outreach.store.customers import by_keys, contexts
from outreach.store.engine import reading, writing
from outreach.vocabulary import Answer, Decision

MARK = "[TEST] "


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How many tests a provider accepted, and why others were not: an address and its fault."""

    sent: int
    faults: tuple[str, ...]


def send_test(
    context: Context, name: str, addresses: Sequence[str], key: str | None = None
) -> Rehearsed:
    """Send testers what the customer `key`, else the first of the audience, would get.

    Of variants each one, named in its mark; of a customer who is asked for theirs, if it is known.
    UsageError where an address is no tester's, or the campaign has no channel or customer for it.
    """
    _check_testers(context, addresses)
    with reading(context.engine) as conn:
        about, ruling, own = _customer(context, conn, name, key)
        customers = contexts(conn, [about], ruling.company.attributes)
        add_events(conn, customers, ruling.compiled, context.now())
        customer = customers[about]
    with writing(context.engine) as conn:
        keep_named(conn, ruling.compiled)
    variants = (own,) if own else ruling.variants or ("",)
    tests = [(address, variant) for address in addresses for variant in variants]
    by_channel: dict[str, list[Message]] = {}
    for number, (address, variant) in enumerate(tests, 1):
        message = _message(context, ruling, customer, address, variant)
        by_channel.setdefault(message.channel, []).append(replace(message, id=-number))
    outcomes: dict[int, Outcome] = {}
    for channel, messages in by_channel.items():
        outcomes |= _hand_over(context, channel, messages)
    faults = [
        f"{address}: {_why(outcomes.get(-number))}"
        for number, (address, _) in enumerate(tests, 1)
        if not _accepted(outcomes.get(-number))
    ]
    return Rehearsed(len(tests) - len(faults), tuple(faults))


def _check_testers(context: Context, addresses: Sequence[str]) -> None:
    known = {each.lower(): each for each in context.company().testers}
    for address in addresses:
        if address.lower() not in known:
            hint = did_you_mean(address, known.values(), listing="there are")
            message = f"`{address}` is not among `testers` in outreach.yaml"
            raise UsageError(message, hint or "add it there")


def _customer(
    context: Context, conn: Connection, name: str, key: str | None
) -> tuple[int, Ruling, str | None]:
    """Whose message it is, what makes it, and the variant of a customer who is asked for."""
    if key is not None:
        load = partial(ruling_of, context, conn, name)
        found, begun = explain_first(context, conn, load, key, ahead=False, rules=False)
        if found.step is None:
            raise UsageError(f"no way of `{name}` has a message for `{key}`", "name somebody else")
        return by_keys(conn, [key])[key], begun.ruling, found.variant
    for question in in_turn(conn, questions_of(context, conn, name, None).questions):
        for _, verdict in rows(conn, question):
            if verdict.decision is not Decision.SKIP:
                return verdict.customer_id, question.ruling, None
    raise UsageError(f"`{name}` would reach nobody", "name a customer with `--as KEY`")


def _message(
    context: Context, ruling: Ruling, customer: dict[str, object], address: str, variant: str
) -> Message:
    channel = "email" if "@" in address else "sms"
    if channel not in ruling.channels:
        raise UsageError(f"the campaign has no {channel} for `{address}`", "name another tester")
    now = context.now()
    keys = [key.get_secret_value() for key in context.environment.secret_keys()]
    held = Held(
        id=0, fence=0, run_id=0, customer_id=0, channel=channel, address=address, locale=None,
        due_at=now, late_at=now, lapses=0, tries=0, resend=False,
    )  # fmt: skip
    signed = Signer(keys, context.public_url).recipient(held, ruling)
    domain = signed.message_id.partition("@")[2]
    recipient = signed._replace(
        unsubscribe_url="",  # no link that could take a yes back
        message_id=f"<test.{secrets.token_hex(12)}@{domain}",
    )
    made = build_context(customer, ruling.company, ruling.campaign, now)
    try:
        message = ruling.compiled.of(variant).render(channel, made, recipient)
        return _marked(message, f"{MARK}({variant}) " if variant else MARK)
    except RenderError as error:
        raise UsageError(f"the message can not be made: {error}", "see `--as KEY`") from error


def _marked(message: Message, mark: str) -> Message:
    if isinstance(message, Task):
        return replace(message, title=mark + message.title)
    if isinstance(message, Text):
        return replace(message, text=mark + message.text)
    head, subject, rest = message.content.partition(b"\r\nSubject: ")
    return replace(message, content=head + subject + encode_subject(mark) + b" " + rest)


def _hand_over(context: Context, channel: str, messages: list[Message]) -> dict[int, Outcome]:
    source = _Tests(messages)
    adapter = make_adapter(channel, context.company(), context.environment)
    try:
        adapter.serve(source)
    finally:
        adapter.close()
    return source.outcomes


class _Tests:
    """A source of a few messages, each given out once."""

    def __init__(self, messages: list[Message]) -> None:
        self._left = messages
        self._all = len(messages)
        self._lock = threading.Lock()
        self.outcomes: dict[int, Outcome] = {}

    def pull(self, most: int, connection: int | None = None) -> Sequence[Message]:  # noqa: ARG002
        with self._lock:
            given, self._left = self._left[:most], self._left[most:]
        return given

    def pull_soon(
        self, most: int, connection: int | None, came: Callable[[Sequence[Message]], None]
    ) -> None:
        came(self.pull(most, connection))

    def report(self, outcome: Outcome) -> None:
        with self._lock:
            self.outcomes[outcome.id] = outcome

    def stopping(self) -> bool:
        with self._lock:
            return len(self.outcomes) == self._all


def _accepted(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.answer is Answer.ACCEPTED


def _why(outcome: Outcome | None) -> str:
    if outcome is None:
        return "not tried: the server can not be used"
    return " ".join(f"{outcome.stage} {outcome.code} {outcome.detail}".split())
