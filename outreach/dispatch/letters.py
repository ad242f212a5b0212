"""The project's own rulebook: its chain of rules, and its templates filled for each customer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine

from outreach import tokens
from outreach.channels.email.return_path import return_path
from outreach.decisions.recheck import recheck
from outreach.decisions.ruling import Ruling
from outreach.decisions.verdict import Verdict
from outreach.dispatch.held import Held, Ready
from outreach.logger import Logger
from outreach.rendering.compiled import Compiled
from outreach.rendering.happened import EVENTS, STARTED, Happened
from outreach.rendering.links import CLICKED, OPENED, Tracking
from outreach.rendering.recipient import Recipient
from outreach.rendering.refusal import RenderError
from outreach.settings.company import ChannelSettings
from outreach.store.customers import contexts
from outreach.store.engine import reading, writing
from outreach.store.hosted import Picture, save_pictures
from outreach.store.latest_events import latest_events, starting_events
from outreach.store.reactions import save_links
from outreach.tokens import Purpose

log = Logger(__name__)
_NOTHING_SET = ChannelSettings()
_NOT_TRACKED = Tracking()


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes what is personal to a delivery; `keys` newest first, `public_url` may be empty."""

    keys: Sequence[str]
    public_url: str

    def recipient(self, held: Held, ruling: Ruling) -> Recipient:
        """The recipient of a delivery: the same each time, so a repeat has the same Message-ID."""
        return self.stationery(ruling).recipient(held)

    def stationery(self, ruling: Ruling) -> "Stationery":
        """What the recipients of one campaign have in common."""
        mail = ruling.company.channels.get("email") or _NOTHING_SET
        here = self.public_url.rstrip("/")
        url = f"{here}/u/" if here and not ruling.topic.transactional else ""
        tracked = {name: ruling.compiled.tracking(name) for name in ruling.compiled.channels}
        return Stationery(self.keys, url, _domain(mail.sender), mail.bounces, here, tracked)


@dataclass(frozen=True, slots=True)
class Stationery:
    """What makes recipients: keys, the address of unsubscribing, domain of Message-IDs, bounces.

    `here` is the public URL, "" for none; `tracked` what is counted of each channel's messages.
    """

    keys: Sequence[str]
    unsubscribe_at: str  # before the token; "" for no such link
    domain: str
    bounces: str
    here: str
    tracked: Mapping[str, Tracking]

    def recipient(self, held: Held) -> Recipient:
        """The recipient of a delivery."""
        keys, id_, bounces = self.keys, held.id, self.bounces
        url = self.unsubscribe_at
        token = tokens.sign(keys, Purpose.CALLBACK, id_) if held.channel == "sms" else ""
        path = return_path(bounces, tokens.sign(keys, Purpose.BOUNCE, id_)) if bounces else ""
        tracking = self.tracked.get(held.channel, _NOT_TRACKED) if self.here else _NOT_TRACKED
        clicked = opened = ""
        if tracking.links:
            clicked = f"{self.here}{CLICKED}{tokens.sign_short(keys, Purpose.CLICK, id_)}/"
        if tracking.opens:
            opened = f"{self.here}{OPENED}{tokens.sign_short(keys, Purpose.OPEN, id_)}.gif"
        return Recipient(
            delivery_id=id_,
            token=token,
            to=held.address,
            unsubscribe_url=f"{url}{tokens.sign(keys, Purpose.UNSUBSCRIBE, id_)}" if url else "",
            message_id=f"<{tokens.sign(keys, Purpose.MESSAGE, id_)}@{self.domain}>",
            return_path=path,
            links=clicked,
            seal=tokens.Sealer(keys[0], id_) if clicked else None,
            here=self.here,
            pixel=opened,
        )


