"""What the demo shows at its end."""

import io
from datetime import UTC, datetime
from pathlib import Path

from outreach.app.stages import Standing
from outreach.cli.demo import _show_sent
from outreach.cli.screen import Screen
from outreach.demo.loop import Shown
from outreach.reports.funnel import Report
from outreach.vocabulary import State

NOW = datetime(2026, 7, 3, tzinfo=UTC)


def test_the_table_of_what_was_sent_adds_up() -> None:
    states = {State.SENT: 5, State.FAILED: 1, State.EXPIRED: 2, State.SKIPPED: 4, State.HELD: 3}
    greeting = Report(15, states, {"capped": 4}, {"sms": 2, "email": 3})
    shown = Shown(
        Path(), "sample", NOW, NOW, {}, Standing({}, {}, None), {}, {"greeting": greeting}, "", ""
    )
    stream = io.StringIO()

    _show_sent(Screen(stream), shown)

    lines = stream.getvalue().splitlines()
    assert [name.strip() for name in lines[2].split("  ") if name] == [
        "campaign", "audience", "sent", "sms", "email", "task", "failed", "expired", "left out", "held",
    ]  # fmt: skip
    assert lines[4].split() == ["greeting", "15", "5", "2", "3", "0", "1", "2", "4", "3"]
