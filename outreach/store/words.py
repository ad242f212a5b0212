"""Words of strangers, as both databases take them."""


def writable(said: str) -> str:
    """The words without NULs, and with `?` for lone surrogates; all else stays.

    PostgreSQL has no NUL in any text, nor has its JSON; UTF-8 has no surrogates.
    """
    return said.replace("\x00", "").encode("utf-8", "replace").decode()
