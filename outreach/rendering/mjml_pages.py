"""MJML to a page, Jinja's tags as they are: the page is then a template like any other.

Each tag is a word while MJML is read: between components inside of `mj-raw`, which goes through as
it stands. What MJML has no place for, it drops in silence; so each word is looked for in the page.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from jinja2 import nodes

from outreach.errors import Problem
from outreach.rendering.mjml_text import Piece
from outreach.rendering.positions import Line, line_at, offset_of

INLINE = "/*outreach-inline*/"  # before a style sheet that is to be written into its tags
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_WORD = re.compile(r"jqx(\d{5})xqj")
_TAG = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<(/?)([A-Za-z][\w:-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)(/?)>",
    re.DOTALL,
)
_BETWEEN = frozenset(  # components that hold components: text has no place in them
    ["mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero", "mj-head"]
)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_POSITION = re.compile(r" at position (\d+):\d+")
_OPENS = re.compile(r"<([A-Za-z][\w:-]*)")
_STYLE = re.compile(r"(<mj-style\b[^>]*\binline\s*=\s*[\"']inline[\"'][^>]*>)")
_UNKNOWN = re.compile(r"<(mj-[\w-]+)")


@dataclass(frozen=True, slots=True)
class Page:
    """A page made of MJML; `marks` are its Jinja tags: where they begin and end, and in which piece
    they stood.
    """

    html: str
    marks: tuple[tuple[int, int, str, int], ...]  # begin, end, path, offset there

    def place_lines(self, tree: nodes.Template, path: str, text: str) -> None:
        """Give the tree's nodes the lines of the template: what stands in another file, the first."""
        begins = [begin for begin, *_ in self.marks]
        for node in (tree, *tree.find_all(nodes.Node)):
            offset = offset_of(self.html, node.lineno) if node.lineno else 0
            index = bisect_right(begins, offset) - 1
            node.lineno = Line(1)
            if index >= 0 and offset < self.marks[index][1] and self.marks[index][2] == path:
                begin, _, _, at = self.marks[index]
                node.lineno = line_at(text, at + offset - begin)


def page_of(pieces: Sequence[Piece], texts: Mapping[str, str]) -> Page | list[Problem]:
    """The page that a template's pieces make, or all that is wrong with them, at its place."""
    return _Conversion(pieces, texts).page()


