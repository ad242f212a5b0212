"""OUTREACH_SMTP_URL: which server, how it is encrypted, who signs in."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

from outreach.documents import did_you_mean
from outreach.errors import SetupError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
EXAMPLE = "write it as smtp://user:password@host:587?starttls=required, or smtps://…"


class Tls(StrEnum):
    """How a connection becomes private."""

    WHOLE = "whole"  # from the first byte: smtps
    REQUIRED = "required"  # STARTTLS, or nothing is sent
    AUTO = "auto"  # STARTTLS when offered
    NEVER = "never"  # in the clear


@dataclass(frozen=True, slots=True)
class Server:
    """An SMTP server and how to use it."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def place(self) -> str:
        """As people know it: no user, no password."""
        return f"{self.host}:{self.port}"


def parse_smtp_url(url: str) -> Server:
    """The server an OUTREACH_SMTP_URL names; SetupError, without the URL's secrets, when it can't be read.

    Ports: 465 for smtps (RFC 8314), 587 with a user (RFC 6409), else 25. `starttls` is `required`
    where a password would else cross a network in the clear, otherwise `auto`.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        _refuse("it can not be read as a URL")
    if parts.scheme not in ("smtp", "smtps"):
        _refuse("it must begin with smtp:// or smtps://")
    if not host or parts.path.strip("/"):
        _refuse("it must name a host, and no path")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    tls = _tls(parts.scheme, options, plain=not user or host in LOOPBACK)
    standard = 465 if tls is Tls.WHOLE else 587 if user else 25
    return Server(host, port or standard, tls, user, password)


def _tls(scheme: str, options: dict[str, str], *, plain: bool) -> Tls:
    for name in options:
        if name != "starttls":
            _refuse(f"unknown option `{name}`", did_you_mean(name, ["starttls"]) or EXAMPLE)
    written = options.get("starttls")
    if scheme == "smtps":
        return Tls.WHOLE if written is None else _refuse("smtps has no starttls")
    if written is None:
        return Tls.AUTO if plain else Tls.REQUIRED
    if written not in (Tls.REQUIRED, Tls.AUTO, Tls.NEVER):
        _refuse(f"starttls is required, auto or never, not `{written}`")
    return Tls(written)


def _refuse(why: str, hint: str = EXAMPLE) -> NoReturn:
    # From nothing: what went before may quote the URL, and with it the password.
    raise SetupError(f"OUTREACH_SMTP_URL is not usable: {why}", hint) from None
