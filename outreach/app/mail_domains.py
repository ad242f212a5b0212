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
    found = _policies(published, resolver) if published else []
    yield _dmarc(sender, published, found)
    strict = any(each.get("aspf") == "s" for each in found)
    if published and not (envelope == sender if strict else _are_related(envelope, sender)):
        why = f"bounces go to {envelope}, so SPF says nothing for {sender}: only DKIM can"
        where = sender if strict else f"{sender}, or of a domain above or below it"
        yield Check("alignment", False, f"{why}; let `bounces` be an address of {where}")


def _spf(envelope: str, resolver: Resolver) -> Check:
    """RFC 7208 4.5: of several records none counts."""
    found = [text for text in _texts(envelope, resolver) if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) == 1 and {"all", "+all"} & set(found[0].lower().split()):
        why = "lets every server in the world send for it"
        return Check("spf", False, f"{envelope}: {why}: {found[0]}; end it with -all or ~all")
    if len(found) == 1:
        return Check("spf", True, f"{envelope}: {found[0]}")
    why = f"{len(found)} records, and none counts" if found else "no record"
    return Check("spf", False, f"{envelope}: {why}; publish one that names your mail server")


def _dmarc(sender: str, published: str | None, found: list[dict[str, str]]) -> Check:
    """RFC 7489 6.6.3: of several records none counts, and one without a policy does not."""
    if published is None:
        hint = f"publish a TXT record at _dmarc.{sender}; receivers of bulk mail ask for one"
        return Check("dmarc", False, f"{sender}: no record; {hint}")
    if len(found) > 1:
        why = f"{len(found)} records, and none counts; publish one"
        return Check("dmarc", False, f"{published}: {why}")
    if found[0].get("p") not in ("none", "quarantine", "reject"):
        why = "the record has no policy and does not count; write p=none, quarantine or reject"
        return Check("dmarc", False, f"{published}: {why}")
    return Check("dmarc", True, f"{published}: p={found[0]['p']}")


def _policies(domain: str, resolver: Resolver) -> list[dict[str, str]]:
    """The tags of each DMARC record of a domain."""
    found = []
    for text in _texts(f"_dmarc.{domain}", resolver):
        pairs = (each.partition("=") for each in text.split(";"))
        tags = {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}
        if next(iter(tags.items()), None) == ("v", "DMARC1"):
            found.append(tags)
    return found


def _are_related(one: str, other: str) -> bool:
    """Relaxed alignment, as far as it shows without a list of who hands out domains."""
    return (
        f".{one}".endswith(f".{other}")
        or f".{other}".endswith(f".{one}")
        or (one.split(".")[1:] == other.split(".")[1:] and one.count(".") > 1)
    )


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