class _Conversion:
    def __init__(self, pieces: Sequence[Piece], texts: Mapping[str, str]) -> None:
        self.pieces = [piece for piece in pieces if piece.text]
        self.starts = [0, *accumulate(len(piece.text) for piece in self.pieces)]
        self.texts = texts
        self.text = "".join(piece.text for piece in self.pieces)
        self.tags = list(_JINJA.finditer(self.text))
        word = iter(range(len(self.tags)))
        self.plain = _JINJA.sub(lambda _: f"jqx{next(word):05}xqj", self.text)
        self.words = list(_WORD.finditer(self.plain))

    def page(self) -> Page | list[Problem]:
        problems = [*self._without_mjml(), *self._in_tags(), *self._unbalanced()]
        if problems:
            return problems
        from mjml import mjml2html  # its library is loaded where there is any MJML

        styled = _STYLE.sub(rf"\1{INLINE}", self.plain)
        before, _, rest = "".join(_raw_between(styled)).partition("<mjml")
        given = f"<mjml{_with_language(rest)}"
        try:
            html = before + mjml2html(given)
        except ValueError as error:
            return [self._refused(str(error), given)]
        lost = [
            self._problem(tag.start(), "this is lost: MJML has no place for it here", _LOST)
            for number, tag in enumerate(self.tags)
            if f"jqx{number:05}xqj" not in html and not tag[0].startswith("{#")
        ]
        unknown = [self._unknown(found[1]) for found in _UNKNOWN.finditer(html)]
        return [*lost, *unknown] or self._restored(html)

    def _without_mjml(self) -> Iterator[Problem]:
        if "<mjml" not in self.plain:
            yield self._problem(0, "there is no `<mjml>`", "begin it with `<mjml><mj-body>`")

    def _in_tags(self) -> Iterator[Problem]:
        """Jinja tags that stand where an attribute's name would."""
        for tag in _TAG.finditer(self.plain):
            names = _QUOTED.sub(lambda each: " " * len(each[0]), tag[3] or "")
            for found in _WORD.finditer(names):
                yield self._problem(self.tags[int(found[1])].start(), *_IN_TAG)

    def _unbalanced(self) -> Iterator[Problem]:
        """MJML's own tags that are not closed, or closed twice."""
        inside: list[tuple[str, int]] = []
        for tag in _TAG.finditer(self.plain):
            name = tag[2] or ""
            if not name.startswith("mj") or tag[4]:
                continue
            if not tag[1]:
                inside.append((name, tag.start()))
            elif inside and inside[-1][0] == name:
                inside.pop()
            elif any(each == name for each, _ in inside):
                yield self._open(*inside[-1])
                return
            else:
                message = f"`</{name}>` closes what is not open"
                yield self._problem(self._back(tag.start()), message, "take it out")
                return
        if inside:
            yield self._open(*inside[-1])

    def _open(self, name: str, at: int) -> Problem:
        hint = f"write `</{name}>` behind what is in it, or `/>` at its end"
        return self._problem(self._back(at), f"`<{name}>` is not closed", hint)

    def _back(self, offset: int) -> int:
        """The place in the text of a place in `plain`."""
        before = [word for word in self.words if word.start() < offset]
        if not before:
            return offset
        tag = self.tags[len(before) - 1]
        return tag.end() + max(0, offset - before[-1].end())

    def _restored(self, html: str) -> Page:
        parts: list[str] = []
        marks: list[tuple[int, int, str, int]] = []
        length, last = 0, 0
        for found in _WORD.finditer(html):
            number = int(found[1])
            tag = self.tags[number] if number < len(self.tags) else None
            text = "{{ language }}" if tag is None else tag[0]
            path, offset = ("", 0) if tag is None else self._origin(tag.start())
            begin = length + found.start() - last
            marks.append((begin, begin + len(text), path, offset))
            parts += [html[last : found.start()], text]
            length, last = begin + len(text), found.end()
        return Page("".join((*parts, html[last:])), tuple(marks))

    def _origin(self, offset: int) -> tuple[str, int]:
        index = min(bisect_right(self.starts, offset) - 1, len(self.pieces) - 1)
        piece = self.pieces[index]
        return piece.path, piece.offset + offset - self.starts[index]

    def _problem(self, offset: int, message: str, hint: str) -> Problem:
        path, at = self._origin(offset)
        line = line_at(self.texts[path], at)
        return Problem(path, int(line), line.column, "mjml", message, hint)

    def _refused(self, said: str, given: str) -> Problem:
        """What MJML says against the text, at the tag before the place that it names."""
        found = _POSITION.search(said)
        message = f"MJML can not be read: {said.partition(' in root template')[0]}"
        opened = list(_OPENS.finditer(given, 0, int(found[1]) + 1 if found else len(given)))
        name = opened[-1][1] if opened else "mjml"
        number = sum(each[1] == name for each in opened)
        own = [each for each in _OPENS.finditer(self.plain) if each[1] == name]
        at = own[min(number, len(own)) - 1].start() if own else 0
        return self._problem(self._back(at), message, _SPOILT)

    def _unknown(self, name: str) -> Problem:
        at = max(self.plain.find(f"<{name}"), 0)
        message = f"MJML knows no `{name}`"
        return self._problem(self._back(at), message, "see mjml.io for its components")


_LOST = "put it inside of `mj-text`, an attribute's value, or `mj-raw`"
_IN_TAG = (
    "a Jinja tag has no place between the attributes of an MJML tag",
    'put it inside of a value: `color="{% if … %}red{% endif %}"`',
)
_SPOILT = "is each tag closed, and each `&` written `&amp;`?"


def _with_language(rest: str) -> str:
    head = rest.partition(">")[0]
    return rest if re.search(r"\slang\s*=", head) else f' lang="jqx99999xqj"{rest}'


def _raw_between(plain: str) -> Iterator[str]:
    """The text with the words that stand between components in `mj-raw`."""
    inside: list[str] = []
    last = 0
    for tag in _TAG.finditer(plain):
        yield _raw(plain[last : tag.start()], inside)
        yield tag[0]
        last = tag.end()
        if tag[2] is None or tag[4]:
            continue
        if not tag[1]:
            inside.append(tag[2])
        elif tag[2] in inside:
            while inside.pop() != tag[2]:
                pass
    yield _raw(plain[last:], inside)


def _raw(text: str, inside: Sequence[str]) -> str:
    return _WORD.sub(r"<mj-raw>\g<0></mj-raw>", text) if inside and inside[-1] in _BETWEEN else text
