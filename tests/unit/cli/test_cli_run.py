"""What `run --until-idle` says of a provider that it waited for in vain."""

from datetime import UTC, datetime

import pytest

from outreach.cli.run import told
from outreach.dispatch.away import Away
from outreach.worker import GivenUp


@pytest.mark.parametrize(
    ("messages", "waits"), [(1, "1 message waits"), (1200, "1,200 messages wait")]
)
def test_it_says_which_channel_where_since_when_and_what_waits(messages: int, waits: str) -> None:
    since = datetime(2026, 7, 3, 21, 0, 5, tzinfo=UTC)
    away = Away("email", "mail.example.com:587", since, "connect: refused")

    assert told(GivenUp(away, messages)) == (
        "email: mail.example.com:587 can not be used since 2026-07-03 21:00:05Z"
        f" (connect: refused): {waits}"
    )
