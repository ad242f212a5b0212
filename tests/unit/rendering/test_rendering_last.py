"""`last('order', 3)`: lists of what happened, in mails and texts."""

from datetime import timedelta
from decimal import Decimal

import pytest
from rendering_project import NOW, body, compiled, mail, problems, sms

from outreach.rendering.happened import EVENTS, Happened

ORDERS = [
    Happened(NOW - timedelta(days=days), Decimal(days), {"number": f"N{days}", "items": [{"name": "tea"}]})
    for days in (1, 2, 3)
]  # fmt: skip
EVE = {"key": "E", EVENTS: {"order": ORDERS}}
LIST = "{% for order in last('order', 2) %}{{ order.number }} {{ order.amount|money }}, {% else %}none{% endfor %}"


def test_the_latest_events_are_listed_newest_first() -> None:
    assert sms(LIST, EVE) == "N1 €1.00, N2 €2.00,"


def test_of_none_there_is_an_empty_list() -> None:
    assert sms(LIST, {"key": "E"}) == sms(LIST, {"key": "E", EVENTS: {"visit": ORDERS}}) == "none"


def test_what_was_imported_with_an_event_can_be_gone_through_and_may_be_missing() -> None:
    text = "{% set order = last('order', 1)|first %}{% if order %}{{ order.at|date('d.M.') }} " \
        "{% for item in order.items %}{{ item.name }}{% endfor %} {{ order.voucher or '-' }}{% endif %}"  # fmt: skip

    assert sms(text, EVE) == "2.7. tea -"


def test_a_page_lists_them_escaped_and_its_text_too() -> None:
    bad = Happened(NOW, None, {"number": "<b>1</b>"})
    html = "<ul>{% for order in last('order', 3) %}<li>{{ order.number }}</li>{% endfor %}</ul>"

    message = mail({"body.html": html}, {"key": "E", EVENTS: {"order": [bad]}})

    assert "<li>&lt;b&gt;1&lt;/b&gt;</li>" in body(message, "html")
    assert "<b>1</b>" in body(message)


def test_only_what_templates_ask_for_is_read() -> None:
    asked = "{{ last('visit', 1)|length }}"

    assert compiled({"sms.txt": LIST + asked, "sms.de.txt": LIST.replace("2", "5")}).events == {
        "order": 5,
        "visit": 1,
    }
    assert compiled({"sms.txt": "Hi"}).events == {}


@pytest.mark.parametrize(
    "call",
    ["last('order')", "last('order', 0)", "last('order', 21)", "last(kind, 3)", "last('order', days(3))", "last()"],
)  # fmt: skip
def test_check_says_how_they_are_asked_for(call: str) -> None:
    said = problems({"sms.txt": f"{{% set kind = 'a' %}}{{{{ {call}|length }}}}"})

    assert said == [
        "templates/hello/sms.txt:1:24: `last` takes a kind of event in quotes, and how many: 1 to 20; "
        "write for example `{% for order in last('order', 3) %}`"
    ]
