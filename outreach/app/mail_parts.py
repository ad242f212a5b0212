"""A rendered mail taken apart again: its text, its page, what it carries."""

from base64 import b64encode
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage

from outreach.rendering.assets import HOSTED, Asset


def parsed(content: str | bytes) -> EmailMessage:
    """The mail of these bytes, or of the same as text."""
    content = content.encode() if isinstance(content, str) else content
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def html_of(mail: EmailMessage) -> str:
    """Its HTML part; empty where it has none."""
    part = mail.get_body(("html",))
    return "" if part is None else str(part.get_content())


def page_of(mail: EmailMessage, hosted: Mapping[str, Asset], public_url: str) -> str:
    """Its HTML as a page of its own: with the pictures in it that it carries or has at ours.

    `hosted` by name are those that are fetched below the public URL, once a message has gone.
    """
    html = html_of(mail)
    for name, asset in hosted.items():
        html = html.replace(f"{public_url}{HOSTED}{name}", _data(asset.media_type, asset.content))
    for part in mail.walk() if "cid:" in html else ():
        if content_id := part.get("Content-ID"):
            address = _data(part.get_content_type(), _bytes(part))
            html = html.replace(f"cid:{str(content_id).strip('<>')}", address)
    return html


def attached_to(mail: EmailMessage) -> dict[str, int]:
    """The files it carries besides its page's pictures, by name with their sizes in bytes."""
    return {part.get_filename() or "": len(_bytes(part)) for part in mail.iter_attachments()}


def _bytes(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _data(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{b64encode(content).decode()}"
