"""Links of a message: which addresses they have, and where they lead instead if clicks are counted.

An address that stands in the template is known when it is compiled: its link says its short name,
and the database which address that is. One that holds a value is signed in the link itself. So a
link of ours leads only to what a template of ours says.
"""

import re
from base64 import b32encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from outreach.campaign.model import Campaign
from outreach.rendering.filters import printable
from outreach.rendering.headers import one_line
from outreach.settings.company import ChannelSettings, Company, Utm

VARIABLE = "_links"  # where a message's links stand among what its template finds
CLICKED, OPENED = "/c/", "/o/"  # below the public URL
_OWN = (CLICKED, OPENED, "/u/", "/p/")  # what is never counted: ways out most of all
_WEB = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)
_IN_QUERY = ":/?=,@!$'()*~"  # what may stand in a query as it is (RFC 3986 section 3.4)
_PLAIN = re.compile(r"[A-Za-z0-9:/?=,@!$'()*~_.-]*")
_NO_WORD = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Tracking:
    """What is done to a channel's links; `utm` are pairs that are added to their addresses."""

    links: bool = False
    opens: bool = False
    utm: tuple[tuple[str, str], ...] = ()

    @property
    def touches_links(self) -> bool:
        """Whether links are anything else than what the template says."""
        return self.links or bool(self.utm)


def tracking_of(campaign: Campaign, company: Company, channel: str) -> Tracking:
    """What is counted of a campaign's messages on a channel: its own word goes before the channel's."""
    general, own = company.channels.get(channel, ChannelSettings()), campaign.tracking
    links = general.track_links if own.links is None else own.links
    opens = general.track_opens if own.opens is None else own.opens
    utm = general.utm if own.utm is None else own.utm
    can_link, can_show = channel in ("email", "sms"), channel == "email"
    pairs = _pairs(utm, campaign, company, channel) if can_link else ()
    return Tracking(links and can_link, opens and can_show, pairs)


def _pairs(
    utm: Utm, campaign: Campaign, company: Company, channel: str
) -> tuple[tuple[str, str], ...]:
    if utm == Utm():
        return ()
    said = {
        "source": utm.source or _NO_WORD.sub("-", one_line(company.brand.name)).strip("-").lower(),
        "medium": utm.medium or channel,
        "campaign": utm.campaign or campaign.name,
        "content": utm.content,
        "term": utm.term,
    }
    return tuple((f"utm_{name}", value) for name, value in said.items() if value)


@lru_cache(maxsize=4096)
def with_utm(address: str, utm: tuple[tuple[str, str], ...]) -> str:
    """The address with these pairs behind its query, but for those that it has."""
    if not utm:
        return address
    parts = urlsplit(address)
    there = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = urlencode([(name, value) for name, value in utm if name not in there], quote_via=quote)
    query = "&".join(filter(None, (parts.query, added)))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


@lru_cache(maxsize=4096)
def name_of(address: str) -> str:
    """The short name of an address in links: the same everywhere, for it is made from it alone."""
    digest = blake2b(address.encode(), digest_size=5, person=b"outreach-link").digest()
    return b32encode(digest).decode().lower()


def own_pages(public_url: str) -> tuple[str, ...]:
    """How the addresses of our own pages begin; none where we have no address."""
    return tuple(f"{public_url}{path}" for path in _OWN) if public_url else ()


def is_web(address: str) -> bool:
    """Whether it is a whole address of the web: no `mailto:`, `tel:`, anchor or path."""
    return _WEB.match(address) is not None


@dataclass(frozen=True, slots=True)
class Addresses:
    """The links of one channel's templates: what becomes of an address that stands there."""

    tracking: Tracking
    whole: Mapping[str, str] = field(default_factory=dict)  # as written → with what is added

    @classmethod
    def among(cls, tracking: Tracking, written: Iterable[str]) -> "Addresses":
        """Those of the texts that are addresses."""
        found = {each: with_utm(each.strip(), tracking.utm) for each in written if is_web(each)}
        return cls(tracking, found)

    @property
    def names(self) -> dict[str, str]:
        """Every address that links name, by its name."""
        return {name_of(each): each for each in self.whole.values()} if self.tracking.links else {}


@dataclass(slots=True)
class Links:
    """The links of one message; `at` ends in `/`, "" where clicks are not counted.

    `seal` signs an address that holds a value; None: there are no such links on this channel.
    """

    addresses: Addresses
    at: str
    seal: Callable[[str], str] | None
    own: str  # the address for opting out, which is left alone
    pages: tuple[str, ...]  # how addresses of our own pages begin: left alone too

    def lead(self, written: object) -> str:
        """Where a link leads that the template writes so: a text, or its parts in a list."""
        if isinstance(written, str):
            whole = self.addresses.whole.get(written)
            if whole is not None:
                return f"{self.at}{name_of(whole)}" if self.at else whole
            return written
        assert isinstance(written, list)
        return self._made(_joined(written))

    def _made(self, address: str) -> str:
        known = self.addresses.whole.get(address)
        if known is not None:
            return self.lead(address)
        whole = address.strip()
        if not is_web(whole) or address == self.own or address.startswith(self.pages):
            return address
        if self.addresses.tracking.utm:
            whole = with_utm(whole, self.addresses.tracking.utm)
        if not self.at or self.seal is None:
            return whole
        sealed = self.seal(whole)
        shown = whole if _PLAIN.fullmatch(whole) else quote(whole, safe=_IN_QUERY)
        return f"{self.at}{sealed}?to={shown}"


def _joined(parts: Sequence[object]) -> str:
    texts = (each.unescape() if isinstance(each, Markup) else printable(each) for each in parts)
    return "".join(texts)


@pass_context
def link(context: Context, written: object) -> str:
    """The filter that every link's address passes through."""
    links = context.resolve(VARIABLE)
    assert isinstance(links, Links)
    return links.lead(written)
