"""A Dramatiq actor for each customer: `dramatiq bench.peers.dramatiq_kept --processes 2`.

The Redis broker, its middleware, its retries and its threads as they are. Run as a program it
enqueues everyone of PEERS_RECIPIENTS.
"""

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.peers import mail
from bench.peers.recipients import recipients

dramatiq.set_broker(RedisBroker(url=mail.BROKER_URL))  # type: ignore[no-untyped-call]


@dramatiq.actor(actor_name="send_mail")
def send_mail(number: int) -> None:
    """Send one customer their mail."""
    mail.send(number)


if __name__ == "__main__":
    for each in recipients():
        send_mail.send(each["number"])
