"""`outreach init`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from outreach.app.init import make_project
from outreach.cli.call import call_of
from outreach.cli.screen import Screen


def init(
    ctx: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="The new project's folder; else this one")
    ] = None,
    empty: Annotated[
        bool, typer.Option("--empty", help="Without the sample: one campaign to begin with")
    ] = False,
) -> None:
    """Make a new project from the sample: rules, campaigns of each kind, their templates and tests.

    With `--empty` only what is needed: rules, and one campaign that is a draft.
    """
    call = call_of(ctx)
    made = make_project(folder or call.options.project, empty=empty)

    def people(screen: Screen) -> None:
        screen.line(f"{len(made.files)} files in {made.folder.absolute()}")
        if empty:
            screen.line(
                "Put your own brand and senders into outreach.yaml; campaigns/hello.yaml is a"
            )
            screen.line("draft to make your first campaign of. Then:")
        else:
            screen.line(
                "Put your own brand and senders into outreach.yaml; the sample's campaigns are"
            )
            screen.line("active: write `status: draft` until they say what you want. Then:")
        if made.folder.absolute() != Path.cwd():
            screen.line(f"    cd {shlex.quote(str(made.folder))}")
        screen.line("    outreach check")

    call.show({"folder": made.folder.absolute(), "files": made.files}, people)
