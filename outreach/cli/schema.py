"""`outreach schema`."""

import typer

from outreach.app.schema import choices_of, write_schemas
from outreach.cli.call import call_of
from outreach.cli.screen import Screen


def schema(ctx: typer.Context) -> None:
    """Write JSON Schemas, for editors that complete and explain while a file is written.

    They name this project's topics, stages and templates: write them again when there are more.
    """
    call = call_of(ctx)
    with call.context() as context:
        found = write_schemas(context.environment.state, choices_of(context))

    def people(screen: Screen) -> None:
        for path in found.paths:
            screen.line(path)

    call.show(found.schemas, people)
