"""What comes back by mail: taken one by one, or where outreach.yaml says that they arrive."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from outreach.app.context import Context
from outreach.app.stages import refresh_touched
from outreach.channels.adapter import Check
from outreach.channels.email.server import parse_smtp_url
from outreach.clock import Instants, SystemClock
from outreach.errors import OutreachError, SetupError, UsageError
from outreach.feedback.folder import Folder
from outreach.feedback.imap import ImapMailbox
from outreach.feedback.notice import Kind
from outreach.feedback.origin import Seal
from outreach.feedback.taking import Mailroom, Taken
from outreach.logger import Logger
from outreach.settings.company import ChannelSettings
from outreach.settings.environment import Environment
from outreach.settings.feedback_file import parse_imap_url

log = Logger(__name__)
FOLDER_SECONDS = 1.0  # between two looks
IMAP_SECONDS = 60.0  # servers frown upon more
AWAY_SECONDS = 60.0  # a place that can not be used is tried again
Source = Folder | ImapMailbox


def mail_settings(context: Context) -> ChannelSettings:
    """How the channel email is set up."""
    return context.company().channels.get("email", ChannelSettings())


def take_mail(context: Context, raw: bytes, recipient: str | None = None) -> Taken:
    """Take one mail; a reply's customer has its facts and stages brought up to date.

    `recipient` is the envelope's, where it is known.
    """
    keys = [key.get_secret_value() for key in context.environment.secret_keys()]
    settings = mail_settings(context)
    seal = Seal(keys, settings.bounces)
    room = Mailroom(context.engine, seal, settings, _server(context.environment))
    taken = room.take(raw, Instants(context.now(), SystemClock().now()), recipient)
    if taken.customer is not None:
        refresh_touched(context, [taken.customer])
    return taken


def _server(environment: Environment) -> str:
    url = environment.smtp_url
    return "the mail server" if url is None else parse_smtp_url(url.get_secret_value()).place


def source_at(context: Context, where: str) -> Source:
    """The folder or mailbox that somebody names; UsageError or SetupError where it can not be."""
    if "://" not in where:
        return Folder(context.project / Path(where))
    try:
        url = parse_imap_url(where)
    except ValueError as error:
        raise UsageError(str(error), "name a folder, or `imaps://user@host/INBOX`") from None
    password = context.environment.imap_password
    if password is None:
        raise SetupError("OUTREACH_IMAP_PASSWORD is unset", "set it in the environment or in .env")
    return ImapMailbox(url, password.get_secret_value())


def source_of(context: Context) -> Source | None:
    """Where outreach.yaml says that mails come back; None: nowhere."""
    feedback = mail_settings(context).feedback
    where = feedback.maildir or feedback.imap
    return source_at(context, where) if where else None


def feedback_checks(context: Context) -> Iterator[Check]:
    """What `outreach doctor` says of the place where mails come back, if there is one."""
    try:
        source = source_of(context)
        if source is not None:
            source.check()
            yield Check("feedback", True, f"mails come back to {source.name}")
    except OutreachError as error:
        yield Check("feedback", False, f"{error.message}; {error.hint}")


class Watch:
    """Looks again and again where mails come back; what goes wrong is told once, and tried later."""

    def __init__(self, context: Callable[[], Context], where: str | None = None) -> None:
        """`context` gives the project as it stands at each look; `where` None: what it says."""
        self._context = context
        self._where = where
        self._told = ""
        self.taken: Counter[str] = Counter()  # mails of each kind

    def keep_looking(self, stop: threading.Event) -> None:
        """Look until `stop` is set."""
        while not stop.wait(self.once(stop)):
            pass

    def look(self, stop: threading.Event) -> float:
        """Take what has come; seconds until the next look.

        SetupError where the place can not be looked at; a database's error leaves the mail there.
        """
        context = self._context()
        source = source_of(context) if self._where is None else source_at(context, self._where)
        if source is None:
            return FOLDER_SECONDS
        found = source.look(lambda raw: _take(context, raw), stop)
        if found:
            log.info("mails taken", **found)
        self.taken += found
        return FOLDER_SECONDS if isinstance(source, Folder) else IMAP_SECONDS

    def once(self, stop: threading.Event) -> float:
        """Look once, as `look` does, and raise nothing."""
        try:
            seconds = self.look(stop)
        except OutreachError as error:
            self._tell(error.message)
            return AWAY_SECONDS
        except SQLAlchemyError as error:  # the mail is still there
            self._tell(type(error).__name__)
            return FOLDER_SECONDS
        except Exception:
            log.exception("mails can not be taken")
            return AWAY_SECONDS
        self._told = ""
        return seconds

    def _tell(self, why: str) -> None:
        if why != self._told:
            log.error("mails can not be taken", why=why)
        self._told = why


def _take(context: Context, raw: bytes) -> Taken:
    """Take a mail; one that a fault of ours can not digest does not stop those behind it."""
    try:
        return take_mail(context, raw)
    except (OutreachError, SQLAlchemyError):
        raise
    except Exception:
        log.exception("mail can not be taken")
        return Taken(Kind.UNREADABLE)


@contextmanager
def watched(context: Callable[[], Context], stop: threading.Event) -> Iterator[None]:
    """Within it, mails that come back are taken by a thread of their own; `stop` ends it."""
    with ThreadPoolExecutor(1, "feedback") as pool:
        pool.submit(Watch(context).keep_looking, stop)
        try:
            yield
        finally:
            stop.set()
