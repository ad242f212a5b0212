"""A mailbox that is asked for its mails by IMAP (RFC 3501): those that nobody has seen.

A mail is marked as seen after its commit; what nothing could be made of is flagged too, for a
person to look at. Nothing is deleted.
"""

import imaplib
import re
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

from outreach.errors import SetupError
from outreach.feedback.folder import MOST_AT_ONCE, Take
from outreach.feedback.mail import MOST_BYTES
from outreach.logger import Logger

log = Logger(__name__)
TIMEOUT_SECONDS = 30
_HINT = "is the URL right, and OUTREACH_IMAP_PASSWORD?"
_UID = re.compile(rb"\d+")


class ImapMailbox:
    """The mailbox of an `imaps://user@host/INBOX`; `imap://` is for a server on this machine."""

    def __init__(self, url: str, password: str) -> None:
        parts = urlsplit(url)
        self.name = f"{parts.hostname}:{parts.port or (993 if parts.scheme == 'imaps' else 143)}"
        self._encrypted = parts.scheme == "imaps"
        self._host, self._port = parts.hostname or "", int(self.name.rpartition(":")[2])
        self._user, self._password = unquote(parts.username or ""), password
        self._mailbox = unquote(parts.path.strip("/")) or "INBOX"

    def look(self, take: Take, stop: threading.Event) -> Counter[str]:
        """Take the mails that nobody has seen, in their order; how many of each kind.

        SetupError where the server can not be reached or refuses us.
        """
        found: Counter[str] = Counter()
        with self._connected() as server:
            for uid in _uids(self._asked(server, "SEARCH", "UNSEEN"))[:MOST_AT_ONCE]:
                if stop.is_set():
                    break
                raw = _content(self._asked(server, "FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)"))
                if raw is None:  # gone meanwhile
                    continue
                taken = take(raw)
                found[taken.kind.value] += 1
                flags = r"(\Seen \Flagged)" if taken.is_strange else r"(\Seen)"
                self._asked(server, "STORE", uid, "+FLAGS.SILENT", flags)
        return found

    def check(self) -> None:
        """SetupError where the server can not be reached or refuses us."""
        with self._connected():
            pass

    @contextmanager
    def _connected(self) -> Iterator[imaplib.IMAP4]:
        try:
            server = self._dialled()
            with _left_at_the_end(server):
                self._sign_in(server)
                quoted = self._mailbox.replace("\\", "\\\\").replace('"', '\\"')
                kind, _ = server.select(f'"{quoted}"')
                if kind != "OK":
                    raise SetupError(f"{self.name} has no such mailbox", _HINT)
                yield server
        except imaplib.IMAP4.error as error:  # its words may hold what we said
            kind = type(error).__name__
            raise SetupError(f"{self.name} ended the conversation: {kind}", _HINT) from None
        except (OSError, UnicodeError) as error:
            raise SetupError(
                f"{self.name} can not be reached: {type(error).__name__}", _HINT
            ) from None

    def _sign_in(self, server: imaplib.IMAP4) -> None:
        try:
            server.login(self._user, self._password)
        except imaplib.IMAP4.abort:  # it hung up
            raise
        except imaplib.IMAP4.error:
            raise SetupError(f"{self.name} does not let us sign in", _HINT) from None

    def _dialled(self) -> imaplib.IMAP4:
        if not self._encrypted:
            return imaplib.IMAP4(self._host, self._port, timeout=TIMEOUT_SECONDS)
        trusted = ssl.create_default_context()
        return imaplib.IMAP4_SSL(
            self._host, self._port, ssl_context=trusted, timeout=TIMEOUT_SECONDS
        )

    def _asked(self, server: imaplib.IMAP4, command: str, *words: str) -> list[object]:
        kind, found = server.uid(command, *words)
        if kind != "OK":
            raise SetupError(f"{self.name} refuses {command}", _HINT)
        return list(found)


@contextmanager
def _left_at_the_end(server: imaplib.IMAP4) -> Iterator[None]:
    """Take leave of a server at the end, whether it still listens or not."""
    try:
        yield
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            server.logout()
        with suppress(OSError):  # a logout that fails leaves the socket open
            server.shutdown()


def _uids(answered: list[object]) -> list[str]:
    lines = [line for line in answered if isinstance(line, bytes)]
    return [each.decode() for line in lines for each in _UID.findall(line)]


def _content(answered: list[object]) -> bytes | None:
    """The mail in an answer to FETCH: the literal of the first part that has one."""
    for part in answered:
        if isinstance(part, tuple) and len(part) > 1 and isinstance(part[1], bytes):
            return part[1]
    return None
