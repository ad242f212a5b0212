"""`/c/` and `/o/`: links lead on at once, and only where we said; what readers did is written down."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from makers import NOW, make_customer, make_delivery
from sqlalchemy import Engine, insert, select, update
from websites import KEYS, Website, website

from outreach import tokens
from outreach.app.site import Rules, Site
from outreach.clock import SystemClock
from outreach.rendering.links import name_of
from outreach.reports.reactions import reacted
from outreach.store.engine import reading, writing
from outreach.store.erased import Erased
from outreach.store.erasure import erase
from outreach.store.hosted import Picture, save_pictures
from outreach.store.reactions import save_links
from outreach.store.tables import attempts, deliveries, events, reactions
from outreach.tokens import Purpose
from outreach.vocabulary import ReactionKind

SHOP, OTHER = "https://shop.example.com/a?b=1&c=2#d", "https://shop.example.com/other"
OWN = "https://shop.example.com/order?key=A1"
READER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


class Clicked:
    """A site whose customer got a mail an hour ago; what was written down is there at its end."""

    def __init__(self, site: Website) -> None:
        self.site, self.token = site, tokens.sign_short(KEYS, Purpose.CLICK, 1)

    def get(self, path: str, method: str = "GET", **headers: str) -> Any:
        return self.site.client.request(
            method, path, headers={**READER, **headers}, follow_redirects=False
        )

    def follow(self, address: str, token: str = "", method: str = "GET", **headers: str) -> Any:
        return self.get(f"/c/{token or self.token}/{name_of(address)}", method, **headers)


def own_link(token: str, address: str = OWN, seal: str = "") -> str:
    seal = seal or tokens.Sealer(KEYS[0], 1)(address)
    return f"/c/{token}/{seal}?to={quote(address, safe='')}"


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A database with a mail that went out an hour ago, and two addresses that links name."""
    with writing(engine) as conn:
        customer = make_customer(conn, "ann", email="ann@example.com")
        delivery = make_delivery(conn, customer, address="ann@example.com")
        answered = {"fence": 1, "channel": "email", "adapter": "smtp", "worker_id": 1}
        at = SystemClock().now() - timedelta(hours=1)
        conn.execute(
            insert(attempts).values(
                delivery_id=delivery, at=at, answer="accepted", fault="none", **answered
            )
        )
        save_links(conn, {name_of(each): each for each in (SHOP, OTHER)})
    return engine


@pytest.fixture
def clicked(filled: Engine) -> Iterator[Clicked]:
    with website(filled) as site:
        yield Clicked(site)


def written(engine: Engine) -> list[tuple[str, str | None]]:
    """What was written down: the kind and the customer's event."""
    with reading(engine) as conn:
        query = select(reactions.c.kind, events.c.kind).outerjoin(
            events, events.c.id == reactions.c.event_id
        )
        return [tuple(row) for row in conn.execute(query.order_by(reactions.c.id))]


def test_a_link_leads_on_and_is_an_event_of_its_reader(filled: Engine) -> None:
    with website(filled) as site:
        answer = Clicked(site).follow(SHOP)

    assert (answer.status_code, answer.headers["location"]) == (302, SHOP)
    assert answer.headers["cache-control"] == "no-store"
    with reading(filled) as conn:
        [event] = conn.execute(select(events)).all()
        assert (event.customer_id, event.kind, event.at) == (1, "click", NOW)
        assert event.data == {
            "campaign": "friday-greeting", "step": "greet", "channel": "email", "delivery": 1,
            "link": SHOP,
        }  # fmt: skip
        found = reacted(conn, "friday-greeting")
    assert found.messages == {ReactionKind.CLICKED: 1}
    assert found.links == {SHOP: 1}


def test_an_address_of_one_message_leads_on_by_its_seal_and_its_query_is_not_kept(
    filled: Engine,
) -> None:
    with website(filled) as site:
        clicked = Clicked(site)
        answer = clicked.get(own_link(clicked.token))

    assert (answer.status_code, answer.headers["location"]) == (302, OWN)
    with reading(filled) as conn:
        assert reacted(conn).links == {"https://shop.example.com/order": 1}


@pytest.mark.parametrize("what", ["name", "seal", "address", "delivery", "length", "not ascii"])
def test_a_link_we_never_made_leads_nowhere(clicked: Clicked, what: str) -> None:
    token = clicked.token
    other = tokens.sign_short(KEYS, Purpose.CLICK, 2)
    evil = "https://evil.example.com/"
    path = {
        "name": f"/c/{token}/aaaaaaaa",
        "seal": own_link(token, seal="a" * 16),
        "address": own_link(token, evil, seal=tokens.Sealer(KEYS[0], 1)(OWN)),
        "delivery": own_link(other),
        "length": own_link(token, evil + "a" * 4_000),
        "not ascii": f"/c/{token}/é?to=https://evil.example.com",
    }[what]

    answer = clicked.get(path)

    assert (answer.status_code, "location" in answer.headers) == (404, False)


