"""Who a message goes to, and what of it is signed for them."""

from collections.abc import Callable
from typing import NamedTuple


class Recipient(NamedTuple):
    """What is personal to a delivery besides the context."""

    delivery_id: int
    token: str  # public id of the delivery, for callbacks
    to: str  # normalised address
    unsubscribe_url: str  # https, or http on loopback; "" for none
    message_id: str  # fixed at planning: a repeat carries the same
    return_path: str = ""  # envelope sender of a mail; "": the channel's `from`
    links: str = ""  # where links of it that are counted begin; "": they are not
    seal: Callable[[str], str] | None = None  # signs an address of a link of it
    here: str = ""  # the public URL, "" for none
    pixel: str = ""  # the address of a picture that tells that it was opened; "" for none
