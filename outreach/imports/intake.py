"""The common way of every import: batches in, a commit each, refused rows kept beside the file."""

import csv
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from sqlalchemy import Connection, Engine

from outreach.errors import UsageError
from outreach.imports.feed import ROWS_OF_A_BATCH, Batch, Refused, batches
from outreach.imports.job import Job
from outreach.imports.outcome import REJECTS_HEADER, SHOWN_REJECTS, Reject
from outreach.store import dialect
from outreach.store.engine import let_others_write, writing
from outreach.store.pace import Pace
from outreach.store.statistics import Statistics

Apply = Callable[[Connection, Any], list[Refused]]  # rows of a batch; those it refuses
Progress = Callable[[int], None]  # bytes of the file done so far
FIRST_ROWS = 250  # nothing is known of the machine yet; a quarter more come each time
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Rejects:
    """Counts refused rows and writes each to a file; the file is there only if there are any.

    It takes its name at the end, also of an import that ends by an error: what was refused until
    then is in it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        self._written = _place_for_writing(path)
        self.rows = 0
        self.first: list[Reject] = []

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            if self._written != self._path:
                self._written.replace(self._path.resolve())
        elif error is None:
            self._remove_old()

    @property
    def path(self) -> Path | None:
        """Where they are; None when no row was refused."""
        return self._path if self.rows else None

    def add(self, header: Sequence[str], refused: Sequence[Refused]) -> None:
        """Write the refused rows, in the order of their lines."""
        if not refused:
            return
        if self._file is None:
            try:
                self._file = self._written.open(
                    "w", encoding="utf-8", newline="", errors="backslashreplace"
                )  # JSON's escape of a lone surrogate, which UTF-8 does not have
            except OSError as error:
                message = f"`{self._path}`, the file for refused rows, can not be written"
                raise UsageError(
                    f"{message}: {error.strerror}", "name one with `--rejects`"
                ) from None
            csv.writer(self._file).writerow([*REJECTS_HEADER, *header[_returned(header) :]])
        writer = csv.writer(self._file)
        for row in sorted(refused, key=lambda row: row.line):
            self.rows += 1
            columns = "; ".join(column for column, _ in row.faults)
            messages = "; ".join(message for _, message in row.faults)
            whole = len(row.cells) == len(header)
            cells = row.cells[_returned(header) :] if whole else row.cells
            writer.writerow([neutral(str(cell)) for cell in (row.line, columns, messages, *cells)])
            room = SHOWN_REJECTS - len(self.first)
            self.first += [Reject(row.line, *fault) for fault in row.faults][:room]

    def _remove_old(self) -> None:
        """A file of refused rows of an earlier import would tell of what is mended."""
        try:
            with self._path.open(encoding="utf-8") as old:
                ours = old.readline().startswith(",".join(REJECTS_HEADER))
        except (OSError, UnicodeDecodeError):
            return
        if ours:
            self._path.unlink(missing_ok=True)


def _returned(header: Sequence[str]) -> int:
    """How many columns are an earlier file's of refused rows: this one has them anew."""
    own = tuple(header[: len(REJECTS_HEADER)]) == REJECTS_HEADER
    return len(REJECTS_HEADER) if own else 0


def _place_for_writing(path: Path) -> Path:
    """A name beside the file; a device or pipe is written itself, for it can not be replaced."""
    if path.exists() and not path.is_file():
        return path
    target = path.resolve()
    return target.with_name(f"{target.name}.{os.getpid()}.part")


def _must_differ(path: Path, rejects: Path) -> None:
    """UsageError where the refused rows would be written over the file that is read."""
    with suppress(OSError):  # one of them is not there: they are not the same
        if os.path.samefile(path, rejects):
            message = f"`{rejects}`, the file for refused rows, is the file to be imported"
            raise UsageError(message, "name another one with `--rejects`")


def neutral(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula: marked as text by an apostrophe."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


class Taken:
    """What the common part of an import found."""

    def __init__(self, rejects: Rejects, warnings: tuple[str, ...]) -> None:
        self._rejects = rejects
        self._warnings = list(warnings)

    def warn(self, message: str | None) -> None:
        """Tell something more; None: nothing."""
        self._warnings += [] if message is None else [message]

    def parts(self) -> dict[str, Any]:
        """The fields of an Intake that every import has in common."""
        return {
            "rejected": self._rejects.rows,
            "rejects": tuple(self._rejects.first),
            "rejects_path": self._rejects.path,
            "warnings": tuple(self._warnings),
        }


class _DryRunError(Exception):
    """Raised to roll a transaction back that was only to be counted."""


def take_in(engine: Engine, job: Job, apply: Apply, progress: Progress | None) -> Taken:
    """Apply every row of the file in batches, a transaction each; `apply` says what it refuses.

    A dry run does all of it and rolls each batch back. When it stops in the middle, what is
    committed stays: the same import again goes on from there, for what is there is unchanged.
    """
    path = Path(job.path)
    place = job.options.rejects_path or path.with_name(f"{path.name}.rejects.csv")
    _must_differ(path, place)
    batch = Batch([])
    with engine.connect() as conn:
        dialect.map_nothing(conn)
    writer = _Writer(engine, job, apply)
    with Rejects(place) as rejects:
        for batch in batches(job):
            refused = [_by_column(each, batch.key) for each in writer.write(batch.rows)]
            rejects.add(batch.header, batch.refused + refused)
            if progress is not None:
                progress(batch.position)
    return Taken(rejects, batch.warnings)


def _by_column(refused: Refused, key: str) -> Refused:
    """The same under the file's name for the key, of which alone the database has a say."""
    faults = [(key if name == "key" else name, message) for name, message in refused.faults]
    return Refused(refused.line, faults, refused.cells)


class _Writer:
    """Applies rows in transactions that stay short on any machine, with gaps between them."""

    def __init__(self, engine: Engine, job: Job, apply: Apply) -> None:
        self._engine, self._dry_run, self._apply = engine, job.options.dry_run, apply
        self._statistics = Statistics(engine, job.sort)
        self._pace = Pace(FIRST_ROWS, most=ROWS_OF_A_BATCH)
        self._ended_at = 0.0

    def write(self, rows: Any) -> list[Refused]:
        """The rows that `apply` refused; on a dry run nothing is kept."""
        refused: list[Refused] = []
        done = 0
        while done < len(rows):
            let_others_write(self._engine, since=self._ended_at)
            part = rows[done : done + self._pace.share(len(rows) - done)]
            with suppress(_DryRunError), writing(self._engine, self._pace) as conn:
                refused += self._apply(conn, part)
                if self._dry_run:
                    raise _DryRunError
            self._ended_at = time.monotonic()
            done += len(part)
            if not self._dry_run:
                self._statistics.grew(len(part))
        return refused
