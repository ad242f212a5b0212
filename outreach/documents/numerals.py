"""Numbers as they may be written in templates and expressions."""

from math import isinf

MOST_DIGITS = 100


def numeral_fault(kind: str, written: str) -> str:
    """What is wrong with a token of Jinja's lexer, of this kind, if it is a number; empty: nothing.

    Python reads no whole number of over 4,300 digits, and 1e400 as infinity, which no compiled
    template can name.
    """
    if kind == "integer" and len(written) > MOST_DIGITS:
        return f"a number has at most {MOST_DIGITS} digits"
    if kind == "float" and isinf(float(written.replace("_", ""))):
        return "the number is too large"
    return ""
