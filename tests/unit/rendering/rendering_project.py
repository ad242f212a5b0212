"""A small company, a campaign and its templates for tests of rendering."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from outreach.campaign.model import Campaign, Schedule, ScheduleKind, Selection, Step
from outreach.channels.adapter import Email, Text
from outreach.rendering import (
    Compiled,
    Recipient,
    build_context,
    check_templates,
    compile_step,
    context_names,
)
from outreach.settings.company import Brand, ChannelSettings, Company, Topic

NOW = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)
URL = "https://o.example.com/u/abc?a=1&b=2"
FOOTER = "{{ brand.postal_address }} {{ unsubscribe_url }}"


def company(**changes: Any) -> Company:
    """Tea House, which writes from tea.example.com in English."""
    settings: dict[str, Any] = {
        "brand": Brand(name="Tea House", postal_address="1 Leaf Street, Mainz", currency="EUR"),
        "public_url": "https://o.example.com",
        "topics": {"greetings": Topic(), "service": Topic(transactional=True)},
        "attributes": {"vip": "yes_no", "points": "number", "sizes": "list"},
        "owners": {"mei@tea.example.com": {"name": "Mei Lin"}},
        "channels": {
            "email": ChannelSettings(sender="Mei Lin <mei@tea.example.com>"),
            "sms": ChannelSettings(sender="+15005550006"),
        },
    }
    return Company(**settings | changes)


def campaign(*channels: str, topic: str = "greetings") -> Campaign:
    """The campaign `hello`, which sends the template `hello`."""
    return Campaign(
        name="hello",
        title="Hello",
        owner="mei@tea.example.com",
        topic=topic,
        audience=Selection(),
        schedule=Schedule(ScheduleKind.MANUAL),
        steps=(Step("greet", channels, "hello"),),
    )


def files(templates: Mapping[str, str]) -> dict[str, bytes]:
    """Template files by short name: `body.html`, `_base/layout.html`."""
    return {
        f"templates/{name if name.startswith('_base/') else 'hello/' + name}": text.encode()
        for name, text in templates.items()
    }


def channels_of(templates: Mapping[str, str]) -> list[str]:
    """The channels these templates are for."""
    names = {"email": "body", "sms": "sms"}
    return [c for c, stem in names.items() if any(t.startswith(stem) for t in templates)]


def compiled(templates: Mapping[str, str], topic: str = "greetings", **changes: Any) -> Compiled:
    """The templates, compiled for the channels they are for."""
    step = campaign(*channels_of(templates), topic=topic)
    return compile_step(files(templates), step, company(**changes))


def problems(templates: Mapping[str, str], topic: str = "greetings", **changes: Any) -> list[str]:
    """What `check` says of the templates, a line each."""
    us = company(**changes)
    step = campaign(*channels_of(templates), topic=topic)
    return [str(p) for p in check_templates(files(templates), step, us, context_names(us, step))]


def render(
    channel: str,
    templates: Mapping[str, str],
    customer: Mapping[str, object] | None = None,
    url: str = URL,
    to: str = "",
    topic: str = "greetings",
    **changes: Any,
) -> Email | Text:
    """One customer's message: the same of all that is known and of what its templates look at."""
    us, step = company(**changes), campaign(channel, topic=topic)
    address = to or ("eve@example.com" if channel == "email" else "+4915112345678")
    recipient = Recipient(7, "tok7", address, url, "<m7@tea.example.com>")
    ready = compile_step(files(templates), step, us)
    looked_at = ready.render(channel, ready.context(customer or {}, NOW), recipient)
    assert (
        ready.render(channel, build_context(customer or {}, us, step, NOW), recipient) == looked_at
    )
    return looked_at


def mail(templates: Mapping[str, str], customer: Any = None, **how: Any) -> EmailMessage:
    """One customer's mail, parsed; the subject is `Hi` and the topic transactional unless given."""
    how = {"topic": "service", **how}
    rendered = render("email", {"subject.txt": "Hi", **templates}, customer, **how)
    assert isinstance(rendered, Email)
    parsed = message_from_bytes(rendered.content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def body(parsed: EmailMessage, kind: str = "plain") -> str:
    """A part's content, with plain line ends."""
    part = parsed.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def sms(text: str, customer: Any = None, **how: Any) -> str:
    """One customer's text message."""
    rendered = render("sms", {"sms.txt": text}, customer, **how)
    assert isinstance(rendered, Text)
    return rendered.text
