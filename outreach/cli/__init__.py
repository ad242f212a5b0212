"""The command line: each command is a small module, imported only when it is called."""

import gc
import sys


def main() -> None:
    """The command `outreach`: runs what its arguments say and ends the process."""
    # What is loaded stays: looking for garbage in it, while loading and at the end, took a short
    # command a quarter of its time. `frame` looks again from where the command itself begins.
    gc.disable()
    from outreach.cli.frame import run

    code = run(sys.argv[1:])
    gc.freeze()
    sys.exit(code)
