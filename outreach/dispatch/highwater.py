"""Until when messages were sent, kept outside of the database: a restored backup is older.

On each machine in a file of the project's state folder, and in the broker where there is one.
Whoever starts compares; so does, every second, whoever runs.
"""

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from outreach import queue
from outreach.dispatch.shift import Shift
from outreach.logger import Logger
from outreach.store import marks
from outreach.store.engine import reading, writing
from outreach.store.marks import SentMark

log = Logger(__name__)
EVERY_SECONDS = 1.0
FILE = "sent-until-{base}"


class HighWater:
    """The mark of one database as this process knows it; `folder` None: there is no file."""

    def __init__(self, engine: Engine, folder: Path | None) -> None:
        self._engine = engine
        self._folder = folder
        self._seen: dict[str, datetime] = {}  # by base: the highest ever seen
        self._asked: set[str] = set()  # bases of which the broker has told what it knows
        self._kept: SentMark | None = None
        self._failed = False

    def compare(self) -> bool:
        """Whether the database is older than what was sent; every run that goes on is held then."""
        with reading(self._engine) as conn:
            inside = marks.sent_mark(conn)
        if inside is None:
            with writing(self._engine) as conn:
                inside = marks.make_sent_mark(conn)
        until = self.newer(inside)
        if until is not None:
            self._hold(inside, until)
            return True
        self._keep(inside)
        return False

    def advance(self) -> None:
        """Note inside and outside that messages were sent until now."""
        if self.compare() or self._kept is None:
            return
        with writing(self._engine) as conn:
            risen = marks.raise_sent_mark(conn, self._kept.base)
        if risen is not None:
            self._keep(risen)

    def newer(self, inside: SentMark) -> datetime | None:
        """Until when was sent by what is known outside, if that is later than the mark inside."""
        base = inside.base
        if base not in self._seen:
            self._see(SentMark(base, _read(self._file(base))))
        if base not in self._asked:
            told = queue.recall(FILE.format(base=base))
            if told is not None:
                self._asked.add(base)
                self._see(SentMark(base, _instant(told)))
        return self._seen[base] if self._seen[base] > inside.at else None

    def _see(self, mark: SentMark) -> None:
        self._seen[mark.base] = max(mark.at, self._seen.get(mark.base, mark.at))

    def _hold(self, inside: SentMark, until: datetime) -> None:
        why = older_than(until)
        with writing(self._engine) as conn:
            held = marks.note_restored(conn, inside, until, why)
        if held is not None:
            log.error("runs are held", why=why, runs=held)

    def _keep(self, mark: SentMark) -> None:
        """Remember, in the file and in the broker as well."""
        self._see(mark)
        if mark == self._kept:
            return
        self._kept = mark
        queue.remember(FILE.format(base=mark.base), mark.at.isoformat())
        path = self._file(mark.base)
        try:
            if path is not None and _read(path) < mark.at:
                _write(path, mark.at)
        except OSError as error:
            if not self._failed:
                log.warning("the mark of what was sent is not kept", why=error.strerror)
            self._failed = True

    def _file(self, base: str) -> Path | None:
        return None if self._folder is None else self._folder / FILE.format(base=base)


def older_than(until: datetime) -> str:
    """Why the runs of a database are held that does not know all that was sent."""
    at = f"{until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"the database is older than what was sent until {at}: a restored backup?"


class Watermark:
    """The thread that raises the mark of a worker that sends, and compares while it does not."""

    def __init__(self, shift: Shift, high_water: HighWater) -> None:
        self._shift = shift
        self._high_water = high_water
        self._handed = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watermark", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Raise it for the last time, and end."""
        self._closed.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._closed.wait(EVERY_SECONDS):
            self._look()
        self._look()

    def _look(self) -> None:
        handed = self._shift.places.passed()
        with self._shift.trouble.noted("mark not raised"):
            if handed == self._handed:
                self._high_water.compare()
            else:
                self._high_water.advance()
            self._handed = handed


def _read(path: Path | None) -> datetime:
    """The instant in the file; the earliest one where there is none that can be read."""
    try:
        return _instant("" if path is None else path.read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        return _instant("")


def _instant(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written.strip()).astimezone(UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _write(path: Path, at: datetime) -> None:
    """The file appears whole or not at all; on the disk, as the database's commits are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_native_id()}")
    try:
        with draft.open("w", encoding="ascii") as file:
            file.write(at.isoformat() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
