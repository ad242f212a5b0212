"""Loggers: structlog, loaded with the first line, since most commands write none."""

from collections.abc import Callable
from threading import Lock
from typing import Any

DEBUG, INFO = 10, 20  # as logging has them, which loads slowly


class Logger:
    """The log of one module: each line an event in a few words, with ids as fields."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def debugs(self) -> bool:
        """Whether lines of `debug` are written: what would be a line a message need not be made."""
        return _Waiting.least <= DEBUG

    def debug(self, event: str, **fields: object) -> None:
        """What only those who look for a fault want to know."""
        if _Waiting.least <= DEBUG:
            _structlog(self._name).debug(event, **fields)

    def info(self, event: str, **fields: object) -> None:
        """What was done."""
        if _Waiting.least <= INFO:
            _structlog(self._name).info(event, **fields)

    def warning(self, event: str, **fields: object) -> None:
        """What somebody should look at some day."""
        _structlog(self._name).warning(event, **fields)

    def error(self, event: str, **fields: object) -> None:
        """What somebody has to mend."""
        _structlog(self._name).error(event, **fields)

    def exception(self, event: str, **fields: object) -> None:
        """An error with the traceback of the exception that is being handled."""
        _structlog(self._name).exception(event, **fields)


class _Waiting:
    """What is still to be called before the first line; one for the process, as structlog is."""

    lock = Lock()
    prepare: Callable[[], None] | None = None
    least = DEBUG  # what is below is not looked at: one line a message costs more than a token


def before_first_line(prepare: Callable[[], None], least: int = DEBUG) -> None:
    """Have `prepare` called once, when the next line of any logger is to be written.

    No line of a level below `least` will be.
    """
    _Waiting.prepare = prepare
    _Waiting.least = least


def _structlog(name: str) -> Any:
    import structlog

    with _Waiting.lock:  # another thread's line waits until the log is set up
        if _Waiting.prepare is not None:
            _Waiting.prepare()
            _Waiting.prepare = None
    return structlog.get_logger(name)
