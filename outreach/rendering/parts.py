"""One part of a message (a subject, a page, a text), compiled and run within its budget."""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice

from jinja2 import nodes
from jinja2.exceptions import TemplateError

from outreach.rendering.assets import Asset
from outreach.rendering.budget import LARGEST_TEXT, Budget, enter
from outreach.rendering.filters import FUNCTIONS
from outreach.rendering.happened import place_events
from outreach.rendering.linked import link_all
from outreach.rendering.mjml_pages import INLINE
from outreach.rendering.pictures import place_pictures
from outreach.rendering.refusal import RenderError, refusal
from outreach.rendering.sandbox import (
    ALL_METHODS,
    Parsed,
    Sandbox,
    print_html,
    print_mark,
    print_text,
)
from outreach.rendering.styles import inline_styles
from outreach.rendering.syntax import count_steps
from outreach.rendering.tree import Part
from outreach.rendering.walking import all_of

_PIECES = 64  # of the output, between two looks at how long it has become


class Renderer:
    """Renders one part for any number of customers, on any thread.

    Takes the part's syntax trees over and changes them. Raises StyleError, or Jinja's TemplateError
    for what only its compiler sees.
    """

    def __init__(
        self,
        part: Part,
        *,
        html: bool,
        text_too: bool = False,
        linked: bool = False,
        pictures: Mapping[str, Asset] | None = None,
        hosted: bool = False,
        printing: Callable[[object], str] | None = None,
    ) -> None:
        """`text_too`: the page's text is wanted as well, see `run_marked`.

        `linked`: links lead where the message's `Links` say; `addresses` are texts among which
        are those that stand in the templates. `hosted`: the part's pictures are fetched from where
        the message says. `printing`: how values are written, where it is neither page nor text.
        """
        if html:
            inline_styles(part, marked=INLINE if part.main.endswith(".mjml") else "")
        place_events(part)
        place_pictures(part, pictures or {}, hosted=hosted)
        self.addresses = link_all(part, html=html) if linked else frozenset[str]()
        self.marks = html and text_too and all(map(_keeps_marks, part.trees.values()))
        self.names = frozenset(
            node.name for tree in part.trees.values() for node in all_of(tree, nodes.Name)
        )  # all that it may look up, and its own
        for tree in part.trees.values():
            count_steps(tree)
        plain = print_mark if self.marks else print_html if html else print_text
        sandbox = Sandbox(printing or plain, part.resolve, Parsed(part.trees))
        for path in part.trees:
            sandbox.get_template(path)  # nothing is compiled later
        self._template = sandbox.get_template(part.main)

    def run(self, variables: dict[str, object]) -> str:
        """The part's text; RenderError says why there is none.

        `variables` are everything a template finds, FUNCTIONS too; not changed.
        """
        return self._run(variables, Budget())

    def run_marked(self, variables: dict[str, object]) -> tuple[str, Sequence[str]]:
        """The page with marks where it prints values, and the values; only if `marks`."""
        budget = Budget()
        return self._run(variables, budget), budget.values

    def _run(self, variables: dict[str, object], budget: Budget) -> str:
        pieces: list[str] = []
        template, before = self._template, enter(budget)
        try:
            # As its new_context, but for the globals: they are among the variables.
            context = template.environment.context_class(
                template.environment, variables, template.name, template.blocks
            )
            output = template.root_render_func(context)
            room = LARGEST_TEXT
            while some := list(islice(output, _PIECES)):
                pieces += some
                room -= sum(map(len, some))
                if room < 0:
                    budget.grow(LARGEST_TEXT + 1)
        except (RenderError, TemplateError, ArithmeticError, LookupError, RecursionError) as error:
            raise refusal(error) from None
        except (TypeError, ValueError, AttributeError, NameError) as error:
            raise refusal(error) from None
        except (AssertionError, MemoryError) as error:
            raise refusal(error) from None
        finally:
            enter(before)
        return "".join(pieces)


def _keeps_marks(tree: nodes.Template) -> bool:
    """Whether what the template builds is only ever printed, so that marks survive in it."""
    printed = {id(child) for out in all_of(tree, nodes.Output) for child in out.nodes}
    printed |= {id(block.call) for block in all_of(tree, nodes.CallBlock)}
    modules = {"self", *(found.target for found in all_of(tree, nodes.Import))}
    return tree.find(nodes.AssignBlock) is None and all(
        id(call) in printed or not _may_build(call, modules) for call in all_of(tree, nodes.Call)
    )


def _may_build(call: nodes.Call, modules: Collection[str]) -> bool:
    """Whether a call may make output: of a macro, a block, a loop; not of a value's own method."""
    called = call.node
    if isinstance(called, nodes.Getattr) and called.attr in ALL_METHODS:
        return isinstance(called.node, nodes.Name) and called.node.name in modules
    return not (isinstance(called, nodes.Name) and called.name in FUNCTIONS)
