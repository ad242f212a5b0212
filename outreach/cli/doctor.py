"""`outreach doctor`."""

import typer

from outreach.app.doctor import examine
from outreach.cli.call import call_of
from outreach.cli.screen import Screen


def doctor(ctx: typer.Context) -> int:
    """Whether everything works: files, database, broker, providers, ages, sums.

    Nothing is sent. Exit code 1 if anything is wrong.
    """
    call = call_of(ctx)
    with call.context() as context:
        found = examine(context)

    def people(screen: Screen) -> None:
        rows = [("ok" if each.ok else "WRONG", each.check, each.detail) for each in found]
        screen.table(["", "check", "detail"], rows)

    call.show(found, people)
    return 0 if all(each.ok for each in found) else 1
