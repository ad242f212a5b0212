"""Whether receivers can tell our mail is ours: SPF and DMARC in the DNS, as `outreach doctor` asks.

Gmail, Yahoo and Outlook ask bulk senders for both. DKIM is the relay's: its key stands under a name
that only the relay knows.
"""

from collections.abc import Iterator
from email.utils import parseaddr

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from outreach.app.context import Context
from outreach.channels.adapter import Check
from outreach.channels.registry import adapter_name
from outreach.settings.company import ChannelSettings

SECONDS = 3.0
_MADE_UP = ("example", "test", "invalid", "localhost", "local")  # RFC 2606, RFC 6762
_MADE_UP_DOMAINS = ("example.com", "example.net", "example.org")


def mail_domains(context: Context, resolver: Resolver | None = None) -> Iterator[Check]:
    """What is to be said of the domains that mails come from; nothing where none are sent by SMTP."""
    company = context.loaded.company
    if company is None or adapter_name("email", company, context.environment) != "smtp":
        return
    settings = company.channels.get("email", ChannelSettings())
    sender = _domain(parseaddr(settings.sender)[1])
    if not sender or _is_made_up(sender):
        return
    envelope = _domain(settings.bounces) or sender
    try:
        yield from _asked(sender, envelope, resolver or Resolver())
    except DNSException as error:
        yield Check("mail domains", True, f"not looked at: no DNS ({type(error).__name__})")


def _asked(sender: str, envelope: str, resolver: Resolver) -> Iterator[Check]:
    yield _spf(envelope, resolver)
    published = next((name for name in _upwards(sender) if _policies(name, resolver)), None)
    yield _dmarc(sender, published, resolver)
    if published and not f".{envelope}".endswith(f".{published}"):
        why = f"bounces go to {envelope}, so SPF says nothing for {sender}: only DKIM can"
        yield Check("alignment", False, f"{why}; let `bounces` be an address of {published}")


def _spf(envelope: str, resolver: Resolver) -> Check:
    """RFC 7208 4.5: of several records none counts."""
    found = [text for text in _texts(envelope, resolver) if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) == 1:
        return Check("spf", True, f"{envelope}: {found[0]}")
    why = f"{len(found)} records, and none counts" if found else "no record"
    return Check("spf", False, f"{envelope}: {why}; publish one that names your mail server")


def _dmarc(sender: str, published: str | None, resolver: Resolver) -> Check:
    if published is None:
        hint = f"publish a TXT record at _dmarc.{sender}; receivers of bulk mail ask for one"
        return Check("dmarc", False, f"{sender}: no record; {hint}")
    return Check("dmarc", True, f"{published}: {_policies(published, resolver)[0]}")


def _policies(domain: str, resolver: Resolver) -> list[str]:
    found = _texts(f"_dmarc.{domain}", resolver)
    return [text for text in found if text.replace(" ", "").startswith("v=DMARC1")]


def _texts(name: str, resolver: Resolver) -> list[str]:
    """The TXT records of a name, each put together from its parts."""
    try:
        answer = resolver.resolve(name, "TXT", lifetime=SECONDS, search=False)
    except (NXDOMAIN, NoAnswer):
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _upwards(domain: str) -> Iterator[str]:
    """The domain and those above it, without the top-level one (the tree walk of DMARCbis)."""
    parts = domain.split(".")
    for start in range(len(parts) - 1):
        yield ".".join(parts[start:])


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower().rstrip(".") if "@" in address else ""


def _is_made_up(domain: str) -> bool:
    parts = domain.split(".")
    return parts[-1] in _MADE_UP or ".".join(parts[-2:]) in _MADE_UP_DOMAINS
