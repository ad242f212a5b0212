"""A Celery task for each customer: `celery -A bench.peers.celery_kept worker --concurrency 2`.

The prefork pool, which its documentation recommends to start from, results that nobody reads off,
and as many prefetched tasks as its guide to optimizing says for short ones. Run as a program it
enqueues everyone of PEERS_RECIPIENTS.
"""

from celery import Celery
from celery.signals import worker_ready

from bench.peers import mail
from bench.peers.recipients import recipients

app = Celery("bench", broker=mail.BROKER_URL)
app.conf.task_ignore_result = True
app.conf.worker_prefetch_multiplier = 64
app.conf.broker_connection_retry_on_startup = True


@app.task(name="send_mail")
def send_mail(number: int) -> None:
    """Send one customer their mail."""
    mail.send(number)


@worker_ready.connect
def say_ready(**_: object) -> None:
    """Tell who waits for it that tasks are taken from now on."""
    print("worker ready", flush=True)


if __name__ == "__main__":
    for each in recipients():
        send_mail.delay(each["number"])
