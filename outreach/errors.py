"""Errors that stop a command, and problems that are collected and shown together."""

from dataclasses import dataclass

WARNING = "warning-"  # codes that begin so are told and fail nothing


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in a project's file: where, what, why and how to mend it.

    `line` and `column` count from 1; 0 when the fault has no place in a file.
    `file` is relative to the project folder.
    """

    file: str
    line: int
    column: int
    code: str  # stable, for machines: unknown-key, bad-value …
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}" + (f"; {self.hint}" if self.hint else "")


class OutreachError(Exception):
    """Raised when a command can not go on; `exit_code` is what the process returns."""

    exit_code = 3
    code = "broken"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(OutreachError):
    """Raised when a command was called in a way that can not be meant."""

    exit_code = 2
    code = "usage"


class SetupError(OutreachError):
    """Raised when the project, the database, the broker or a provider is not set up."""

    code = "setup"


class ProblemsFound(OutreachError):  # noqa: N818  no fault of a program
    """Raised when files of the project are at fault; `problems` holds every one of them."""

    exit_code = 1
    code = "problems"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(f"{len(problems)} problem{'s' * (len(problems) != 1)} found")
        self.problems = problems
