"""Who is at this terminal."""

import getpass
from contextlib import suppress

from outreach.store.words import writable


def person() -> str | None:
    """The account of this machine that runs the command; None where nobody can tell."""
    with suppress(OSError, KeyError, ImportError):
        return writable(getpass.getuser())
    return None