@dataclass(frozen=True, slots=True)
class ProjectRulebook:
    """The rulebook of the project in the database; `load` gives a revision's ruling, cached."""

    load: Callable[[Connection, int, str | None], Ruling]
    signer: Signer
    named: set[str] = field(default_factory=set)  # links and pictures that are in the database

    def ruling(self, conn: Connection, revision_id: int, step: str | None = None) -> Ruling:
        """What decides about one message of a campaign's revision, with the present rules."""
        return self.load(conn, revision_id, step)

    def recheck(
        self,
        conn: Connection,
        ruling: Ruling,
        run_id: int,
        run_at: datetime,
        delivery_ids: Sequence[int],
        now: datetime,
    ) -> Mapping[int, Verdict]:
        """The chain's present verdict on each delivery, by id."""
        return recheck(conn, ruling, run_id, run_at, delivery_ids, now)

    def write(
        self, engine: Engine, ruling: Ruling, held: Sequence[Held], now: datetime
    ) -> list[Ready]:
        """The messages of claimed deliveries; what can not be rendered is told and left out."""
        ids = [one.customer_id for one in held]
        compiled, own = ruling.compiled, [one.id for one in held]
        with reading(engine) as conn:
            customers = contexts(
                conn, ids, ruling.company.attributes, own,
                names=compiled.names, dates=bool(compiled.dates),
            )  # fmt: skip
            add_events(conn, customers, compiled, now, own)
        if not self.named.issuperset(compiled.named):
            # no message goes out with a link that leads nowhere
            with writing(engine) as conn:
                keep_named(conn, compiled)
            self.named.update(compiled.named)
        stationery = self.signer.stationery(ruling)
        letters = (
            _letter(compiled, stationery, one, customers.get(one.customer_id), now) for one in held
        )
        return [one for one in letters if one is not None]


def add_events(
    conn: Connection,
    customers: dict[int, dict[str, Any]],
    compiled: Compiled,
    now: datetime,
    delivery_ids: Sequence[int] | None = None,
) -> None:
    """Add the events that templates look at to what is known of customers.

    `event` is what started the campaign, by the deliveries; without these each customer's latest
    of the kind.
    """
    kind, wanted = compiled.starter, dict(compiled.events)
    if kind is not None and delivery_ids is None:
        wanted[kind] = max(1, wanted.get(kind, 0))
    found = latest_events(conn, customers, wanted, now) if wanted else {}
    if compiled.events:
        for id_, known in customers.items():
            known[EVENTS] = {
                kind: [Happened(*each) for each in latest]
                for kind, latest in found.get(id_, {}).items()
            }
    if kind is None:
        return
    if delivery_ids is None:
        began = {id_: kinds[kind][0] for id_, kinds in found.items() if kind in kinds}
    else:
        began = starting_events(conn, delivery_ids)
    for id_, known in customers.items():
        known[STARTED] = Happened(*began[id_], kind) if id_ in began else None


def keep_named(conn: Connection, compiled: Compiled) -> None:
    """Keep what messages only name: where their links lead, the pictures they fetch."""
    if compiled.addresses:
        save_links(conn, compiled.addresses)
    if compiled.hosted:
        found = compiled.hosted.items()
        save_pictures(conn, {name: Picture(one.media_type, one.content) for name, one in found})


def _letter(
    compiled: Compiled,
    stationery: Stationery,
    held: Held,
    customer: Mapping[str, object] | None,
    now: datetime,
) -> Ready | None:
    if customer is None:
        return None
    try:
        recipient = stationery.recipient(held)
        context = compiled.context(customer, now)
        message = compiled.of(held.variant).render(held.channel, context, recipient)
    except RenderError as error:
        log.warning("not rendered", delivery=held.id, run=held.run_id, why=str(error))
        return None
    except Exception as error:  # one template's fault is not its neighbours'
        log.error("not rendered", delivery=held.id, run=held.run_id, error=type(error).__name__)
        return None
    return Ready(held, message, recipient.message_id)


@lru_cache(maxsize=64)
def _domain(sender: str) -> str:
    """The domain of the company's mails, for Message-IDs (RFC 5322 3.6.4)."""
    domain = parseaddr(sender)[1].rpartition("@")[2]
    return domain.lower() if domain.isascii() and domain else "outreach.invalid"
