"""Logs: a line on stderr for each thing done; ids only, never an address or a text."""

import logging
import sys
from functools import partial
from typing import TYPE_CHECKING

from outreach.logger import before_first_line
from outreach.settings.environment import LogFormat

if TYPE_CHECKING:
    from structlog.types import Processor


def set_up_logs(form: LogFormat, *, chatty: bool = False, least: int = logging.WARNING) -> None:
    """Write logs to stderr from now on: from level `least` on, and with `chatty` also what is done.

    Tracebacks in them show no values of variables: those may hold personal data.
    """
    level = logging.INFO if chatty else least
    before_first_line(partial(_configure, form, level), level)
    logging.basicConfig(
        level=max(least, logging.WARNING),
        stream=sys.stderr,
        format="%(levelname)s %(name)s: %(message)s",
    )


def _configure(form: LogFormat, level: int) -> None:
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_renderers(form),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _renderers(form: LogFormat) -> "list[Processor]":
    import structlog

    if form is LogFormat.JSON:
        return [
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(),
        ]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
