"""The command line: each command is a small module, imported only when it is called."""

import sys


def main() -> None:
    """The command `outreach`: runs what its arguments say and ends the process."""
    from outreach.cli.frame import run

    sys.exit(run(sys.argv[1:]))
