"""What stands around every command: its arguments, its errors, its exit code."""

import gc
import os
import sys
import traceback
from collections.abc import Callable

import typer
from typer.main import get_command

from outreach.cli.app import application
from outreach.cli.call import Call
from outreach.cli.document import write_document
from outreach.cli.options import take_out, wants_json
from outreach.errors import OutreachError, ProblemsFound, SetupError, UsageError

INTERRUPTED = 130  # what shells say of a process that Ctrl-C ended
GARBAGE_EVERY = 20000  # objects made: with the usual 700, looking for rings took a fifth of a tick
PROBLEMS, USAGE, BROKEN = 1, 2, 3
_TO_MEND: dict[type[OSError], str] = {
    IsADirectoryError: "name a file, not a folder",
    NotADirectoryError: "name a folder, not a file",
    FileNotFoundError: "name one that is there",
}


def run(arguments: list[str]) -> int:
    """Run the command that the arguments name; the exit code.

    0 done; 1 problems found; 2 wrong usage; 3 set-up broken. With `--json` errors are one
    document on stdout too.
    """
    json = wants_json(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # never fail for a character
    try:
        code = guarded(lambda: _call(arguments), json)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _nobody_reads()
    return code


def guarded(act: Callable[[], int], json: bool) -> int:
    """The exit code of what is done; an error is told, and has one too."""
    try:
        return act()
    except ProblemsFound as found:
        return _show_problems(found, json)
    except OutreachError as error:
        return show_error(error, json)
    except typer.Abort:
        return INTERRUPTED
    except typer.TyperException as error:
        return show_error(_usage(error), json)
    except (KeyboardInterrupt, BrokenPipeError, SystemExit):
        raise
    except Exception as error:
        return show_error(_set_up(error) or _bug(error), json)


def _call(arguments: list[str]) -> int:
    options, rest = take_out(arguments)
    _must_be_text(rest)
    if not rest and options.json:
        raise UsageError("missing command", "see `outreach --help`")
    if rest == ["--version"]:
        return _show_version(options.json)
    if not rest:
        rest = ["--help"]
    command = get_command(application(rest))
    if not gc.isenabled():  # in a process of our own
        gc.freeze()
        gc.set_threshold(GARBAGE_EVERY)
        gc.enable()
    code = command.main(args=rest, prog_name="outreach", standalone_mode=False, obj=Call(options))
    return code if isinstance(code, int) else 0


def _must_be_text(arguments: list[str]) -> None:
    """UsageError for words that no database keeps; a file may be called as it likes."""
    for each in arguments:
        if not each.isascii() and not os.path.exists(each):
            try:
                each.encode()
            except UnicodeEncodeError:
                hint = "set the terminal to UTF-8, and write it anew"
                raise UsageError(f"`{each}` is not in UTF-8", hint) from None


def _show_version(json: bool) -> int:
    from importlib.metadata import version

    found = version("outreach")
    if json:
        write_document({"version": found})
    else:
        sys.stdout.write(f"outreach {found}\n")
    return 0


def _show_problems(found: ProblemsFound, json: bool) -> int:
    if json:
        write_document(found.problems)
    else:
        sys.stdout.writelines(f"{problem}\n" for problem in found.problems)
    return found.exit_code


def show_error(error: OutreachError, json: bool) -> int:
    """Say why the command can not go on; its exit code."""
    if json:
        said = {"code": error.code, "message": error.message, "hint": error.hint}
        write_document({"error": said})
    else:
        hint = f"; {error.hint}" if error.hint else ""
        sys.stderr.write(f"outreach: {error.message}{hint}\n")
    return error.exit_code


def _usage(error: typer.TyperException) -> UsageError:
    """A fault that typer found in the arguments, in our words."""
    from outreach.documents.library_words import in_our_words

    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "outreach"
    message = in_our_words(error.format_message().strip().rstrip("."))
    return UsageError(message[:1].lower() + message[1:], f"see `{path} --help`")


def _set_up(error: Exception) -> OutreachError | None:
    """A database or a file that fails, as an error with cause and remedy; None for a bug."""
    if "sqlalchemy" in sys.modules:
        from outreach.app.database import database_error

        found = database_error(error)
        if found is not None:
            return found
    if isinstance(error, OSError) and error.filename is not None:
        message = f"`{error.filename}`: {error.strerror}"
        return SetupError(message, _TO_MEND.get(type(error), "mend its rights, or make room"))
    return None


def _bug(error: Exception) -> OutreachError:
    """A fault of outreach itself: told to its authors on stderr, without values of variables."""
    sys.stderr.write("".join(traceback.format_tb(error.__traceback__)))
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} in {os.path.basename(where.filename)}:{where.lineno}"
    found = OutreachError(f"this is a fault of outreach: {place}", "please report it")
    found.code = "bug"
    return found


def _nobody_reads() -> int:
    """Whoever read our output has gone: end in silence."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  until the process ends
    return PROBLEMS
