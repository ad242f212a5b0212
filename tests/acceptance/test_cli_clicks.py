"""Clicks, from the command that sends to the report that counts them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from commands import NOW, outreach, outreach_here
from sqlalchemy import update
from starlette.testclient import TestClient

from outreach.app.context import open_context
from outreach.app.site import open_site
from outreach.clock import SystemClock
from outreach.store.engine import writing
from outreach.store.tables import attempts
from outreach.web.application import make_application

CAMPAIGN = """\
title: News
owner: mei@example.com
status: active
topic: greetings
audience: everyone
schedule: {manual: true}
track_links: true
utm: {source: tea}
steps: [{id: tell, template: news, channels: [email]}]
"""
PAGE = """\
<p>{{ brand.postal_address }}
<a href="https://shop.example.com/new">New</a> <a href="https://shop.example.com/old">Old</a>
<a href="{{ unsubscribe_url }}">no more</a></p>
"""
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
URL = "https://mail.example.com"
WHOLE = "https://shop.example.com/new?utm_source=tea&utm_medium=email&utm_campaign=news"


@pytest.fixture
def project(project: Path) -> Path:
    """The sample with two customers and a campaign whose clicks are counted."""
    (project / "campaigns/news.yaml").write_text(CAMPAIGN)
    (project / "templates/news").mkdir()
    (project / "templates/news/subject.txt").write_text("News")
    (project / "templates/news/body.html").write_text(PAGE)
    people = "key,email,consent.email.greetings\nann,ann@example.com,yes\nbob,bob@example.com,yes\n"
    (project / "people.csv").write_text(people)
    given = ("--consent-source", "test", "--now", NOW)
    assert outreach_here(project, "customers", "import", "people.csv", *given).code == 0
    return project


def test_a_click_shows_in_report_history_and_facts(project: Path) -> None:
    settings = {"public_url": URL}
    outreach(project, "send", "news", "--yes", "--now", NOW, **settings)
    outreach_here(project, "run", "--until-idle", "--now", NOW, **settings)
    before = outreach_here(project, "report", "news", "--json", **settings).json

    [mail] = (project / ".outreach/outbox/email").rglob("1.eml")
    link = re.findall(rf'href="{URL}(/c/\w+/\w+)"', mail.read_text())[0]
    context = open_context(project, NOW)
    with writing(context.engine) as conn:  # it went out a minute ago
        conn.execute(update(attempts).values(at=SystemClock().now() - timedelta(minutes=1)))
    with TestClient(make_application(open_site(context))) as client:
        answer = client.get(link, headers=BROWSER, follow_redirects=False)
    context.close()

    assert answer.headers["location"] == WHOLE
    assert (before["opened"], before["clicked"], before["links"]) == (None, 0, {})
    after = outreach_here(project, "report", "news", "--json", "--now", NOW, **settings).json
    assert (after["clicked"], after["scanned"], after["links"]) == (1, 0, {WHOLE: 1})
    shown = outreach_here(project, "customers", "show", "ann", "--json", "--now", NOW).json
    assert [(each["kind"], each["link"]) for each in shown["reactions"]] == [("clicked", WHOLE)]
    assert shown["customer"]["last_engaged_at"] is not None
    said = outreach_here(project, "report", "news", "--now", NOW, **settings).out
    assert re.search(r"clicked +1\n", said)
    assert WHOLE in said


def test_check_says_that_nothing_can_be_counted_without_a_public_url(project: Path) -> None:
    place = (
        "campaigns/news.yaml:7:14: warning: `track_links` has no effect: links can not lead to us"
    )

    without, with_url = (
        outreach_here(project, "check", **each) for each in ({}, {"public_url": URL})
    )

    assert place in without.out
    assert "track_links" not in with_url.out
