"""Messages as files, instead of sending them: the default where no provider is set up."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest
from pathlib import Path

from outreach.channels.adapter import Check, Email, Message, Outcome, Source, Task
from outreach.settings.company import Company
from outreach.settings.environment import Environment
from outreach.vocabulary import Answer, Fault

PULLED = 100
IDS_A_FOLDER = 1000  # a million files in one folder make every tool slow
STAGE = "write"


def outbox_of(environment: Environment) -> Path:
    """Where a project's captured messages land, a folder for each channel."""
    return environment.state / "outbox"


class CaptureAdapter:
    """Writes each message to `.outreach/outbox/<channel>/<id // 1000>/<id>.eml` or `.txt`.

    A file appears whole or not at all, and once more written it is replaced. It is not
    flushed to the disk one by one: a machine that loses power may lose the latest.
    """

    name = "capture"

    def __init__(self, channel: str, company: Company, environment: Environment) -> None:  # noqa: ARG002
        self._channel = channel
        self._folder = outbox_of(environment) / channel
        self.place = str(self._folder)
        self._made: int | None = None  # the folder that was made last

    def serve(self, source: Source) -> None:
        """Write until the source is empty or stopping, or the disk refuses."""
        writable = True
        while writable and not source.stopping():
            messages = source.pull(PULLED)
            if not messages:
                return
            for message in messages:
                if not writable or source.stopping() or time.monotonic() >= message.begin_by:
                    source.report(Outcome.not_begun(message.id))
                    continue
                outcome = self._write(message)
                writable = outcome.answer is Answer.ACCEPTED
                source.report(outcome)

    def _write(self, message: Message) -> Outcome:
        try:
            path = self._place(message.id) + (".eml" if isinstance(message, Email) else ".txt")
            _replace(path, _bytes(message))
        except OSError as error:
            self._made = None
            why = error.strerror or type(error).__name__
            return Outcome(message.id, Answer.RETRY, Fault.CHANNEL, STAGE, detail=why)
        return Outcome(message.id, Answer.ACCEPTED, stage=STAGE)

    def _place(self, id: int) -> str:  # noqa: A002
        number = id // IDS_A_FOLDER
        if number != self._made:
            (self._folder / str(number)).mkdir(parents=True, exist_ok=True)
            self._made = number
        return f"{self._folder}/{number}/{id}"

    def check(self) -> list[Check]:
        """Whether files can be written."""
        probe = self._folder / f".check-{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            why = f"{self._folder} can not be written: {error.strerror}"
            return [Check(self._channel, ok=False, detail=why)]
        detail = f"captured in {self._folder}; nothing leaves this machine"
        return [Check(self._channel, ok=True, detail=detail)]

    def close(self) -> None:
        """Nothing to give back."""


def _bytes(message: Message) -> bytes:
    if isinstance(message, Email):
        return message.content
    if isinstance(message, Task):
        return message.text.encode("utf-8", "replace")
    head = f"To: {message.to}\nFrom: {message.sender}\n\n"
    return (head + message.text).encode("utf-8", "replace")


def _replace(path: str, content: bytes) -> None:
    partial = f"{path}.part"
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(partial, path)


@dataclass(frozen=True, slots=True)
class Captured:
    """A message that was captured instead of sent."""

    written_at: datetime
    channel: str
    id: int  # the delivery's
    path: Path


def list_outbox(folder: Path, limit: int) -> list[Captured]:
    """The latest captured messages of every channel, newest first, at most `limit`.

    Of each channel only the highest delivery ids are looked at, so a million files cost nothing.
    """
    channels = sorted(path for path in folder.glob("*") if path.is_dir())
    found = [one for channel in channels for one in _latest(channel, limit)]
    return nlargest(limit, found, key=lambda one: (one.written_at, one.id))


def _latest(channel: Path, limit: int) -> Iterator[Captured]:
    shards = (path for path in channel.iterdir() if path.name.isdigit())
    for shard in sorted(shards, key=lambda path: int(path.name), reverse=True):
        files = (path for path in shard.iterdir() if path.suffix in (".eml", ".txt"))
        for path in sorted(files, key=lambda path: int(path.stem), reverse=True):
            if limit <= 0:
                return
            limit -= 1
            written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            yield Captured(written_at, channel.name, int(path.stem), path)
