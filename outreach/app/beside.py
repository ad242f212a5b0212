"""What a customer got of a run, and the correction beside it: to be looked at before it goes."""

from dataclasses import dataclass

from sqlalchemy import Connection

from outreach.app.context import Context
from outreach.app.previewing import Chosen, Preview, messages_for
from outreach.decisions.loading import Rulings
from outreach.decisions.ruling import Ruling
from outreach.store.recipients import first_reached
from outreach.store.runs import Run


@dataclass(frozen=True, slots=True)
class Beside:
    """One customer's message, made again by what is known of them now, and what corrects it."""

    sent: Preview
    correction: Preview


def beside(
    context: Context, conn: Connection, run: Run, channel: str, correcting: Ruling
) -> Beside | None:
    """Both for the first whom a run's message reached by a channel; None: they lost their address."""
    customer_id, variant, delivery = first_reached(conn, run.id, channel)
    late_at = context.now() + correcting.campaign.schedule.late
    sent = Rulings().load(conn, run.revision_id, run.step)
    got = Chosen(customer_id, channel, late_at, variant, delivery)
    gets = Chosen(customer_id, channel, late_at, "")
    made = [
        messages_for(context, conn, ruling, [each])
        for ruling, each in ((sent, got), (correcting, gets))
    ]
    return Beside(*(each[0] for each in made)) if all(made) else None
