"""The very messages that would go, for one customer or for a few of a plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from outreach.app.context import Context
from outreach.app.planning import question_of
from outreach.app.rulings import ruling_of
from outreach.channels.adapter import Email, Text
from outreach.decisions.candidate import ADDRESS_COLUMN
from outreach.decisions.ruling import Ruling
from outreach.dispatch.held import Held
from outreach.dispatch.letters import Signer
from outreach.errors import UsageError
from outreach.rendering import RenderError, build_context
from outreach.store.customers import by_keys, contexts
from outreach.store.engine import reading

SOME = 3  # messages a channel shown without --customer


@dataclass(frozen=True, slots=True)
class Preview:
    """One rendered message; `problem` says why there is none."""

    key: str
    channel: str
    to: str
    text: str
    problem: str = ""

    @property
    def suffix(self) -> str:
        """The ending of its file."""
        return ".eml" if self.channel == "email" else ".txt"


def preview_campaign(
    context: Context, name: str, key: str | None = None, out: Path | None = None
) -> list[Preview]:
    """The messages for one customer on every channel with an address, or for a few of the plan.

    With `out` they are written into that folder, one file each, as the bytes that would go.
    """
    with reading(context.engine) as conn:
        if key is None:
            found = _of_plan(context, conn, name)
        else:
            customer_id = by_keys(conn, [key]).get(key)
            if customer_id is None:
                raise UsageError(f"there is no customer `{key}`", "name one that was imported")
            ruling = ruling_of(context, conn, name)
            found = _messages(
                context, conn, ruling, [(customer_id, each) for each in ruling.channels]
            )
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for each in found:
            path = out / f"{each.key}.{each.channel}{each.suffix}".replace("/", "_")
            path.write_bytes(each.text.encode())
    return found


def _of_plan(context: Context, conn: Connection, name: str) -> list[Preview]:
    question, _ = question_of(context, conn, name, None)
    rows = question.filled().subquery()
    chosen: list[tuple[int, str]] = []
    for number, channel in enumerate(question.ruling.channels):
        query = select(rows.c.id).where(rows.c.code.is_(None), rows.c.number == number).limit(SOME)
        chosen += [(id_, channel) for id_ in conn.execute(query).scalars()]
    return _messages(context, conn, question.ruling, chosen)


def _messages(
    context: Context, conn: Connection, ruling: Ruling, chosen: Sequence[tuple[int, str]]
) -> list[Preview]:
    keys = [key.get_secret_value() for key in context.environment.secret_keys()]
    signer = Signer(keys, context.environment.public_url or context.company().public_url)
    about = contexts(conn, [id_ for id_, _ in chosen], ruling.company.attributes)
    found = []
    for id_, channel in chosen:
        customer = about[id_]
        address = customer.get(ADDRESS_COLUMN[channel])
        if isinstance(address, str) and address:
            found.append(_message(context, ruling, signer, customer, channel, address))
    return found


def _message(
    context: Context,
    ruling: Ruling,
    signer: Signer,
    customer: dict[str, object],
    channel: str,
    address: str,
) -> Preview:
    now = context.now()
    held = Held(
        id=0, fence=0, run_id=0, customer_id=0, channel=channel, address=address, locale=None,
        due_at=now, late_at=now, lapses=0, tries=0, resend=False,
    )  # fmt: skip
    recipient = signer.recipient(held, ruling)
    made = build_context(customer, ruling.company, ruling.campaign, now)
    key = str(customer["key"])
    try:
        message = ruling.compiled.render(channel, made, recipient)
    except RenderError as error:
        return Preview(key, channel, address, "", str(error))
    return Preview(key, channel, address, _text(message))


def _text(message: Email | Text) -> str:
    return message.text
