"""Which adapter sends on a channel; anyone can add one as a package."""

import functools
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points

from outreach.channels.adapter import Adapter
from outreach.documents import did_you_mean
from outreach.errors import SetupError
from outreach.settings.company import ChannelSettings, Company
from outreach.settings.environment import Environment

GROUP = "outreach.adapters"

# What pyproject.toml declares, for a source tree that was not installed.
_BUILT_IN = {
    "smtp": "outreach.channels.email.smtp:SmtpAdapter",
    "twilio": "outreach.channels.sms.twilio:TwilioAdapter",
    "capture": "outreach.channels.capture.adapter:CaptureAdapter",
    "task": "outreach.channels.task.adapter:TaskAdapter",
}

MakeAdapter = Callable[[str, Company, Environment], Adapter]


def make_adapter(channel: str, company: Company, environment: Environment) -> Adapter:
    """The adapter that sends on `channel`: the one the company names, else what the environment has.

    SetupError when there is no adapter of that name, when its package is broken, or
    when it lacks something to work with.
    """
    name = adapter_name(channel, company, environment)
    known = adapters()
    if name not in known:
        hint = did_you_mean(name, known, listing="there are")
        raise SetupError(f"channel `{channel}` has an unknown adapter `{name}`", hint)
    try:
        make: MakeAdapter = known[name].load()
    except (ImportError, AttributeError) as error:
        raise SetupError(
            f"adapter `{name}` of channel `{channel}` can not be loaded: {error}",
            "install its package again, or choose another adapter",
        ) from error
    return make(channel, company, environment)


def adapter_name(channel: str, company: Company, environment: Environment) -> str:
    """The name of the adapter for `channel`; `capture` where no provider is set up."""
    named = company.channels.get(channel, ChannelSettings()).adapter
    if named:
        return named
    if channel == "task":
        return "task"
    if channel == "email" and environment.smtp_url:
        return "smtp"
    if channel == "sms" and environment.twilio_account_sid:
        return "twilio"
    return "capture"


@functools.cache
def adapters() -> Mapping[str, EntryPoint]:
    """Every adapter that is installed, by name; the entry-point group is `outreach.adapters`."""
    built_in = {name: EntryPoint(name, place, GROUP) for name, place in _BUILT_IN.items()}
    return built_in | {point.name: point for point in entry_points(group=GROUP)}
