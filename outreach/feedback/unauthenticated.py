"""Holds the channel where mails come back because of us: our domain is not authenticated, say.

Servers of Gmail and Outlook refuse so (5.7.26, 5.7.515), and only after our own has taken the mail:
so no try tells when it is mended, and a person lets the channel go on.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from outreach.channels.email.answers import AGAINST_US
from outreach.logger import Logger
from outreach.store import channel_holds
from outreach.store.channel_holds import ENOUGH, RETURN, Refused
from outreach.store.engine import reading, writing
from outreach.store.feedback_mails import returned_by_run, words_of
from outreach.store.run_answers import answers_of

log = Logger(__name__)
WITHIN = timedelta(days=1)
ONE_IN = 100  # messages of those runs, at least: any reader can make up a return of what they got


def hold_if_many(
    engine: Engine, channel: str, place: str, digest: str, status: str, now: datetime
) -> None:
    """Hold the channel once enough mails came back so; of the last the digest and the status.

    `place` is the server that took them.
    """
    if status not in AGAINST_US:
        return
    with reading(engine) as conn:
        if channel_holds.is_held(conn, channel) or not _are_many(conn, channel, now):
            return
        said = words_of(conn, digest)
    with writing(engine) as conn:
        held = channel_holds.hold(conn, channel, Refused(place, RETURN, status, said))
    if held:
        log.error("channel is held", channel=channel, server=place, code=status, said=said)


def _are_many(conn: Connection, channel: str, now: datetime) -> bool:
    lifted_at = channel_holds.lifted_at(conn, channel)
    by_run = returned_by_run(conn, AGAINST_US, now - WITHIN, lifted_at)
    returned = sum(by_run.values())
    return returned >= ENOUGH and returned * ONE_IN >= answers_of(conn, by_run, channel)
