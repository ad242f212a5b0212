"""Options that every command has, before or after its name: --project, --json, --now."""

from dataclasses import dataclass
from pathlib import Path

from outreach.errors import UsageError


@dataclass(frozen=True, slots=True)
class Everywhere:
    """What was said of the options of every command."""

    project: Path = Path()
    json: bool = False
    now: str | None = None  # as written: app/context.py reads it


_WITH_VALUE = ("--project", "--now")


def take_out(arguments: list[str]) -> tuple[Everywhere, list[str]]:
    """The options of every command, and the arguments without them; the last one given counts.

    What follows `--` is left alone. UsageError where a value is missing.
    """
    found: dict[str, str] = {}
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *words]
        elif word == "--json":
            found[word] = ""
        elif name in _WITH_VALUE:
            found[name] = value if equals else next(words, "")
            if not found[name]:
                raise UsageError(f"`{name}` needs a value", _EXAMPLE[name])
        else:
            rest.append(word)
    project = Path(found.get("--project", ""))
    return Everywhere(project, "--json" in found, found.get("--now")), rest


def wants_json(arguments: list[str]) -> bool:
    """Whether `--json` was said, even where other options are at fault."""
    before = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in before


_EXAMPLE = {
    "--project": "name the project's folder",
    "--now": "write for example `--now 2026-07-03T17:00`",
}
