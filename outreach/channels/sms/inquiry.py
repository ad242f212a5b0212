"""What Twilio's list of messages says of those whose answer was never read.

https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]

from outreach.channels.adapter import Listed, Sought, Text
from outreach.channels.sms.answers import said_later
from outreach.channels.sms.api import AnswerLostError, Api, Kept, NotWrittenError
from outreach.logger import Logger
from outreach.vocabulary import ReceiptKind

log = Logger("outreach.channels.twilio")
YOUNG = timedelta(seconds=60)
_NOT_REACHED = (ReceiptKind.BOUNCED, ReceiptKind.FAILED)


async def ask(api: Api, sought: Sequence[Sought]) -> list[Listed]:
    """Where each of the messages is listed; one question for each."""
    asked = [(one.message, one.since) for one in sought if isinstance(one.message, Text)]
    found = await asyncio.gather(*(_ask(api, message, since) for message, since in asked))
    return [listed for each in found for listed in each]


async def _ask(api: Api, message: Text, since: datetime) -> list[Listed]:
    try:
        kept = await api.listed(message.to, since)
    except (NotWrittenError, AnswerLostError, TwilioException) as error:
        log.warning("twilio_not_asked", delivery=message.id, error=type(error).__name__)
        return []
    before = datetime.now(UTC) - YOUNG
    return [
        _listed(message.id, one) for one in kept if one.text == message.text and one.at < before
    ]


def _listed(id_: int, one: Kept) -> Listed:
    kind, hard = said_later(one.status, one.code) or (ReceiptKind.SENT, False)
    code = str(one.code) if one.code and kind in _NOT_REACHED else ""
    return Listed(id_, kind, one.sid, one.at, code, hard=hard)
