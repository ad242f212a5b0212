"""Links: which of them lead over our pages, what is added to them, what is left alone."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendering_project import NOW, URL, body, campaign, company, files

from outreach import tokens
from outreach.campaign.model import Tracking
from outreach.channels.adapter import Email, Text
from outreach.rendering import Compiled, Recipient, compile_step
from outreach.rendering.links import with_utm
from outreach.settings.company import ChannelSettings, Utm

KEYS = ["k" * 40]
AT = "https://o.example.com/c/7tok/"
PIXEL = "https://o.example.com/o/7tok.gif"
SHOP = "https://shop.example.com"
ANN = {"key": "A&1", "first_name": "Ann"}


class Made:
    """A message whose links lead over our pages, with what they name."""

    def __init__(self, channel: str, templates: dict[str, str], **how: Any) -> None:
        own = how.pop("own", Tracking())
        senders = {"email": "Mei <mei@tea.example.com>", "sms": "+15005550006"}
        channels = {name: ChannelSettings(sender=who, **how) for name, who in senders.items()}
        us = company(channels=channels)
        step = campaign(channel, topic="service")
        object.__setattr__(step, "tracking", own)
        self.compiled: Compiled = compile_step(files({"subject.txt": "Hi", **templates}), step, us)
        to = "ann@example.com" if channel == "email" else "+4915112345678"
        seal = tokens.Sealer(KEYS[0], 7)
        recipient = Recipient(
            7, "t", to, URL, "<m@tea.example.com>", links=AT, seal=seal, pixel=PIXEL
        )
        context = self.compiled.context(ANN, NOW)
        self.message = self.compiled.render(channel, context, recipient)

    def part(self, kind: str = "html") -> str:
        from email import message_from_bytes, policy

        assert isinstance(self.message, Email)
        parsed: Any = message_from_bytes(self.message.content, policy=policy.default)
        return body(parsed, kind)

    @property
    def text(self) -> str:
        assert isinstance(self.message, Text)
        return self.message.text

    def leads(self, address: str) -> str:
        """Where a reader of the message gets to by an address in it."""
        if not address.startswith(AT):
            return address
        name = urlsplit(address).path.rpartition("/")[2]
        sealed = parse_qs(urlsplit(address).query).get("to")
        if sealed is None:
            return self.compiled.addresses[name]
        assert tokens.is_sealed(KEYS, 7, sealed[0], name)
        return sealed[0]

    def links(self) -> list[str]:
        """Where each link of the page leads."""
        found = re.findall(r"""href=(?:"([^"]*)"|'([^']*)')""", self.part())
        return [self.leads(unescape(one or other)) for one, other in found]


def page(html: str, **how: Any) -> Made:
    return Made("email", {"body.html": html}, **{"track_links": True, **how})


def sms(text: str, **how: Any) -> Made:
    return Made("sms", {"sms.txt": text}, **{"track_links": True, **how})


LINKS = [
    (f'<a href="{SHOP}/a?x=1&amp;y=2#top">a</a>', f"{SHOP}/a?x=1&y=2#top"),
    (f"<a class='b' href='{SHOP}/it'>a</a>", f"{SHOP}/it"),
    (f'<a href="{SHOP}/{{{{ key|urlencode }}}}?z=1&amp;w=2">a</a>', f"{SHOP}/A%261?z=1&w=2"),
    (f'<a href="{SHOP}/{{{{ key }}}}">a</a>', f"{SHOP}/A&1"),
    (f'{{% if key %}}<a href="{SHOP}/1">{{% else %}}<a href="{SHOP}/2">{{% endif %}}a</a>', f"{SHOP}/1"),
    (f'{{% macro b(u) %}}<a href="{{{{ u }}}}">b</a>{{% endmacro %}}{{{{ b("{SHOP}/m") }}}}', f"{SHOP}/m"),
    (f'{{% set u = "{SHOP}/s" %}}<a href="{{{{ u }}}}">b</a>', f"{SHOP}/s"),
    (f'<style>a {{color: red}}</style><a href="{SHOP}/styled">a</a>', f"{SHOP}/styled"),
    (f'<map name="m"><area href="{SHOP}/area" alt="a"></map>', f"{SHOP}/area"),
]  # fmt: skip


@pytest.mark.parametrize(("html", "target"), LINKS)
def test_a_link_leads_over_our_pages_to_what_it_says(html: str, target: str) -> None:
    made = page(html)

    assert made.links() == [target]
    assert AT in made.part()
    assert f'"{SHOP}' not in made.part()


@pytest.mark.parametrize("how", [{}, {"utm": Utm(source="news")}])
@pytest.mark.parametrize(
    "html",
    [
        '<a href="mailto:us@example.com">a</a>',
        '<a href="tel:+4961315550">a</a>',
        '<a href="#top">a</a>',
        '<a href="{{ unsubscribe_url }}">a</a>',
        '<a href="https://o.example.com/p/{{ key }}">a</a>',
        f'<a data-track="no" href="{SHOP}/private">a</a>',
        f'<a href="{SHOP}/private" data-track=no>a</a>',
        f'<link rel="stylesheet" href="{SHOP}/s.css">',
        f'<img src="{SHOP}/a.png" alt="a">',
    ],
)
def test_what_is_no_link_of_the_web_and_the_way_out_stay_as_they_are(
    html: str, how: dict[str, Any]
) -> None:
    assert page(html, **how).part() == page(html, track_links=False).part()


