"""What the public pages and webhooks can do: each one use case, by the token of a message."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import Engine

from outreach import tokens
from outreach.app.context import Context
from outreach.app.project import save_rules
from outreach.app.stages import refresh_touched
from outreach.campaign.project import ProjectFiles
from outreach.channels.sms.webhooks import Inbound
from outreach.clock import Clock, Instants, SystemClock
from outreach.decisions.loading import present_company
from outreach.errors import SetupError
from outreach.feedback import following, one_click, readers, texts
from outreach.feedback.following import Followed
from outreach.feedback.keywords import Keyword
from outreach.feedback.one_click import OneClick, Pending
from outreach.feedback.preferences import Filled, Preferences, change, preferences
from outreach.feedback.texts import Text
from outreach.feedback.words import Words, words_for
from outreach.settings.company import ChannelSettings, Company
from outreach.settings.company_file import COMPANY_FILE
from outreach.store.engine import reading, writing
from outreach.store.hosted import Picture, picture_named
from outreach.store.opt_outs import Addressed, addressed
from outreach.store.reactions import Reaction
from outreach.store.receipts import Receipt, receive
from outreach.store.revisions import company_digest, company_files
from outreach.tokens import Purpose

_KEYWORDS = {"STOP": Keyword.STOP, "START": Keyword.START, "HELP": Keyword.HELP}
RULES_SECONDS = 2.0  # a change of outreach.yaml is seen so long after it is in the database


@dataclass(slots=True)
class Rules:
    """The company's rules in force, looked at again every two seconds."""

    engine: Engine
    _known: Company | None = None
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> Company:
        """The rules; any thread may ask."""
        with self._lock:
            if self._known is None or time.monotonic() >= self._until:
                with reading(self.engine) as conn:
                    self._known = present_company(conn)
                self._until = time.monotonic() + RULES_SECONDS
            return self._known


