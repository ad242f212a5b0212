"""The Jinja environment templates run in: strict, closed, counted."""

import re
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from types import BuiltinMethodType
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError, TemplateNotFound
from jinja2.runtime import BlockReference, Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from markupsafe import Markup, escape

from outreach.rendering import happened, pictures
from outreach.rendering.budget import OPERATORS, Budget, enter, present, tick, weigh
from outreach.rendering.filters import FILTERS, FUNCTIONS, compare, concat, printable
from outreach.rendering.linked import FILTER
from outreach.rendering.links import link
from outreach.rendering.month_day import read_day
from outreach.rendering.translations import FORM, NUMBER, plural_form, plural_number

_TEXT = frozenset(
    [
        "capitalize",
        "endswith",
        "isalpha",
        "isdigit",
        "lower",
        "lstrip",
        "rstrip",
        "split",
        "startswith",
        "strip",
        "title",
        "upper",
    ]
)
METHODS: dict[type, frozenset[str]] = {
    str: _TEXT,
    dict: frozenset({"get", "items", "keys", "values"}),
    date: frozenset({"isoformat", "isoweekday", "weekday"}),
    datetime: frozenset({"date", "isoformat", "isoweekday", "time", "weekday"}),
    time: frozenset({"isoformat"}),
}
ALL_METHODS = frozenset().union(*METHODS.values())
# No value can hold a mark: nobody outside this process knows it.
MARK = f"\ue000{secrets.token_hex(8)}:"
MARK_END = "\ue001"


class Person(str):
    """The key of a member of staff, which prints and compares as such, with what is known of them."""

    __slots__ = ("known",)
    known: Mapping[str, str]

    def __new__(cls, key: str, known: Mapping[str, str] | None = None) -> "Person":
        """A key with the entries of `owners` in outreach.yaml."""
        person = super().__new__(cls, key)
        person.known = dict(known or {})
        return person

    def __getnewargs__(self) -> tuple[str, Mapping[str, str]]:  # type: ignore[override]
        return str(self), self.known


class Dates:
    """A customer's named dates, from days by name; one that is not known is none."""

    __slots__ = ("known",)

    def __init__(self, days: Mapping[str, str]) -> None:
        self.known = {name: read_day(day) for name, day in days.items()}


_READ_BY_NAME = (Dates, happened.Happened)
_SPECIAL = re.compile("[&<>\"']")


def print_text(value: object) -> str:
    """What is printed for a value in a text."""
    return value if value.__class__ is str else printable(value)


def print_html(value: object) -> str:
    """What is printed for a value in a page: escaped, unless it is HTML the template made."""
    if isinstance(value, Markup):
        return value
    text = value if value.__class__ is str else printable(value)
    return escape(text) if _SPECIAL.search(text) else text


_ICS = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def print_ics(value: object) -> str:
    """What is printed for a value in a calendar or card: text and nothing else (RFC 5545 3.3.11)."""
    return value if isinstance(value, Markup) else printable(value).translate(_ICS)


def print_mark(value: object) -> str:
    """A mark in a value's place; the value goes to the budget."""
    if isinstance(value, Markup):
        return value
    values = present().values
    values.append(printable(value))
    return f"{MARK}{len(values) - 1}{MARK_END}"


class _Generator(CodeGenerator):
    """Leaves all of printing to `finalize`: Jinja's own escape costs more than the rest of a value."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002
        self.write("environment.finalize(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:  # noqa: ARG002
        self.write(")")


class Sandbox(ImmutableSandboxedEnvironment):
    """Runs one part of one message in one language; templates come parsed, by full path."""

    intercepted_binops = frozenset(OPERATORS)
    code_generator_class = _Generator

    def __init__(
        self,
        printing: Callable[[object], str],
        paths: Callable[[str], str | None],
        loader: "Parsed",
    ) -> None:
        super().__init__(
            autoescape=printing is not print_text,
            undefined=StrictUndefined,
            finalize=printing,
            loader=loader,
            cache_size=-1,
            auto_reload=False,
        )
        self._paths = paths
        self._resolved: dict[str, str] = {}
        self.binop_table.update(OPERATORS)
        self.filters = {**FILTERS, "_concat": concat, "_compare": compare, FILTER: link}
        self.filters[pictures.FILTER] = pictures.picture
        self.filters[happened.FILTER] = happened.last_of
        self.filters[FORM], self.filters[NUMBER] = plural_form, plural_number
        self.tests = dict(TESTS)
        self.globals = dict(FUNCTIONS)
        self.tick = tick
        self._callable = {id(function) for function in (*FUNCTIONS.values(), tick)}

    def join_path(self, template: str, parent: str) -> str:  # noqa: ARG002
        """The full path of what a template calls another."""
        if template not in self._resolved:
            self._resolved[template] = self._paths(template) or template
        return self._resolved[template]

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A dictionary's own key first: Jinja's order fails an attribute look-up before each key."""
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                pass
        elif (type(obj) is Person and attribute not in ALL_METHODS) or type(obj) in _READ_BY_NAME:
            return obj.known.get(attribute)
        return super().getattr(obj, attribute)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Call what is on the list, and take it from the budget; SecurityError for all else."""
        present().spend()
        if not __self._may_call(__obj):
            raise SecurityError(
                "calls what a template may not call; print the value alone, or by a filter"
            )
        result = __context.call(__obj, *args, **kwargs)
        weigh(result)
        return result

    def _may_call(self, obj: object) -> bool:
        if isinstance(obj, Macro | LoopContext | BlockReference) or id(obj) in self._callable:
            return True
        if not isinstance(obj, BuiltinMethodType):
            return False
        return obj.__name__ in METHODS.get(_plain_type(obj.__self__), ())


def _plain_type(value: object) -> type:
    return str if isinstance(value, str) else type(value)


class Parsed(BaseLoader):
    """Compiles syntax trees that were read, judged and changed before; knows no other file."""

    def __init__(self, trees: Mapping[str, nodes.Template]) -> None:
        self.trees = trees

    def load(self, environment: Any, name: str, globals: Any = None) -> Template:  # noqa: A002
        """The compiled template of a full path."""
        tree = self.trees.get(name)
        if tree is None:
            raise TemplateNotFound(name)
        before = enter(Budget())  # constants are folded while compiling
        try:
            code = environment.compile(tree, name, name)
        finally:
            enter(before)
        return Template.from_code(environment, code, globals or {})
