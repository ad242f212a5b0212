"""What Twilio's answer to a message means."""

from outreach.vocabulary import Answer, Fault, ReceiptKind

Meaning = tuple[Answer, Fault]

ACCEPTED: Meaning = (Answer.ACCEPTED, Fault.NONE)
UNKNOWN: Meaning = (Answer.UNKNOWN, Fault.NONE)
UNREACHABLE: Meaning = (Answer.UNREACHABLE, Fault.TEMPORARY)
LATER: Meaning = (Answer.RETRY, Fault.TEMPORARY)
NOT_NOW: Meaning = (Answer.RETRY, Fault.MAILBOX)  # the handset, not the number
OURS: Meaning = (Answer.RETRY, Fault.CHANNEL)  # goes out once the channel is mended
NO_ADDRESS: Meaning = (Answer.REJECTED, Fault.ADDRESS)
POLICY: Meaning = (Answer.REJECTED, Fault.POLICY)
CONTENT: Meaning = (Answer.REJECTED, Fault.CONTENT)
OPTED_OUT: Meaning = (Answer.REJECTED, Fault.OPTED_OUT)

# https://www.twilio.com/docs/api/errors/<code>
_BY_CODE: dict[int, Meaning] = {
    10001: OURS,  # the account is not active
    14107: LATER,  # send rate exceeded
    20003: OURS,  # wrong credentials
    20404: OURS,  # no such account under this base URL
    20429: LATER,  # too many requests
    21211: NO_ADDRESS,  # `To` is not a phone number
    21212: OURS,  # `From` is not a phone number
    21265: NO_ADDRESS,  # `To` is a short code
    21408: POLICY,  # this country is not enabled: others are
    21602: CONTENT,  # no text
    21603: OURS,  # no `From`
    21606: OURS,  # `From` can not send messages
    21608: OURS,  # a trial account writes to verified numbers only
    21609: OURS,  # StatusCallback is not a URL Twilio can call: the public URL is wrong
    21610: OPTED_OUT,
    21611: LATER,  # the queue of this `From` is full
    21612: POLICY,  # this `From` can not reach this `To`
    21614: NO_ADDRESS,  # `To` is not a mobile number
    21617: CONTENT,  # longer than 1,600 characters
    21635: NO_ADDRESS,  # `To` is a landline
    21659: OURS,  # `From` is not a Twilio number
    21660: OURS,  # `From` belongs to another account
    21661: OURS,  # `From` can not send SMS
    21703: OURS,  # the messaging service has no sender
    30001: LATER,  # the queue overflowed
    30002: OURS,  # the account is suspended
    30003: NOT_NOW,  # handset off or out of reach
    30005: NO_ADDRESS,  # unknown handset
    30006: NO_ADDRESS,  # landline or unreachable carrier
    30007: CONTENT,  # filtered: never the same text again
    30034: OURS,  # A2P 10DLC: `From` is not registered
    63038: OURS,  # the account's daily limit is reached
}

_BY_STATUS: dict[int, Meaning] = {401: OURS, 403: OURS, 404: OURS, 408: LATER, 429: LATER}


def classify(status: int, code: int) -> Meaning:
    """What a complete answer means: HTTP `status`, and Twilio's `code` (0 when there is none).

    A 5xx to a POST leaves open whether the message was taken (GUARANTEES «What an
    answer means»). A 4xx nobody knows fails this message and suppresses nobody.
    """
    if 200 <= status <= 299:
        return ACCEPTED
    if status >= 500:
        return UNKNOWN
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status < 400:  # a redirect: OUTREACH_TWILIO_API_BASE is not Twilio's API
        return OURS
    return _BY_STATUS.get(status, POLICY)


# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
_ON_ITS_WAY = ("accepted", "scheduled", "queued", "sending", "sent")
_ARRIVED = ("delivered", "read")
_NOT_ARRIVED = ("undelivered", "failed", "canceled")


def said_later(status: str, code: int) -> tuple[ReceiptKind, bool] | None:
    """What a message's status says of it, and whether its number does not exist.

    `code` is 0 where there is none. None: a status that says nothing of a message that we sent.
    """
    if status in _ARRIVED:
        return ReceiptKind.DELIVERED, False
    if status in _ON_ITS_WAY:
        return ReceiptKind.SENT, False
    if status not in _NOT_ARRIVED:
        return None
    gone = classify(400, code) == NO_ADDRESS
    return (ReceiptKind.BOUNCED if gone else ReceiptKind.FAILED), gone
