"""What the C library keeps of memory that was given back."""

import ctypes
import sys

_M_ARENA_MAX = -8  # glibc's malloc.h
MOST_ARENAS = 2


def share_arenas() -> None:
    """Let all threads of this process take memory from two arenas, where glibc would make many.

    Each keeps what its threads gave back: a database's pages, read by one short-lived thread after
    another, stood in it several times over. Elsewhere (musl, macOS, Windows) nothing happens.
    """
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_M_ARENA_MAX, MOST_ARENAS)
