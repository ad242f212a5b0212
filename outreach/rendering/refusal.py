"""Why one message can not be rendered; its neighbours go on."""

from decimal import InvalidOperation
from types import TracebackType

from jinja2 import Template
from jinja2.exceptions import SecurityError, UndefinedError

BY_ZERO = "divides by zero"
# By kind, the first that fits: Python's own words may hold values, and speak to programmers.
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (ZeroDivisionError, f"{BY_ZERO}; write `{{% if … %}}` around it"),
    (
        InvalidOperation,
        "a text where a number belongs, or a sum that has no result; make it a number by `|float`",
    ),
    (ArithmeticError, "a number that is too large; reckon with smaller ones"),
    (
        TypeError,
        (
            "values of kinds that do not go together, such as a text and a number; make it a number"
            " by `|float`, or join texts by `~`"
        ),
    ),
    (
        ValueError,
        "a value that can not be read as what is asked for, such as a text as a number; leave that out",
    ),
    (AttributeError, "asks a value for something that it does not have; print the value alone"),
    (LookupError, "asks for a member or an entry that is not there; write `{% if … %}` around it"),
    (NameError, "a name that has no value here; set it in the same block, before it is used"),
    (MemoryError, "grows too large; write less"),
    (RecursionError, "too deeply nested; put fewer tags into each other"),
)


class RenderError(Exception):
    """Raised when one message can not be made; `reason` holds no address and no customer's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def refusal(error: Exception) -> RenderError:
    """What went wrong while a template ran, with its file and line, without the values it met."""
    if isinstance(error, RenderError | SecurityError | UndefinedError):
        what = str(error)  # these speak of names, never of values
    else:
        fitting = (words for kind, words in _WORDS if isinstance(error, kind))
        what = next(fitting, "can not be rendered")
    place = _place(error.__traceback__)
    return RenderError(f"{place}: {what}" if place else what)


def _place(traceback: TracebackType | None) -> str:
    place = ""
    while traceback is not None:
        template = traceback.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            place = f"{template.name}:{template.get_corresponding_lineno(traceback.tb_lineno)}"
        traceback = traceback.tb_next
    return place
