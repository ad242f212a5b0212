"""Every command by name. To add one: a line in COMMANDS and a module of its name in cli/.

The module holds either a function of the command's name, or a typer app called `app` with the
sub-commands. Only the module of the command that is called is imported.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated

import typer

COMMANDS = {
    "init": "Make a new project from the sample",
    "demo": "The whole loop on a sample base; nothing leaves the machine",
    "check": "Every file of the project: all problems at once",
    "customers": "Import and export customers; show, merge or erase one; hand over to another owner",
    "dates": "Customers' important days: import them from a file, list their names",
    "interests": "What customers like, and where it was learnt: import, export",
    "events": "Import events from a file, or retract one",
    "consent": "The ledger of consent: grant, withdraw, import, show",
    "suppressions": "Addresses that are never used again: import, add, lift, list",
    "stages": "Where customers stand in their lifecycle",
    "describe": "A campaign read back in words",
    "plan": "Who would get a campaign and why the others would not",
    "explain": "Every rule's answer for one customer",
    "simulate": "All campaigns over the coming days, on a copy of the base",
    "outlook": "One customer's next months across all campaigns",
    "replay": "What a campaign would have done over past days, and what came without it",
    "preview": "The very messages that would go",
    "dev": "A page in the browser that follows your edits: messages, problems, plan",
    "test": "Campaign tests: who must get what, and why not",
    "approve": "Approve a campaign as it stands, after reading what it does",
    "send": "Send a campaign by hand, or a test of it to staff",
    "run": "Scheduler, worker and public pages in one process",
    "scheduler": "Make runs as they fall due",
    "worker": "Send what is due",
    "web": "The pages to opt out, and webhooks",
    "feedback": "What comes back by mail: bounces, complaints, answers",
    "runs": "Runs and their states",
    "correct": "Stop a run, and correct it to those who got it",
    "report": "What came of campaigns",
    "tasks": "Calls, visits and letters for people: list, show, done, drop, export",
    "doctor": "Whether everything works: database, broker, providers, ages",
    "schema": "JSON Schemas for editors",
    "migrate": "Bring the database up to date",
}
EPILOG = "Everywhere: --project DIR, --json."
_PLAIN = {"rich_markup_mode": None, "add_completion": False}


def application(arguments: Sequence[str]) -> typer.Typer:
    """The application for these arguments: every command by its summary, the one called whole."""
    app = typer.Typer(name="outreach", rich_markup_mode=None, add_completion=False)
    app.callback(epilog="`outreach COMMAND --help` says more of each.")(_outreach)
    called = next((word for word in arguments if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        if name == called:
            _register(app, name)
        else:
            app.command(name, short_help=summary)(_nothing)
    return app


def group(summary: str) -> typer.Typer:
    """A typer app for a command with sub-commands, named `app` in its module."""
    return typer.Typer(help=summary, rich_markup_mode=None, no_args_is_help=False)


def _register(app: typer.Typer, name: str) -> None:
    module = import_module(f"outreach.cli.{name}")
    if hasattr(module, "app"):
        for each in module.app.registered_commands:
            each.epilog = EPILOG
            each.short_help = _summary(each.callback)
        app.add_typer(module.app, name=name, epilog=EPILOG)
        return
    command: Callable[..., object] = getattr(module, name)
    app.command(name, short_help=COMMANDS[name], epilog=EPILOG)(command)


def _summary(command: Callable[..., object]) -> str:
    """The first paragraph of what a command says of itself, whole: typer would cut it off at a line."""
    first, _, _ = (command.__doc__ or "").strip().partition("\n\n")
    return " ".join(first.split())


def _outreach(
    project: Annotated[
        str, typer.Option(metavar="DIR", help="The project's folder", show_default="this folder")
    ] = "",
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on stdout, and nothing else")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Which version this is")] = False,
) -> None:
    """Personal messages to customers at every stage of their lifecycle.

    The options work before and after the command.
    """
    # Taken out of the arguments before typer sees them (frame.py, options.py): only shown here.


def _nothing() -> None:
    """A command that was not called: only its summary is shown."""
