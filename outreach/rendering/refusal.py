"""Why one message can not be rendered; its neighbours go on."""

from types import TracebackType

from jinja2 import Template
from jinja2.exceptions import SecurityError, UndefinedError


class RenderError(Exception):
    """Raised when one message can not be made; `reason` holds no address and no customer's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def refusal(error: Exception) -> RenderError:
    """What went wrong while a template ran, with its file and line, without the values it met."""
    if isinstance(error, RenderError | SecurityError | UndefinedError):
        what = str(error)  # these speak of names, never of values
    elif isinstance(error, RecursionError):
        what = "too deeply nested"
    else:
        what = f"{type(error).__name__} while rendering"
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
