"""One step of a campaign, compiled: templates to code, mails to skeletons."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import blake2b

from outreach.campaign.model import Campaign
from outreach.channels.adapter import Email, Message
from outreach.rendering import pictures
from outreach.rendering.assets import Asset, encoded_text
from outreach.rendering.check import (
    HOSTED,
    Ready,
    images_of,
    is_transactional,
)
from outreach.rendering.context import Frame
from outreach.rendering.errand import task_of
from outreach.rendering.filters import FUNCTIONS
from outreach.rendering.footer import complete, with_pixel
from outreach.rendering.happened import STARTED
from outreach.rendering.headers import (
    bare_address,
    encode_subject,
    message_id,
    one_click_url,
    one_line,
    sender_parts,
)
from outreach.rendering.links import VARIABLE, Addresses, Links, Tracking, own_pages, tracking_of
from outreach.rendering.locales import choose
from outreach.rendering.mime import Envelope, Filling, build
from outreach.rendering.named_dates import DateRead
from outreach.rendering.needs import Need, simplest
from outreach.rendering.plaintext import fill, text_of
from outreach.rendering.recipient import Recipient
from outreach.rendering.refusal import RenderError
from outreach.rendering.salutation import SALUTED_BY, Tone, salutation
from outreach.rendering.started import FieldRead
from outreach.rendering.texting import text_message
from outreach.settings.company import ChannelSettings, Company

_NOBODY = "outreach@localhost"  # only `capture` takes it: providers want a `from`


class Compiled:
    """One step at one revision, ready for any number of customers on any thread."""

    def __init__(
        self, ready: Mapping[str, Mapping[str, Ready]], campaign: Campaign, company: Company
    ) -> None:
        self._ready = ready
        self._company = company
        self._campaign = campaign
        self._transactional = is_transactional(campaign, company)
        mail = company.channels.get("email", ChannelSettings())
        self._sender = sender_parts(mail.sender or f"{one_line(company.brand.name)} <{_NOBODY}>")
        self._reply_to = sender_parts(mail.reply_to)[1] if mail.reply_to else ""
        self._mailto = f"mailto:{self._reply_to or self._sender[1]}?subject=unsubscribe"
        self._hosted = images_of(campaign, company) == HOSTED
        self._envelopes = {
            locale: self._envelope(locale, each) for locale, each in ready.get("email", {}).items()
        }
        self._bare = {name: replace(each, related=()) for name, each in self._envelopes.items()}
        self._addresses = {channel: self._addresses_of(channel) for channel in ready}
        self._choices = lru_cache(maxsize=4096)(self._choose)
        self._pages = own_pages(company.public_url)
        self._tone = Tone(company.brand.tone)
        self._frame = Frame(company, campaign, self.names)

    def of(self, variant: str | None) -> "Compiled":  # noqa: ARG002
        """What is sent in one variant; the same for all where nothing is compared."""
        return self

    @property
    def each(self) -> tuple["Compiled", ...]:
        """Every variant in order; itself where nothing is compared."""
        return (self,)

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels it renders for."""
        return tuple(self._ready)

    def tracking(self, channel: str) -> Tracking:
        """What is counted of its messages on a channel."""
        return self._addresses[channel].tracking

    @cached_property
    def addresses(self) -> dict[str, str]:
        """The addresses of links that messages say only the names of, by name."""
        return {k: v for each in self._addresses.values() for k, v in each.names.items()}

    @cached_property
    def hosted(self) -> dict[str, Asset]:
        """The pictures that its mails fetch, by the name they are fetched by."""
        mails = self._ready.get("email", {}).values() if self._hosted else ()
        return {each.hosted_name: each for ready in mails for each in ready.pictures}

    @cached_property
    def named(self) -> frozenset[str]:
        """What messages only name, and somebody has to keep before they go."""
        return frozenset((*self.addresses, *self.hosted))

    def locales(self, channel: str) -> tuple[str, ...]:
        """The locales a channel has files for; "" for those without one."""
        return tuple(self._ready[channel])

    def locale_for(self, channel: str, customer_locale: str | None) -> str:
        """The locale of the files a customer gets; "" for those without one."""
        return self._choices(channel, customer_locale)

    def needs(self, channel: str) -> tuple[Need, ...]:
        """What must be known of a customer, by the locale of the files they get (`locale_for`)."""
        found: dict[tuple[frozenset[str], frozenset[frozenset[str]]], set[str]] = {}
        for locale, ready in self._ready[channel].items():
            clauses = simplest({c for s in ready.source.sources() for c in s.printed.clauses})
            names = frozenset(name for c in clauses if len(c) == 1 for name in c)
            found.setdefault((names, frozenset(c for c in clauses if len(c) > 1)), set()).add(
                locale
            )
        if len(found) == 1:
            return tuple(Need(None, *what) for what in found)
        return tuple(Need(frozenset(locales), *what) for what, locales in found.items())

    @cached_property
    def dates(self) -> frozenset[DateRead]:
        """Where its templates print named dates, or ask for them."""
        ready = [each for by_locale in self._ready.values() for each in by_locale.values()]
        return frozenset(
            read for each in ready for source in each.source.sources() for read in source.dates
        )

    @cached_property
    def events(self) -> dict[str, int]:
        """The kinds of events that its templates list, and how many of each at most."""
        found: dict[str, int] = {}
        for ready in (each for by_locale in self._ready.values() for each in by_locale.values()):
            for kind, number in (asked for s in ready.source.sources() for asked in s.events):
                found[kind] = max(number, found.get(kind, 0))
        return found

    @cached_property
    def started(self) -> frozenset[FieldRead]:
        """Where its templates read a field of the event that started the campaign."""
        ready = [each for by_locale in self._ready.values() for each in by_locale.values()]
        return frozenset(
            read for each in ready for source in each.source.sources() for read in source.started
        )

    @cached_property
    def starter(self) -> str | None:
        """The kind of the event whose fields templates may look up; None: they look up none."""
        on_event = self._campaign.schedule.on_event
        return on_event.kind if on_event is not None and STARTED in self.names else None

    @cached_property
    def names(self) -> frozenset[str]:
        """All that its templates may look up, or a salutation is made from."""
        every = [each for by_locale in self._ready.values() for each in by_locale.values()]
        names = frozenset[str]().union(*(each.names for each in every))
        return names | SALUTED_BY if "salutation" in names else names

    def context(self, customer: Mapping[str, object], now: datetime) -> dict[str, object]:
        """What `render` takes of a customer, as far as the templates look at it."""
        return self._frame.context(customer, now)

    def render(self, channel: str, context: Mapping[str, object], recipient: Recipient) -> Message:
        """One customer's message; RenderError for this one alone. `context` is build_context's."""
        wanted = context.get("locale")
        locale = self.locale_for(channel, wanted if isinstance(wanted, str) else None)
        language = locale or self._company.brand.locale
        ready = self._ready[channel][locale]
        variables = {
            **FUNCTIONS,
            **context,
            "language": language,
            "unsubscribe_url": recipient.unsubscribe_url or self._mailto,
        }
        if self._hosted:
            variables[pictures.VARIABLE] = recipient.here
        if "salutation" in self.names:
            variables["salutation"] = salutation(context, language, self._tone)
        addresses = self._addresses[channel]
        if addresses.tracking.touches_links:
            variables[VARIABLE] = self._links(addresses, channel, recipient, variables)
        if channel == "task":
            assert ready.text is not None
            return task_of(recipient.delivery_id, recipient.to, ready.text.run(variables))
        if channel == "sms":
            assert ready.text is not None
            return text_message(self._company, ready.text.run(variables), recipient)
        return self._email(ready, variables, recipient, context)

    def _addresses_of(self, channel: str) -> Addresses:
        tracking = tracking_of(self._campaign, self._company, channel)
        ready = self._ready[channel].values()
        return Addresses.among(tracking, (text for each in ready for text in each.addresses))

    def _links(
        self,
        addresses: Addresses,
        channel: str,
        recipient: Recipient,
        variables: Mapping[str, object],
    ) -> Links:
        at = recipient.links if addresses.tracking.links else ""
        seal = None if channel == "sms" else recipient.seal  # signed ones are long
        own = str(variables["unsubscribe_url"])
        return Links(addresses, at, seal, own, self._pages)

    def _choose(self, channel: str, wanted: str | None) -> str:
        locales = frozenset(self._ready[channel])
        chosen = choose(wanted, self._company.brand.locale, locales)
        assert chosen is not None  # prepare() asks for a file everyone can get
        return chosen

    def _envelope(self, locale: str, ready: Ready) -> Envelope:
        name, address = self._sender
        campaign, domain = self._campaign, address.partition("@")[2].lower()
        topic = _label(campaign.topic) or "mail"
        stream = "transactional" if self._transactional else "marketing"
        feedback = (
            _label(campaign.name),
            topic,
            stream,
            _label(self._company.brand.name) or domain,
        )
        digest = blake2b(f"{campaign.name}\x00{locale}".encode(), digest_size=12).hexdigest()
        return Envelope(
            sender_name=name,
            sender=address,
            reply_to=self._reply_to,
            list_id="" if self._transactional else f"{topic}.{domain}",
            feedback_id=":".join(feedback),
            boundary=f"=_{digest}",
            related=ready.pictures,
            attached=tuple(asset for asset, _ in ready.attached),
        )

    def _email(
        self,
        ready: Ready,
        variables: dict[str, object],
        recipient: Recipient,
        context: Mapping[str, object],
    ) -> Email:
        now = context.get("now")
        if not isinstance(now, datetime):
            raise RenderError("the context has no `now`")
        assert ready.subject is not None
        subject = encode_subject(ready.subject.run(variables))
        if not subject:
            raise RenderError("the subject is empty")
        html, text = self._bodies(ready, variables)
        if recipient.pixel and html and self.tracking("email").opens:
            html = with_pixel(html, recipient.pixel)
        url = recipient.unsubscribe_url
        filling = Filling(
            to=bare_address(recipient.to),
            subject=subject,
            sent_at=now,
            message_id=message_id(recipient.message_id),
            unsubscribe_url=one_click_url(url) if url else "",
            text=text,
            html=html,
            attached=tuple(
                asset.encoded
                if renderer is None
                else encoded_text(renderer.run(variables), asset.media_type)
                for asset, renderer in ready.attached
            ),
        )
        envelope = self._envelopes[ready.source.locale]
        if self._hosted and recipient.here:
            envelope = self._bare[ready.source.locale]
        content, eight_bit, plain = build(envelope, filling)
        sender = recipient.return_path or self._sender[1]
        return Email(recipient.delivery_id, filling.to, sender, content, eight_bit, plain=plain)

    def _bodies(self, ready: Ready, variables: dict[str, object]) -> tuple[str, str]:
        """HTML ("" for none) and text, with what marketing mail owes its reader."""
        html = text = ""
        if ready.html is not None and ready.html.marks:
            html, text = fill(*ready.html.run_marked(variables))
        else:
            html = ready.html.run(variables) if ready.html else ""
            text = ready.text.run(variables) if ready.text else text_of(html)
        if not html.strip() and not text.strip():
            raise RenderError("the mail is empty")
        if not self._transactional:
            html, text = complete(html, text, self._company.brand, variables)
        return html, text


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")
