"""A file as batches of parsed rows; a large one is read and parsed by a second process."""

import gc
import json
import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, BinaryIO

from outreach.errors import OutreachError, UsageError
from outreach.imports.encodings import as_utf8
from outreach.imports.fields import Field
from outreach.imports.job import Job
from outreach.imports.parsing import Cells, Fault
from outreach.imports.rows import Broken, CsvRows, JsonRows, is_json
from outreach.imports.sheets import ZIP, SheetRows, refuse_old

ROWS_OF_A_BATCH = 2_000  # some 100 ms of a write transaction on an idle machine
LARGE_FILE_BYTES = 8 * 1024 * 1024  # a second process pays from here on: it takes a second to start
GARBAGE_EVERY = 50_000  # objects made; a batch is some 20,000


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused row: everything that is wrong with it, by column, and its cells as they stand."""

    line: int
    faults: list[Fault]
    cells: list[str]


@dataclass(slots=True)
class Batch:
    """Rows in their order, and those that were refused between them."""

    header: list[str]
    rows: Any = field(default_factory=list)  # a sequence; of customers by columns
    refused: list[Refused] = field(default_factory=list)
    key: str = "key"  # what the file calls the column of customers' keys
    position: int = 0  # bytes of the file read so far
    warnings: tuple[str, ...] = ()


def batches(job: Job) -> Iterator[Batch]:
    """The file's rows; the last batch comes too when it is empty. UsageError: not to be read at all."""
    path = Path(job.path)
    try:
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        raise UsageError(f"`{path}` can not be read: {error.strerror}") from None
    return _from_process(job) if size >= LARGE_FILE_BYTES else parse_file(job)


def parse_file(job: Job) -> Iterator[Batch]:
    """The batches, parsed here."""
    with Path(job.path).open("rb") as file:
        reader = _Reader(job, file)
        batch = Batch(reader.rows.header)
        for line, content in reader.rows:
            reader.put(batch, line, content)
            if len(batch.rows) + len(batch.refused) >= ROWS_OF_A_BATCH:
                yield reader.finish(batch)
                batch = Batch(reader.rows.header)
        yield reader.finish(batch, is_last=True)


class _Reader:
    """Puts the rows of one open file into batches."""

    def __init__(self, job: Job, file: BinaryIO) -> None:
        self._parser = job.parser()
        self._pack = job.packed
        self._keeps_cells = job.sort != "customers"
        fields = self._parser.fields
        self._warnings: list[str] = []
        self._has_read = False  # a JSON line
        self.rows = self._open(job, file)
        if isinstance(self.rows, JsonRows):
            fields.check_map()
        else:
            self._columns = fields.header(self.rows.header, self._parser.required)

    def _open(self, job: Job, file: BinaryIO) -> CsvRows | JsonRows | SheetRows:
        start = file.peek(4) if isinstance(file, BufferedReader) else b""
        refuse_old(start)
        if start.startswith(ZIP):
            return SheetRows(file, job.options.sheet)
        if job.options.sheet is not None:
            raise UsageError("`--sheet` is for workbooks, and this file is none", "leave it out")
        opened = as_utf8(file, job.options.encoding, job.company.brand.country)
        self._warnings += [] if opened.warning is None else [opened.warning]
        if is_json(Path(job.path)):
            return JsonRows(opened.lines)
        return CsvRows(opened.lines, self._parser.fields.names())

    def put(self, batch: Batch, line: int, content: list[Any] | dict[str, Any] | Broken) -> None:
        """Parse a row into the batch, among the refused if anything is wrong with it."""
        if isinstance(content, list):
            cells = content
            of_columns = zip(self._columns, content, strict=True)
            found = self._parsed(line, of_columns, cells if self._keeps_cells else [])
        elif isinstance(content, dict):
            cells = [json.dumps(content, default=str, ensure_ascii=False)]
            found = self._of_object(line, content, cells)
        else:
            cells = list(content.cells) or [content.raw]
            found = [(content.column, content.message)]
        if type(found) is list:  # a row is a tuple, faults are a list
            batch.refused.append(Refused(line, found, cells))
        else:
            batch.rows.append(found)

    def _of_object(self, line: int, content: dict[str, Any], cells: list[str]) -> Any:
        """What a JSON line says, or its faults; names of the first line speak for the file."""
        of = self._parser.fields.of
        pairs = []
        for name, value in content.items():
            try:
                pairs.append((of(name), value))
            except UsageError as error:
                if not self._has_read:
                    raise
                return [(name, f"{error.message}; {error.hint}" if error.hint else error.message)]
        self._has_read = True
        return _twice(pairs) or self._parsed(line, pairs, cells)

    def _parsed(self, line: int, cells: Cells, raw: list[str]) -> Any:
        """The row, or its faults under the names that the file has for its columns."""
        found = self._parser.parse(line, cells, raw)
        if type(found) is not list:
            return found
        return [(self._parser.fields.source_of(name), message) for name, message in found]

    def finish(self, batch: Batch, *, is_last: bool = False) -> Batch:
        """The batch with what is true at its end, or at the file's."""
        batch.rows = self._pack(batch.rows)
        batch.position = self.rows.position()
        batch.key = self._parser.fields.source_of("key")
        unmet = self._parser.fields.unmet() if is_last else []
        batch.warnings = (*self._warnings, *self._parser.fields.warnings, *unmet)
        return batch


def _twice(pairs: list[tuple[Field | None, Any]]) -> list[Fault]:
    """Faults where two names of a JSON object are the same field: neither may go before."""
    names: dict[str, str] = {}
    faults: list[Fault] = []
    for field_ in (found for found, _ in pairs if found is not None):
        first = names.setdefault(field_.name, field_.source)
        if first != field_.source:
            faults.append((field_.source, f"is `{field_.name}`, and so is `{first}`"))
    return faults


def _from_process(job: Job) -> Iterator[Batch]:
    """The batches, parsed by a process of their own: one is read ahead while one is written."""
    context = multiprocessing.get_context("spawn")  # fork would copy locks and database handles
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_parse_for, args=(job, there), daemon=True)
    process.start()
    there.close()
    try:
        while True:
            try:
                message = here.recv()
            except EOFError:
                raise OutreachError("the process that reads the file was ended") from None
            if message is None:
                break
            if isinstance(message, Exception):
                raise message
            yield message
    finally:
        here.close()
        process.terminate()
        process.join()


def _parse_for(job: Job, pipe: Pipe) -> None:
    """Parse in this process and send each batch; None ends them, an error stands for itself."""
    gc.freeze()  # what is loaded stays …
    gc.set_threshold(GARBAGE_EVERY)  # … and rows go without: looking for rings took a fifth
    try:
        for batch in parse_file(job):
            pipe.send(batch)
        pipe.send(None)
    except BrokenPipeError:
        return  # nobody reads any more
    except OutreachError as error:
        pipe.send(error)
