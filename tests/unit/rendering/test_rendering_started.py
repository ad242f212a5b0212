"""`event.…` in templates: what started the campaign, and what of it must be there."""

from dataclasses import replace
from decimal import Decimal

import pytest
from rendering_project import NOW, campaign, company, compiled, files, problems

from outreach.campaign.model import OnEvent, Schedule, ScheduleKind
from outreach.rendering import (
    Compiled,
    Recipient,
    build_context,
    check_templates,
    compile_step,
    context_names,
)
from outreach.rendering.happened import STARTED, Happened
from outreach.rendering.trial import trial_in_check

ON_ORDER = replace(
    campaign("sms"), schedule=Schedule(ScheduleKind.ON_EVENT, on_event=OnEvent("order"))
)


def started(text: str) -> Compiled:
    """A text message of a campaign that an order starts."""
    return compile_step(files({"sms.txt": text}), ON_ORDER, company())


def said(text: str, event: Happened | None) -> str:
    """What the message says where this started it."""
    made, us = started(text), company()
    context = build_context({"key": "E", STARTED: event}, us, ON_ORDER, NOW)
    recipient = Recipient(1, "t", "+15005550006", "", "<1@example.com>")
    return made.render("sms", context, recipient).text


def found(text: str) -> list[str]:
    """What `check` says of it, trial and all, without the file's name."""
    written, us = files({"sms.txt": text}), company()
    told = check_templates(written, ON_ORDER, us, context_names(us, ON_ORDER))
    told += trial_in_check(written, ON_ORDER, us)
    return [str(each).partition("sms.txt:")[2] for each in told]


def test_it_prints_kind_time_amount_and_what_was_imported() -> None:
    event = Happened(NOW, Decimal("12.5"), {"shop": "Mainz"}, "order")
    text = "{{ event.kind }} {{ event.at|date('d.M.') }} {{ event.amount|money }} {{ event.shop }}"

    assert said(text, event) == "order 3.7. €12.50 Mainz"


def test_of_what_no_event_started_it_is_none() -> None:
    assert said("{% if event %}{{ event.shop }}{% else %}hello{% endif %}", None) == "hello"


def test_where_no_event_starts_the_campaign_it_is_refused() -> None:
    assert problems({"sms.txt": "{{ event.amount|money }}"}) == [
        "templates/hello/sms.txt:1:4: `event` is what started a campaign: here none did;"
        " it is for campaigns with `schedule: {on_event: …}`"
    ]


def test_a_loop_may_call_its_own_events_so() -> None:
    text = "{% for event in last('order', 2) %}{{ event.number or '' }}{% endfor %}"

    assert problems({"sms.txt": text}) == []
    assert not compiled({"sms.txt": text}).started


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("{{ event.shop }}", [{"event.shop"}]),
        ("{{ event.shop or 'our shop' }}", []),
        ("{% if event.shop %}{{ event.shop }}{% endif %}", []),
        ("{{ event.shop or city }}", [{"event.shop", "city"}]),
        ("{% set shop = event.shop %}{{ shop|upper }}", [{"event.shop"}]),
    ],
)
def test_what_it_prints_bare_must_be_there(text: str, needed: list[set[str]]) -> None:
    (need,) = started(text).needs("sms")

    assert [{name} for name in need.names] + [set(group) for group in need.any_of] == needed


def test_check_tries_it_with_a_made_up_event_and_warns_of_bare_values() -> None:
    assert found("{{ event.shop }} {{ event.amount|money or '-' }}") == []
    assert found("{{ event }}") == [
        "1:4: `event` has several parts, of which one can be printed; write `{{ event.amount }}`"
    ]
    [bare] = found("{{ event.amount }}")
    assert "write `{{ event.amount|money }}`" in bare
