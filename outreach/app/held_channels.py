"""Channels that are held because their provider refuses us: told in words, and let go on."""

from datetime import UTC, tzinfo

from outreach.app.company_clock import clock_of
from outreach.app.context import Context
from outreach.app.person import person
from outreach.app.running import channels_of
from outreach.documents import did_you_mean
from outreach.errors import UsageError
from outreach.store import channel_holds
from outreach.store.channel_holds import ChannelHold
from outreach.store.engine import writing
from outreach.store.journal import record


def told(hold: ChannelHold, zone: tzinfo = UTC) -> str:
    """Since when, what the server said, when it is tried again, and how to have it tried at once.

    Instants are told by the clock of `zone`, which is named.
    """
    answer = " ".join(filter(None, (hold.code, _words(hold)))) or "no"
    since = f"held since {clock_of(hold.since, zone)}"
    again = f"`outreach runs resume --channel {hold.channel}`"
    if hold.waits_for_a_person:
        took = f"messages that {hold.place} took came back"
        return f"{since}: {took}: {answer}; no try can tell when that is mended, so then {again}"
    where = f" (at {hold.stage})" if hold.stage else ""
    said = f"{since}: {hold.place} said {answer}{where}"
    if hold.probed:
        said += f"; tried since: {hold.probed}"
    return f"{said}; next try at {clock_of(hold.probe_at, zone)}, at once with {again}"


def _words(hold: ChannelHold) -> str:
    """The provider's words without the status that the code has already."""
    status = (hold.code or "").partition(" ")[2]
    return (hold.detail or "").removeprefix(status).strip() if status else hold.detail or ""


def resume_channel(context: Context, channel: str) -> bool:
    """Let a held channel go on at once; False: it was not held. UsageError: there is none."""
    known = channels_of(context.company())
    if channel not in known:
        hint = did_you_mean(channel, known, listing="there are")
        raise UsageError(f"there is no channel `{channel}`", hint)
    with writing(context.engine) as conn:
        lifted = channel_holds.lift(conn, channel, anew=True)
        if lifted:
            record(conn, context.now(), person() or "", "channel resumed", channel)
    return lifted
