"""A text message from what its template says: one signature, no control characters."""

import re

from outreach.channels.adapter import Text
from outreach.rendering.recipient import Recipient
from outreach.rendering.refusal import RenderError
from outreach.settings.company import ChannelSettings, Company

_LONGEST = 1600  # characters, Twilio's limit for a body
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]+")


def text_message(company: Company, rendered: str, recipient: Recipient) -> Text:
    """The message; RenderError where nothing is left of it, or it is too long."""
    settings = company.channels.get("sms", ChannelSettings())
    text = _CONTROLS.sub("", rendered).strip()
    if not text:
        raise RenderError("the text is empty")
    text = _signed(text, settings.signature)
    if len(text) > _LONGEST:
        raise RenderError(f"the text has more than {_LONGEST:,} characters")
    sender = settings.sender or settings.messaging_service
    return Text(recipient.delivery_id, recipient.to, sender, text, recipient.token)


def _signed(text: str, signature: str) -> str:
    """The text with the company's signature, in front if it is written 【so】, as China asks."""
    if not signature or signature in text:
        return text
    return f"{signature}{text}" if signature.startswith("【") else f"{text} {signature}"
