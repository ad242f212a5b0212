"""Who followed a link: its reader, or a machine on the message's way."""

from datetime import timedelta

import pytest
from makers import NOW

from outreach.feedback.readers import follower, shown_to, tell_apart
from outreach.store.reactions import Reaction, Sent
from outreach.vocabulary import ReactionKind, State

CLICKED, SCANNED = ReactionKind.CLICKED, ReactionKind.SCANNED
OPENED, FETCHED = ReactionKind.OPENED, ReactionKind.FETCHED
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/26.1 Mobile/15E148 Safari/604.1"
)
CUBOT = "Mozilla/5.0 (Linux; Android 14; CUBOT KINGKONG) Chrome/130.0 Mobile Safari/537.36"
SENT = {7: Sent(7, 1, False, "hello", "greet", "email", State.SENT, NOW)}


def came(seconds: float, link: str | None = "a", kind: ReactionKind = CLICKED) -> Reaction:
    """What came so long after the message went out."""
    return Reaction(7, kind, NOW, NOW + timedelta(seconds=seconds), link)


@pytest.mark.parametrize(
    ("method", "agent", "purposes", "kind"),
    [
        ("GET", IPHONE, [], CLICKED),
        ("GET", CUBOT, [], CLICKED),
        ("HEAD", IPHONE, [], SCANNED),
        ("GET", IPHONE, ["prefetch;prerender"], SCANNED),
        ("GET", "", [], SCANNED),
        ("GET", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", [], SCANNED),
        ("GET", "WhatsApp/2.24 A", [], SCANNED),
        ("GET", "facebookexternalhit/1.1", [], SCANNED),
        ("GET", "Mozilla/5.0 (compatible; bingbot/2.0)", [], SCANNED),
        ("GET", "python-requests/2.32", [], SCANNED),
    ],
)
def test_who_says_what_it_is_is_believed(
    method: str, agent: str, purposes: list[str], kind: ReactionKind
) -> None:
    assert follower(method, agent, purposes) is kind


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        (IPHONE, OPENED),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", OPENED),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", OPENED),
        ("Mozilla/5.0", FETCHED),
        ("", FETCHED),
        ("curl/8.9", FETCHED),
    ],
)  # fmt: skip
def test_a_picture_that_is_loaded_ahead_says_nothing_of_the_reader(
    agent: str, kind: ReactionKind
) -> None:
    assert shown_to("GET", agent) is kind


@pytest.mark.parametrize(
    ("seconds_and_links", "kinds"),
    [
        ([(60, "a")], [CLICKED]),
        ([(4, "a")], [SCANNED]),
        ([(60, "a"), (60.4, "b"), (60.8, "c")], [SCANNED] * 3),
        ([(60, "a"), (62, "b")], [CLICKED] * 2),
        ([(60, "a"), (60.2, "b"), (300, "a")], [SCANNED, SCANNED, CLICKED]),
        ([(60, "a"), (60.5, "a")], [CLICKED]),
        ([(60, "a"), (90, "a")], [CLICKED] * 2),
    ],
)
def test_links_followed_at_once_or_together_are_a_machines(
    seconds_and_links: list[tuple[float, str]], kinds: list[ReactionKind]
) -> None:
    found = tell_apart([came(*each) for each in seconds_and_links], [], SENT)

    assert [one.kind for one in found.new] == kinds


def test_a_click_that_is_kept_turns_out_to_be_a_machines() -> None:
    kept = came(60)

    found = tell_apart([came(60.5, "b")], [kept], SENT)

    assert [one.kind for one in found.new] == [SCANNED]
    assert found.scans == (kept,)


def test_a_mail_is_opened_once_and_may_be_so_after_it_was_loaded_ahead() -> None:
    found = tell_apart(
        [came(1, None, OPENED), came(60, None, OPENED), came(90, None, OPENED)], [], SENT
    )

    assert [one.kind for one in found.new] == [FETCHED, OPENED]


def test_who_is_not_known_to_have_been_written_to_when_is_believed() -> None:
    sent = {7: Sent(7, 1, False, "hello", "greet", "email", State.SENT, None)}

    assert [one.kind for one in tell_apart([came(0)], [], sent).new] == [CLICKED]
