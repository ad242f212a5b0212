"""Links from the template to the reader: what goes out leads where the template says."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from makers import NOW, grant, make_customer, make_event
from sqlalchemy import Engine, select
from test_dispatch_project import COMPANY, FILES, World

from outreach.app.site import Rules, Site
from outreach.clock import FrozenClock
from outreach.store.engine import reading, writing
from outreach.store.revisions import save_company
from outreach.store.tables import links, pictures

PAGE = b'<p><img src="tea.png" alt="Tea">{{ brand.postal_address }} <a href="https://shop.example.com/new?a=1&amp;b=2">New</a>\n'
PAGE += b'<a href="https://shop.example.com/for/{{ key }}">You</a> <a href="{{ unsubscribe_url }}">no</a></p>'
COUNTED = COMPANY.replace(
    b'sms: {from: "+12025550123"}',
    b'sms: {from: "+12025550123", track_links: true, utm: {source: tea}}',
).replace(b"<us@example.com>\"", b"<us@example.com>\", track_links: true, track_opens: true, images: hosted")  # fmt: skip
FILES_COUNTED = {
    **FILES,
    "outreach.yaml": COUNTED,
    "templates/hello/body.html": PAGE,
    "templates/hello/tea.png": b"\x89PNG\r\n\x1a\n tea",
    "templates/hello/sms.txt": b"{{ first_name }}, see https://shop.example.com/new",
}


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    with writing(engine) as conn:
        for key, phone in (("a", None), ("b", "+12025550199")):
            customer = make_customer(conn, key, email=f"{key}@example.com", phone=phone)
            for channel in ("email", "sms"):
                grant(conn, customer, channel)
    world = World(engine, tmp_path, FILES_COUNTED)
    with writing(engine) as conn:
        save_company(conn, {"outreach.yaml": COUNTED}, NOW)
    return world


def test_links_of_messages_lead_to_what_their_templates_say(engine: Engine, world: World) -> None:
    world.plan("one")
    assert world.send(timedelta(seconds=1))["sent"] == 2

    site = Site(engine, FrozenClock(NOW), ["k" * 40], Rules(engine))
    [mail], [text] = (
        [path.read_text() for path in world.captured(channel) if path.suffix != ".json"]
        for channel in ("email", "sms")
    )
    found = re.findall(r"https://example\.com/c/(\w+)/(\w+)(?:\?to=([\w.%:/-]+))?", mail + text)
    from urllib.parse import unquote

    led = [site.link(token, name, unquote(to)) for token, name, to in found]
    assert [each and each.address for each in led] == [
        "https://shop.example.com/new?a=1&b=2", "https://shop.example.com/for/a",
        "https://shop.example.com/new?a=1&b=2", "https://shop.example.com/for/a",
        "https://shop.example.com/new?utm_source=tea&utm_medium=sms&utm_campaign=one",
    ]  # fmt: skip
    assert {each and each.delivery_id for each in led} == {1, 2}
    assert mail.count("https://example.com/o/") == 1


def test_a_message_lists_the_customer_s_latest_events(engine: Engine, tmp_path: Path) -> None:
    text = b"{% for order in last('order', 2) %}{{ order.number }} {% else %}none{% endfor %}"
    with writing(engine) as conn:
        for number, key in enumerate(("a", "b")):
            customer = make_customer(conn, key, phone=f"+1202555019{number}")
            grant(conn, customer, "sms")
            for days in range(1, 4 * (1 - number)):
                make_event(
                    conn, customer, at=NOW - timedelta(days=days), data={"number": f"N{days}"}
                )
    world = World(engine, tmp_path, {**FILES, "templates/hello/sms.txt": text})
    world.plan("one")

    world.send(timedelta(seconds=1))

    texts = {path.read_text() for path in world.captured("sms") if path.suffix != ".json"}
    assert sorted(each.splitlines()[-1].strip() for each in texts) == ["N1 N2", "none"]


def test_a_message_s_addresses_are_in_the_database_before_it_goes(
    engine: Engine, world: World
) -> None:
    world.plan("one")
    world.send(timedelta(seconds=1))

    with reading(engine) as conn:
        kept = set(conn.execute(select(links.c.address)).scalars())
        [picture] = conn.execute(select(pictures)).all()
    assert "https://shop.example.com/new?a=1&b=2" in kept
    [mail] = [path.read_text() for path in world.captured("email") if path.suffix != ".json"]
    assert f"https://example.com/i/{picture.name}" in mail
    assert picture.content == FILES_COUNTED["templates/hello/tea.png"]
