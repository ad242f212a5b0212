"""What to write instead of names and parts of Jinja that have no meaning in an expression."""

import difflib
from collections.abc import Iterable

from jinja2 import nodes

from outreach.audience.names import BIRTHDAY, FILTERS, FUNCTIONS, Kind, Names
from outreach.audience.operators import LARGEST
from outreach.audience.slips import for_name
from outreach.audience.unreadable import ONE_EXPRESSION

_REFUSED: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Getattr: ("a `.`", ""),
    nodes.Getitem: ("an index in `[ ]`", "to look into a list write for example `'vip' in tags`"),
    nodes.Pow: ("`**`", ""),
    nodes.Pos: ("a leading `+`", "take the `+` off"),
    nodes.List: ("a list, other than after `in`,", ""),
    nodes.Tuple: ("a list, other than after `in`,", ""),
    nodes.Dict: ("a dictionary", "join conditions: `country == 'DE' and orders > 1`"),
}
_ONLY_IN_TEMPLATES = "is for templates alone"
_BOUNCED = ("bounced", "bounce", "failed", "undelivered", "delivered", "hard_bounced")
_OF_TEMPLATES = {
    "salutation": f"it {_ONLY_IN_TEMPLATES}; here ask for `nickname`, `title` or `gender`",
    "brand": "it is the same for every customer: leave it out",
    "customer": "name the column itself, for example `city`",
    "dates": "write for example `date('wedding')`",
    **dict.fromkeys(
        ("loop", "self", "caller", "range", "dict", "namespace", "cycler", "joiner", "lipsum"),
        f"it {_ONLY_IN_TEMPLATES}: leave it out",
    ),
    **dict.fromkeys(
        ("unsubscribe_url", "campaign", "step", "variant"), f"it {_ONLY_IN_TEMPLATES}: leave it out"
    ),
}


def refused(node: nodes.Node, names: Names) -> tuple[str, str]:
    """What has no meaning, and what to write instead."""
    what, hint = _REFUSED.get(type(node), ("this", ONE_EXPRESSION))
    match node:
        case nodes.Getattr():
            hint = for_part(node, names)
        case nodes.Pow():
            hint = _power(node)
        case nodes.List() | nodes.Tuple():
            hint = "write for example `city in ['Paris', 'Rome']`"
            if not node.items:
                hint = "whether a list is empty is `tags|length == 0`"
    return what, hint


def for_part(node: nodes.Getattr, names: Names) -> str:
    """A hint for `owner.name`: no name but `event` has parts."""
    root, parts = _root(node)
    if root == "owner":
        return "`owner` is the address alone: write `owner == 'mei@example.com'`"
    if root == "dates":
        return f"write `date('{node.attr}')`"
    if root == BIRTHDAY:
        return f"write for example `days_until('{BIRTHDAY}') <= 7`"
    if root in _OF_TEMPLATES and node.attr not in names.kinds:
        return _OF_TEMPLATES[root]
    if node.attr in FILTERS and root in names.kinds:
        return f"write `{root}|{node.attr}`"
    if near := difflib.get_close_matches("_".join([root, *parts]), names.kinds, n=1, cutoff=0.9):
        return f"did you mean `{near[0]}`?"
    kind = names.kinds.get(root)
    if kind in (Kind.DATE, Kind.DATETIME):
        moment = "today" if kind is Kind.DATE else "now"
        return f"count from {moment}: for example `{root} > {moment} - days(365)`"
    if kind is not None:
        return f"take it off: write `{root}`"
    if node.attr in names.kinds:
        return f"write `{node.attr}`"
    return "names have no parts: write one name, for example `city`"


def for_call(node: nodes.Expr, names: Names) -> str:
    """A hint for what is called and is no function: `first_name.lower()`."""
    if isinstance(node, nodes.Getattr) and node.attr in FILTERS:
        root = _root(node)[0]
        return f"write `{root if root in names.kinds else 'city'}|{node.attr}`"
    return "write for example `count('order') > 0`"


def for_unknown(what: str, name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint for a name that nobody knows: those it may have meant, or where names come from."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=2)
    if what == "function" and name in _BOUNCED:
        return "where a mail is refused or comes back, `channels: [email, sms]` goes on by SMS"
    if hint := for_name(name):
        return hint
    if near:
        return f"did you mean {' or '.join(f'`{one}`' for one in near)}?"
    if name in _OF_TEMPLATES:
        return _OF_TEMPLATES[name]
    if otherwise:
        return otherwise
    if name in FUNCTIONS and what == "name":
        return f"it is a function: write `{name}( )` with what it asks for"
    if what == "name":
        return f"a text stands in quotes: `'{name}'`; declare what you import under `attributes`"
    return f"there are {', '.join(f'`{one}`' for one in known)}"


def _root(node: nodes.Expr) -> tuple[str, list[str]]:
    """The name before the first `.`, empty where none stands there; and what follows it."""
    parts: list[str] = []
    while isinstance(node, nodes.Getattr):
        parts.insert(0, node.attr)
        node = node.node
    return (node.name if isinstance(node, nodes.Name) else ""), parts


def _power(node: nodes.Pow) -> str:
    base, power = node.left, node.right
    if isinstance(base, nodes.Const) and isinstance(power, nodes.Const):
        small = type(base.value) is int and abs(base.value) <= 10 and power.value in range(16)
        if small and abs(base.value**power.value) <= LARGEST:
            return f"write the number itself: `{base.value**power.value}`"
        return "write the number itself, below 10^15"
    return "multiply: `orders * orders`"
