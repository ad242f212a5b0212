"""`outreach schema`."""

import typer

from outreach.app.schema import write_schemas
from outreach.cli.call import call_of
from outreach.cli.screen import Screen


def schema(ctx: typer.Context) -> None:
    """Write JSON Schemas, for editors that complete and explain while a file is written."""
    call = call_of(ctx)
    with call.context() as context:
        found = write_schemas(context.environment.state)

    def people(screen: Screen) -> None:
        for path in found.paths:
            screen.line(path)

    call.show(found.schemas, people)
