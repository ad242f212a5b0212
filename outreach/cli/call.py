"""One call of the command: its options, its context, and where its answer goes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from outreach.cli.document import write_document
from outreach.cli.options import Everywhere

if TYPE_CHECKING:
    from outreach.app.context import Context
    from outreach.cli.screen import Screen


@dataclass(frozen=True, slots=True)
class Call:
    """What every command gets; `options` are those of every command."""

    options: Everywhere

    @property
    def json(self) -> bool:
        """Whether the answer is one JSON document."""
        return self.options.json

    @contextmanager
    def context(self, *, chatty: bool = False, bare: bool = False) -> "Iterator[Context]":
        """The project's context, closed at the end; `chatty` logs what is done, not only warnings.

        With `bare` the folder need not hold a project.
        """
        from outreach.app.context import open_context
        from outreach.app.logs import set_up_logs

        context = open_context(self.options.project, self.options.now, bare=bare)
        set_up_logs(context.environment.log, chatty=chatty)
        try:
            yield context
        finally:
            context.close()

    def show(self, document: object, people: "Callable[[Screen], None]") -> None:
        """Show the answer: with `--json` the document, else what `people` writes on the screen."""
        if self.json:
            write_document(document)
            return
        from outreach.cli.screen import Screen

        people(Screen(sys.stdout))


def call_of(ctx: typer.Context) -> Call:
    """The call that a command's typer context belongs to."""
    call: Call = ctx.obj
    return call
