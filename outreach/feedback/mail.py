"""A mail of a stranger as something to ask: any bytes are read, none raises.

The standard library's older policy is used (compat32): the newer one raises for headers that are
malformed.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, message_from_string
from email.errors import MessageError
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parseaddr, parsedate_to_datetime

MOST_BYTES = 1024 * 1024  # read of one mail; a report stands before the mail that it returns
MOST_MULTIPARTS = 50  # each level of nesting makes reading every line dearer
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FAULTS = (  # what the standard library raises for mails that are made to be hard to read
    MessageError, ValueError, LookupError, TypeError, AttributeError, OverflowError,
    RecursionError,
)  # fmt: skip
_MESSAGE_ID = re.compile(r"<([^<>@\s]{1,200})@[^<>@\s]{1,255}>")


def read_mail(raw: bytes) -> Message | None:
    """The mail in these bytes, only the first `MOST_BYTES` of them; None where it is none."""
    raw = raw[:MOST_BYTES]
    if raw.lower().count(b"multipart/") > MOST_MULTIPARTS:
        return None
    try:
        found = message_from_bytes(raw, policy=compat32)
    except FAULTS:
        return None
    return found if len(found) else None


def read_text(text: str) -> Message:
    """The fields, or the mail, in a part's text; an empty one where it can not be read."""
    try:
        return message_from_string(text.lstrip())
    except FAULTS:
        return Message()


def header(part: Message, name: str) -> str:
    """A header as one line of text, its comments too; empty where there is none."""
    return next(iter(headers(part, name)), "")


def headers(part: Message, name: str) -> list[str]:
    """All headers of a name, the topmost first; raw bytes are read as UTF-8 (RFC 6532)."""
    written = [value for each, value in part.raw_items() if each.lower() == name.lower()]
    raw = [str(value).encode("utf-8", "surrogateescape") for value in written]
    return [" ".join(each.decode("utf-8", "replace").split()) for each in raw]


def addresses(part: Message, *names: str) -> list[str]:
    """The addresses in headers of these names, in order; none of a line that can not be read."""
    return [
        address
        for name in names
        for line in headers(part, name)
        for address in _addresses_in(line)
        if "@" in address
    ]


def _addresses_in(line: str) -> list[str]:
    try:
        return [address for _, address in getaddresses([line])]
    except FAULTS:
        return []


def sender(part: Message) -> str:
    """The address in From, in lower case; empty where there is none."""
    try:
        return parseaddr(header(part, "From"))[1].lower()
    except FAULTS:
        return ""


def parts_of(message: Message, *types: str) -> Iterator[Message]:
    """The parts of these types, such as `message/delivery-status`, in order.

    What a returned mail holds is left out: it is not what this mail says.
    """
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        if part.get_content_type() in types:
            yield part
        elif part.get_content_maintype() == "multipart":
            waiting[:0] = children(part)


def children(part: Message) -> list[Message]:
    """What stands directly inside a part."""
    # Asked only then: the text of other parts is decoded by the charset that they claim to have.
    payload = part.get_payload() if part.is_multipart() else []
    return [each for each in payload if isinstance(each, Message)]


def words(part: Message, most: int = 20_000) -> str:
    """The text of a part that has no parts of its own, whatever its character set claims to be."""
    try:
        payload = part.get_payload(decode=True)
    except FAULTS:
        return ""
    if not isinstance(payload, bytes):
        return ""
    return payload[:most].decode("utf-8", "replace")


def message_ids(part: Message, *names: str) -> list[str]:
    """What stands before the @ of the message ids in headers of these names, in order."""
    lines = [line for name in names for line in headers(part, name)]
    return [each for line in lines for each in _MESSAGE_ID.findall(line)]


def dated(message: Message) -> datetime | None:
    """When a mail says that it was written, aware UTC; None where that can not be."""
    try:
        at = parsedate_to_datetime(header(message, "Date"))
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except FAULTS:
        return None
    return at if at >= EARLIEST else None
