"""`outreach migrate`."""

import typer

from outreach.app.migrate import migrate_database
from outreach.cli.call import call_of


def migrate(ctx: typer.Context) -> None:
    """Bring the database up to date; on the embedded default this is done at every start."""
    call = call_of(ctx)
    with call.context() as context:
        found = migrate_database(context)
    said = "was up to date" if found.before == found.after else "is up to date now"
    call.show(found, lambda screen: screen.line(f"The database {said}: {found.after}"))