@dataclass(frozen=True, slots=True)
class Site:
    """The project as its public pages see it; `keys` verify tokens, the newest first."""

    engine: Engine
    clock: Clock
    keys: Sequence[str]
    rules: Rules
    public_url: str = ""
    twilio_token: str = ""  # "" where webhooks can not be told from forgeries
    refresh: Callable[[Sequence[int]], None] = lambda _: None  # facts of customers who were heard

    def delivery_of(self, token: str, purpose: Purpose = Purpose.UNSUBSCRIBE) -> int | None:
        """The delivery that a token names; None for one that we did not make."""
        return tokens.verify(self.keys, purpose, token)

    def proof_of_keys(self) -> str:
        """Shows whoever has the keys that this is their site; says nothing to others."""
        return tokens.sign(self.keys, Purpose.SITE, 0)

    def unsubscribe(self, asked: Sequence[OneClick]) -> list[Pending]:
        """Write down who wants no more: many in one transaction; what to wait for, for each."""
        found = one_click.unsubscribe(self.engine, asked, self.clock.now())
        self.rules()  # for the answers, which are written where nobody may wait
        return found

    def begun(self, pending: Pending) -> None:
        """Return when no message against what was written down begins any more."""
        one_click.begun(self.engine, pending)

    def link(self, token: str, name: str, to: str) -> Followed | None:
        """Where a link leads: only to what a message of ours said; None: nowhere."""
        return following.follow(self.engine, self.keys, token, name, to)

    def picture(self, name: str) -> Picture | None:
        """A picture that mails fetch."""
        if not name.isascii():
            return None
        with reading(self.engine) as conn:
            return picture_named(conn, name)

    def reacted(self, came: Sequence[Reaction]) -> None:
        """Keep what readers and machines did with messages, many at once."""
        at = Instants(self.clock.now(), SystemClock().now())
        with writing(self.engine) as conn:
            customers = readers.take(conn, came, at)
        if customers:
            self.refresh(customers)

    def words(self, wishes: Sequence[str | None]) -> Words:
        """The words in the first language of the wishes that there is."""
        return words_for(wishes, self.rules())

    def preferences(self, delivery_id: int | None) -> "Shown":
        """What the reader of a message gets now."""
        now = self.clock.now()
        with reading(self.engine) as conn:
            of = _addressed(addressed(conn, _ids(delivery_id)), delivery_id)
            found = preferences(conn, self.rules(), of, now)
        titles, topics = self._titles(), self.rules().topics.items()
        as_needed = [titles[name] for name, topic in topics if topic.transactional]
        return Shown(found, titles, as_needed, None if of is None else of.locale, now)

    def change(self, delivery_id: int | None, filled: Filled, words: Words, agent: str) -> None:
        """Record what a reader changed; returns when no message against it begins any more."""
        company, now = self.rules(), self.clock.now()
        with writing(self.engine) as conn:
            of = _addressed(addressed(conn, _ids(delivery_id)), delivery_id)
            if of is None:
                return
            version = words.version(*self._titles().values())
            against = change(conn, company, of, filled, now, version=version, agent=agent)
        for pending in one_click.still_begun(self.engine, against):
            self.begun(pending)

    def receive(self, said: Sequence[Receipt]) -> list[None]:
        """Take what a provider says of messages, many at once."""
        at = Instants(self.clock.now(), SystemClock().now())
        with writing(self.engine) as conn:
            receive(conn, said, at)
        return [None] * len(said)

    def text_came(self, provider: str, came: Inbound) -> str | None:
        """Do what a text asks for; what to answer, None for nothing.

        Returns when no message against it begins any more.
        """
        company = self.rules()
        own = company.channels.get(texts.CHANNEL, ChannelSettings()).sender
        if not came.is_from_a_person or came.sender == own:
            return None  # a machine: it is never answered, and no customer
        keyword = _KEYWORDS.get(came.opt_out_type)
        text = Text(provider, came.name, came.sender, came.text, keyword, keyword is not None)
        with writing(self.engine) as conn:
            followed = texts.take(conn, company, text, self.clock.now())
        for pending in one_click.still_begun(self.engine, followed.against):
            self.begun(pending)
        if followed.replied:
            self.refresh(followed.replied)
        answer = followed.answer
        return None if answer is None else words_for([followed.locale], company)[answer]

    def _titles(self) -> dict[str, str]:
        return {name: topic.title or name for name, topic in self.rules().topics.items()}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a preference page shows; `locale` is that of the message, if it is known.

    `as_needed`: titles of the topics that need no yes and are not chosen there (COMPLIANCE 10
    speaks of marketing, 12 of what somebody said yes to).
    """

    preferences: Preferences
    titles: Mapping[str, str]
    as_needed: Sequence[str]
    locale: str | None
    at: datetime


def open_site(context: Context) -> Site:
    """The site of a project, or of a database whose rules somebody else keeps.

    SetupError where there are no rules yet, or no keys.
    """
    if COMPANY_FILE in context.files.contents:
        save_rules(context)
    environment = context.environment
    with reading(context.engine) as conn:
        if company_digest(conn) is None:
            message = "the database holds no company rules yet"
            raise SetupError(message, "start `outreach scheduler` in the project's folder first")
    rules = Rules(context.engine)
    token = environment.twilio_auth_token
    return Site(
        context.engine,
        context.clock,
        [key.get_secret_value() for key in environment.secret_keys()],
        rules,
        environment.public_url or rules().public_url,
        "" if token is None else token.get_secret_value(),
        partial(_refresh, context),
    )


def _refresh(context: Context, customer_ids: Sequence[int]) -> None:
    """Bring facts and stages up to date by the rules in the database."""
    with reading(context.engine) as conn:
        files = ProjectFiles(company_files(conn))
    refresh_touched(context.with_files(files), customer_ids)


def _ids(delivery_id: int | None) -> list[int]:
    return [] if delivery_id is None else [delivery_id]


def _addressed(known: Mapping[int, Addressed], delivery_id: int | None) -> Addressed | None:
    return None if delivery_id is None else known.get(delivery_id)
