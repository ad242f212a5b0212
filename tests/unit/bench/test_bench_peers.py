"""What the bench of other set-ups installs and sends."""

import json
import re
from pathlib import Path

import pytest

from bench.peers.recipients import recipients, write_recipients

PEERS = Path(__file__).resolve().parents[3] / "bench" / "peers"


def test_python_packages_are_pinned_by_name_and_version_alone() -> None:
    lines = (PEERS / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#")]

    assert wanted
    assert [line for line in wanted if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


def test_node_packages_are_pinned_and_nothing_resolved_is_kept() -> None:
    wanted = json.loads((PEERS / "bullmq" / "package.json").read_text())["dependencies"]

    assert [name for name, version in wanted.items() if not re.fullmatch(r"[\d.]+", version)] == []
    assert not (PEERS / "bullmq" / "package-lock.json").exists()


def test_recipients_are_distinct_and_the_same_each_time(tmp_path: Path) -> None:
    found = list(recipients(write_recipients(tmp_path / "a", 50)))

    assert len({each["recipient"] for each in found}) == 50
    assert found == list(recipients(write_recipients(tmp_path / "b", 50)))


def test_the_mail_is_of_two_parts_with_eight_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERS_SMTP_PORT", "25")
    monkeypatch.setenv("PEERS_BROKER_URL", "redis://127.0.0.1")
    from bench.peers.mail import message_to

    to, *_ = recipients(write_recipients(tmp_path / "a", 1))
    message = message_to(to)

    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.as_string().count("href=") == 8
    assert 5_000 < len(message.as_bytes()) < 6_500
