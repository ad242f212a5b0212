"""Style sheets written into the tags they style, when a template is compiled.

Mail readers drop `<style>` (Gmail's app does for some accounts, others keep only media queries).
css-inline works out which declarations a tag gets, on a copy that holds nothing but tags; they are
then put into the template's own text, so no Jinja tag ever passes through an HTML parser.
"""

import re
from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser

import css_inline
from jinja2 import nodes

from outreach.rendering.tags import At, Scanner, Tag
from outreach.rendering.tree import Part, Walk

_INLINER = css_inline.CSSInliner(
    keep_style_tags=True, remove_inlined_selectors=True, load_remote_stylesheets=False
)
_LEFT = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    ]
)
_ID = "data-outreach-tag"


class StyleError(Exception):
    """Raised when a template's styles can not be written into its tags; `node` is where."""

    def __init__(self, node: nodes.Node, reason: str) -> None:
        super().__init__(reason)
        self.node = node
        self.reason = reason
        self.path = ""


def inline_styles(part: Part, marked: str = "") -> None:
    """Change the part's template data so that tags carry the declarations of its style sheets.

    What can not be written into a tag stays in the style element: media queries, `:hover`, and
    selectors that match nothing. An `if` inside a tag is left alone and its classes match nothing;
    both branches of an `if` around tags are styled as if they followed each other. Raises
    StyleError where a style depends on what the template prints. `marked`: only sheets that begin
    so are looked at, and the others stay as they are.
    """
    try:
        _inline(part, marked)
    except StyleError as error:
        error.path = _file_of(part, error.node)
        raise


def _file_of(part: Part, node: nodes.Node) -> str:
    for path, tree in part.trees.items():
        if any(found is node for found in tree.find_all(type(node))):
            return path
    return part.main


def _inline(part: Part, marked: str) -> None:
    reader = _Reader(part)
    reader.run()
    sheets = [
        each for each in reader.scanner.sheets
        if each.node.data[each.start : each.end].lstrip().startswith(marked)
    ]  # fmt: skip
    tags = [event for event in reader.scanner.events if isinstance(event, Tag)]
    css = "".join(s.node.data[s.start : s.end].lstrip().removeprefix(marked) for s in sheets)
    if not css.strip():
        return
    styled = _INLINER.inline(_skeleton(css, reader.scanner.events))
    edits: dict[int, _Edits] = {}
    _edit_tags(tags, _styles_of(styled), edits)
    if not any(tag.dynamic_class for tag in tags) and not reader.conditional_class:
        left = "".join(_LEFT.findall(styled)).strip()
        for sheet in {(id(s.node), s.start): s for s in sheets}.values():
            _edits_of(sheet.node, edits).put(sheet.start, sheet.end, left)
            left = ""
    for change in edits.values():
        change.apply()


class _Reader(Walk):
    """Feeds the scanner; what is conditional inside a tag is one opaque value."""

    def __init__(self, part: Part) -> None:
        super().__init__(part)
        self.scanner = Scanner()
        self.conditional_class = False

    def on_data(self, node: nodes.TemplateData) -> None:
        self.scanner.feed(node)

    def on_value(self, node: nodes.Expr) -> None:
        if self.scanner.at is At.RAW and self.scanner.raw == "style":
            raise StyleError(node, "a style sheet can not print values; use a `style` attribute")
        self.scanner.value()

    def on_if(self, node: nodes.If) -> None:
        if not self._opaque(node):
            super().on_if(node)

    def on_for(self, node: nodes.For) -> None:
        if not self._opaque(node):
            super().on_for(node)

    def _opaque(self, node: nodes.Node) -> bool:
        """Whether the node stands inside a tag or style sheet, where it is not walked."""
        at = self.scanner.at
        if at is At.RAW and self.scanner.raw == "style":
            raise StyleError(node, "a style sheet can not hold `if` or `for`; use two classes")
        if at in (At.TEXT, At.RAW, At.COMMENT):
            return False
        data = "".join(d.data for d in node.find_all(nodes.TemplateData))
        if at is At.TAG and re.search(r"\bstyle\s*=", data):
            raise StyleError(node, "put the condition inside the value of `style`, not around it")
        ends = self.scanner.quote if at is At.VALUE else "<>"
        if any(char in data for char in ends):
            raise StyleError(node, "a condition that begins inside a tag must end there")
        self.conditional_class |= at is At.TAG and "class" in data
        self.scanner.value()
        return True


def _skeleton(css: str, events: Iterable[Tag | str]) -> str:
    """An HTML document of the tags alone, each numbered."""
    parts = [f"<!doctype html><html><head><style>{css}</style></head><body>"]
    number = 0
    for event in events:
        if isinstance(event, str):
            if event not in ("html", "head", "body", "style", "title", "", "script"):
                parts.append(f"</{event}>")
            continue
        attributes = "".join(
            f' {name}="{escape(value)}"'
            for name, value in event.attributes
            if name != "style" and re.fullmatch(r"[\w:-]+", name)
        )
        if event.name not in ("link", "style", "script", "title", "base", "meta", "head"):
            parts.append(f'<{event.name} {_ID}="{number}"{attributes}>')
        number += 1
    return "".join(parts)


class _StyleReader(HTMLParser):
    """Collects the style attribute of each numbered tag."""

    def __init__(self) -> None:
        super().__init__()
        self.styles: dict[int, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        found = dict(attrs)
        number, style = found.get(_ID), found.get("style")
        if number is not None and style:
            self.styles[int(number)] = style.strip().rstrip(";") + ";"


def _styles_of(html: str) -> dict[int, str]:
    reader = _StyleReader()
    reader.feed(html)
    reader.close()
    return reader.styles


class _Edits:
    """Changes to one piece of template data, made from the back so that positions hold."""

    def __init__(self, node: nodes.TemplateData) -> None:
        self.node = node
        self.changes: dict[int, tuple[int, str]] = {}

    def put(self, start: int, end: int, text: str) -> None:
        """Replace a span; the same change may come twice, a different one is refused."""
        if self.changes.setdefault(start, (end, text)) != (end, text):
            raise StyleError(
                self.node, "a tag that is used in several places gets a different style in each"
            )

    def apply(self) -> None:
        """Write the changes into the node."""
        data = self.node.data
        for start, (end, text) in sorted(self.changes.items(), reverse=True):
            data = data[:start] + text + data[end:]
        self.node.data = data


def _edits_of(node: nodes.TemplateData, edits: dict[int, _Edits]) -> _Edits:
    return edits.setdefault(id(node), _Edits(node))


def _edit_tags(tags: list[Tag], styles: dict[int, str], edits: dict[int, _Edits]) -> None:
    for number, tag in enumerate(tags):
        style = styles.get(number, "").replace('"', "'")  # css-inline writes '…' itself
        if tag.style_at is not None:
            node, position = tag.style_at
            _edits_of(node, edits).put(position, position, f"{escape(style)} " if style else "")
        elif any(name == "style" for name, _ in tag.attributes) and style:
            raise StyleError(tag.node, "the value of `style` must stand in quotes")
        else:
            text = f' style="{escape(style, quote=False)}"' if style else ""
            _edits_of(tag.node, edits).put(tag.name_end, tag.name_end, text)