def test_without_a_sound_token_a_template_s_address_leads_on_and_nothing_is_written_down(
    filled: Engine,
) -> None:
    with website(filled) as site:
        answers = [
            Clicked(site).follow(SHOP, token)
            for token in ("nobody", "1aaaaaaaaaa", tokens.sign_short(["x" * 40], Purpose.CLICK, 1))
        ]

    assert [each.headers["location"] for each in answers] == [SHOP] * 3
    assert written(filled) == []


def test_links_made_with_an_older_key_are_counted(filled: Engine) -> None:
    old, seal = "an older key of 32 or more letters", "y" * 32
    token = tokens.sign_short([old], Purpose.CLICK, 1)
    own = own_link(token, seal=tokens.Sealer(old, 1)(OWN))
    site = Site(filled, SystemClock(), [seal, old], Rules(filled))

    fixed = site.link(token, name_of(SHOP), "")
    sealed = site.link(token, own.split("/")[3].partition("?")[0], OWN)

    assert fixed is not None
    assert sealed is not None
    assert (fixed.delivery_id, sealed.delivery_id) == (1, 1)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"sec-purpose": "prefetch"}),
        ("GET", {"user-agent": "SkypeUriPreview"}),
    ],
)
def test_a_machine_is_led_on_and_no_click(
    filled: Engine, method: str, headers: dict[str, str]
) -> None:
    with website(filled) as site:
        answer = Clicked(site).follow(SHOP, method=method, **headers)

    assert answer.status_code == 302
    assert written(filled) == [("scanned", None)]


def test_all_links_together_are_a_scanner_s(filled: Engine) -> None:
    with website(filled) as site:
        for address in (SHOP, OTHER):
            Clicked(site).follow(address)

    assert written(filled) == [("scanned", None)] * 2


def test_a_click_written_down_elsewhere_is_taken_back_when_a_second_link_shows_the_scanner(
    filled: Engine,
) -> None:
    for address in (SHOP, OTHER):
        with website(filled) as site:
            Clicked(site).follow(address)
            if address == SHOP:
                continue
            with writing(filled) as conn:  # as if both came in the same moment
                conn.execute(update(reactions).values(came_at=SystemClock().now()))

    assert written(filled) == [("scanned", None)] * 2
    with reading(filled) as conn:
        assert conn.execute(select(events)).all() == []


def test_a_click_proves_that_a_message_of_which_nobody_knew_went_out(filled: Engine) -> None:
    with writing(filled) as conn:
        conn.execute(update(deliveries).values(state="unknown", sent_at=None))

    with website(filled) as site:
        Clicked(site).follow(SHOP)

    with reading(filled) as conn:
        assert conn.execute(select(deliveries.c.state)).scalar() == "sent"


def test_a_picture_is_answered_and_says_that_the_mail_was_opened(filled: Engine) -> None:
    token = tokens.sign_short(KEYS, Purpose.OPEN, 1)
    with website(filled) as site:
        clicked = Clicked(site)
        shown = [clicked.get(f"/o/{token}.gif") for _ in range(2)]
        strange = clicked.get("/o/nobody.gif")

    assert {each.headers["content-type"] for each in (*shown, strange)} == {"image/gif"}
    assert shown[0].content == strange.content
    assert written(filled) == [("opened", "open")]


def test_a_picture_of_a_mail_is_served_to_be_kept_and_nothing_else_is(filled: Engine) -> None:
    with writing(filled) as conn:
        save_pictures(conn, {"abc.png": Picture("image/png", b"png")})
    with website(filled) as site:
        clicked = Clicked(site)
        found, missing = (clicked.get(f"/i/{name}") for name in ("abc.png", "é.png"))

    assert (found.content, found.headers["content-type"]) == (b"png", "image/png")
    assert "immutable" in found.headers["cache-control"]
    assert missing.status_code == 404


def test_erasing_a_customer_leaves_no_link_that_was_theirs_alone(filled: Engine) -> None:
    with website(filled) as site:
        clicked = Clicked(site)
        clicked.get(own_link(clicked.token))
    with writing(filled) as conn:
        an_hour_ago = SystemClock().now() - timedelta(minutes=50)
        conn.execute(update(reactions).values(came_at=an_hour_ago))
        erase(conn, Erased(b"k" * 32), "ann", "test", NOW)

    with website(filled) as site:
        Clicked(site).follow(SHOP)

    with reading(filled) as conn:
        assert conn.execute(select(reactions.c.address)).scalars().all() == [None, None]
        assert conn.execute(select(events.c.data)).scalars().all() == [None]
        assert reacted(conn).links == {SHOP: 1, "(erased)": 1}