def test_a_fixed_address_has_the_same_short_name_for_everyone_and_one_with_a_value_a_seal() -> None:
    made = page(f'<a href="{SHOP}/a">a</a><a href="{SHOP}/{{{{ key }}}}">b</a>')

    fixed, own = re.findall(r'href="([^"]*)"', made.part())
    assert re.fullmatch(rf"{re.escape(AT)}[a-z2-7]{{8}}", fixed)
    assert re.fullmatch(rf"{re.escape(AT)}[a-z2-7]{{16}}\?to=https://[\w.%/]+", own)


def test_the_text_made_of_a_page_has_the_same_links() -> None:
    made = page(f'<p>See <a href="{SHOP}/a">the shop</a> or <a href="{{{{ unsubscribe_url }}}}">go</a></p>')  # fmt: skip

    [link] = re.findall(r'href="([^"]*/c/[^"]*)"', made.part())
    assert f"the shop <{link}>" in made.part("plain")
    assert URL in made.part("plain")


TEXTS = [
    (f"See {SHOP}/a. Bye", "See {} Bye", f"{SHOP}/a", "."),
    (f"See ({SHOP}/a), bye", "See ({} bye", f"{SHOP}/a", "),"),
    (f"{SHOP}/a，退订回T", "{}，退订回T", f"{SHOP}/a", ""),
    (f"{{% if key %}}{SHOP}/a{{% endif %}}", "{}", f"{SHOP}/a", ""),
    (f"{{% if key %}}{SHOP}/a{{% else %}}{SHOP}/b{{% endif %}} bye", "{} bye", f"{SHOP}/a", ""),
    (f"{{% for x in [1] %}}{SHOP}/a {{% endfor %}}bye", "{} bye", f"{SHOP}/a", ""),
]


@pytest.mark.parametrize(("text", "shape", "target", "behind"), TEXTS)
def test_a_link_in_a_text_is_short_and_ends_before_what_ends_the_sentence(
    text: str, shape: str, target: str, behind: str
) -> None:
    made = sms(text)

    [link] = re.findall(r"https://[!-~]+", made.text)
    assert made.leads(link.removesuffix(behind)) == target
    assert made.text == shape.format(link)


@pytest.mark.parametrize(
    "text",
    [
        f"See {SHOP}/{{{{ key }}}}.",
        f"{{% if key %}}{SHOP}/a{{% endif %}}/b",
        f"{{% if key %}}{SHOP}/a{{% endif %}}{{{{ key }}}}",
        f"{SHOP}/{{% if key %}}x{{% endif %}}",
    ],
)
def test_in_a_text_message_an_address_that_goes_on_with_a_value_stays(text: str) -> None:
    assert sms(text).text == sms(text, track_links=False).text


def test_a_campaign_says_otherwise_than_its_channel() -> None:
    html = f'<a href="{SHOP}">a</a>'

    assert AT not in page(html, own=Tracking(links=False)).part()
    assert AT in page(html, track_links=False, own=Tracking(links=True)).part()
    assert "utm" not in page(html, track_links=False, utm=Utm(source="n"), own=Tracking(utm=Utm())).part()  # fmt: skip


def test_utm_is_added_where_clicks_are_not_counted_and_behind_what_is_counted() -> None:
    utm, html = Utm(source="news"), f'<a href="{SHOP}/a?b=1#c">a</a>'
    said = f"{SHOP}/a?b=1&utm_source=news&utm_medium=email&utm_campaign=hello#c"

    plain, counted = page(html, track_links=False, utm=utm), page(html, utm=utm)

    assert plain.links() == counted.links() == [said]
    assert said.replace("&", "&amp;") in plain.part()


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        (SHOP, f"{SHOP}?utm_source=n"),
        (f"{SHOP}/?a", f"{SHOP}/?a&utm_source=n"),
        (f"{SHOP}/?utm_source=own", f"{SHOP}/?utm_source=own"),
        (f"{SHOP}/?UTM_Source=own#x", f"{SHOP}/?UTM_Source=own#x"),
        (f"{SHOP}/a%20b?c=%26", f"{SHOP}/a%20b?c=%26&utm_source=n"),
    ],
)
def test_utm_goes_behind_the_query_and_never_takes_what_is_there(address: str, whole: str) -> None:
    assert with_utm(address, (("utm_source", "n"),)) == whole


def test_opening_is_asked_by_a_picture_only_where_it_is_asked_for() -> None:
    html = "<html><body><p>a</p></body></html>"

    shown, not_asked = page(html, track_opens=True).part(), page(html).part()

    assert shown.count(PIXEL) == 1
    assert shown.index(PIXEL) < shown.index("</body>")
    assert PIXEL not in not_asked
    assert PIXEL not in Made("email", {"body.txt": "a"}, track_opens=True).part("plain")


def test_what_is_not_counted_is_compiled_as_if_there_was_nothing_to_count() -> None:
    made = page(f'<a href="{SHOP}">a</a>', track_links=False)

    assert made.compiled.addresses == {}
    assert not made.compiled.tracking("email").touches_links


PATHS = st.text("abcXYZ019-_.~%&=+é ", min_size=1, max_size=12).map(lambda t: t.replace("%", "%25"))


@given(st.lists(st.tuples(PATHS, st.booleans()), min_size=1, max_size=5))
@settings(deadline=None, max_examples=60)
def test_every_link_of_a_counted_page_leads_where_it_leads_uncounted(
    links: list[tuple[str, bool]],
) -> None:
    html = "".join(
        f'<p><a href="{SHOP}/{path.replace("&", "&amp;")}{"{{ key }}" if own else ""}">x</a></p>'
        for path, own in links
    )

    assert page(html).links() == [each.strip() for each in page(html, track_links=False).links()]
