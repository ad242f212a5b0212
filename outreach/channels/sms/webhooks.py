"""What Twilio's webhooks say: signed forms, read as values; and TwiML to answer with.

https://www.twilio.com/docs/messaging/guides/webhook-request,
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
"""

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.twiml.messaging_response import MessagingResponse  # type: ignore[import-untyped]

LONGEST = 1_600  # characters of a text (Twilio's limit)
_NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_SID = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a message that we sent; `name` is Twilio's, `code` 0 where there is none."""

    name: str
    status: str
    code: int


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text that came; `opt_out_type`: what Twilio took it for and has answered already."""

    name: str
    sender: str  # as Twilio writes it
    text: str
    opt_out_type: str = ""  # START, STOP, HELP; "" where Twilio leaves opting out to us

    @property
    def is_from_a_person(self) -> bool:
        """Whether it came from a telephone number: short codes and names are machines'."""
        return _NUMBER.fullmatch(self.sender) is not None


class _Form:
    """Fields with every value of each, as Twilio signs them."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields

    def __iter__(self) -> "object":
        return iter(dict(self._fields))

    def __len__(self) -> int:
        return len(self._fields)

    def getlist(self, name: str) -> list[str]:
        return [value for key, value in self._fields if key == name]


def is_signed(auth_token: str, url: str, fields: Fields, signature: str) -> bool:
    """Whether Twilio signed these fields for this address of ours; never without a token.

    https://www.twilio.com/docs/usage/security#validating-requests
    """
    if not auth_token or not signature:
        return False
    # Nearly all are signed for the address as it is; Twilio's own code, which also tries it with and
    # without its port, takes eight times as long.
    said = url + "".join(name + value for name, value in sorted(set(fields)))
    wanted = b64encode(hmac.digest(auth_token.encode(), said.encode(), "sha1"))
    if hmac.compare_digest(wanted, signature.encode()):
        return True
    return bool(RequestValidator(auth_token).validate(url, _Form(fields), signature))


def status_of(form: Mapping[str, str]) -> Status | None:
    """The status that a form tells; None where it tells none."""
    name, status = form.get("MessageSid", ""), form.get("MessageStatus", "").lower()
    code = form.get("ErrorCode", "")
    if not _SID.fullmatch(name) or not status:
        return None
    return Status(name, status, int(code) if re.fullmatch(r"\d{1,6}", code, re.ASCII) else 0)


def inbound_of(form: Mapping[str, str]) -> Inbound | None:
    """The text that a form tells of; None where it tells of none."""
    name, sender = form.get("MessageSid", ""), form.get("From", "")
    if not _SID.fullmatch(name) or not sender:
        return None
    text = form.get("Body", "")[:LONGEST]
    return Inbound(name, sender, text, form.get("OptOutType", "").strip().upper())


def answer(text: str | None) -> str:
    """TwiML that has Twilio send the text to whoever wrote; None: that it sends nothing."""
    twiml = MessagingResponse()
    if text is not None:
        twiml.message(text)
    return str(twiml)
