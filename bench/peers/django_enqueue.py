"""Puts a mail to everyone of PEERS_RECIPIENTS into post_office's queue, from one template.

By `send_many` in batches, as its documentation says for many, to be rendered when it is sent.
"""

from itertools import islice
from typing import Any

import django
from django.core.management import call_command

from bench.peers.recipients import recipients
from bench.send.project import BRAND, HTML, SENDER, SUBJECT, TEXT

BATCH = 1_000


def main() -> None:
    """Make the tables and the template, and queue everyone's mail."""
    django.setup()
    call_command("migrate", verbosity=0)
    from post_office import mail  # needs Django to be set up
    from post_office.models import EmailTemplate

    template = EmailTemplate.objects.create(
        name="everyone", subject=SUBJECT.strip(), content=TEXT, html_content=HTML
    )
    everyone = recipients()
    while batch := list(islice(everyone, BATCH)):
        mail.send_many([_queued(customer, template) for customer in batch])


def _queued(customer: dict[str, Any], template: object) -> dict[str, Any]:
    headers = {
        "List-Unsubscribe": f"<{customer['unsubscribe_url']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return {
        "recipients": [customer["recipient"]],
        "sender": SENDER,
        "template": template,
        "context": {**customer, "brand": BRAND},
        "headers": headers,
        "render_on_delivery": True,
    }


if __name__ == "__main__":
    main()
