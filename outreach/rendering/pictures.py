"""Pictures of a template's folder in its pages: found, and given the address they have in a mail."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import nodes, pass_context
from jinja2.runtime import Context

from outreach.campaign.attachment_file import PICTURES, ending_of
from outreach.errors import Problem
from outreach.rendering.assets import HOSTED, Asset, asset_of, begins_as
from outreach.rendering.positions import line_at
from outreach.rendering.sources import Sources
from outreach.rendering.spliced import Children, Span, splice, text_of
from outreach.rendering.tree import Part

FILTER = "_picture"
VARIABLE = "_pictures"  # where pictures are fetched from; "": they stand in the mail
_SRC = re.compile(
    r"""(?<![\w-])(?:src|background|background-url)\s*=\s*(?:"([^"]*)"|'([^']*)')"""
    r"""|(?<![\w-])url\(\s*['"]?([^\s'"()]+)['"]?\s*\)""",
    re.IGNORECASE,
)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|[/#]|\x01", re.IGNORECASE)
_TAG = re.compile(r"<([A-Za-z][\w:-]*)[^<>]*$")
_SHOWN_BY = frozenset({"img", "v:fill", "v:image", "table", "td", "th", "tr", "body", "v:rect"})
_MJML = ("mj-image", "mj-hero", "mj-section", "mj-wrapper", "mj-carousel-image", "mj-body")
_FORMATS = "mail programs show png, jpg, gif and webp"


@dataclass(slots=True)
class Pictures:
    """The pictures of one part, as they are found while its files are read."""

    sources: Sources
    locale: str
    found: dict[str, Asset] = field(default_factory=dict)  # as written → file

    def look(self, path: str, text: str) -> Iterator[Problem]:
        """Find those of one page; what is wrong with any."""
        plain = _JINJA.sub(lambda each: "\x01" * len(each[0]), text)
        for start, end in _spans(plain):
            written = plain[start:end].strip()
            if not written or _ELSEWHERE.match(written):
                continue
            line = line_at(text, start)
            fault = self._fault(written)
            if fault is not None:
                yield Problem(path, int(line), line.column, "picture", *fault)

    def _fault(self, written: str) -> tuple[str, str] | None:
        """Take a picture in, or say what is wrong with it."""
        if "\x01" in written:
            return "a picture's name must be written out", "choose between names by `{% if … %}`"
        path = self.sources.resolve(written, self.locale)
        if path is None:
            return (
                f"there is no picture `{written}`",
                "put it beside the template, or write https://",
            )
        ending, content = ending_of(path), self.sources.files[path]
        if ending not in PICTURES:
            return f"`{written}` is no picture that mails show", _FORMATS
        if not begins_as(ending, content):
            return f"`{written}` is no .{ending}", "save it again in the format of its name"
        self.found[written] = asset_of(path.rpartition("/")[2], content, ending)
        return None


def place_pictures(part: Part, found: Mapping[str, Asset], *, hosted: bool) -> None:
    """Write the pictures' addresses into the part: fixed ones, or as the message says."""
    for tree in part.trees.values() if found else ():
        for output in list(tree.find_all(nodes.Output)):
            text = text_of(output)
            spans = [span for span in _spans(text) if text[slice(*span)].strip() in found]
            splice(output, spans, _addressed(found, output.lineno, hosted))


def _addressed(
    found: Mapping[str, Asset], line: int, hosted: bool
) -> Callable[[Children], Iterator[nodes.Expr]]:
    def made(inside: Children) -> Iterator[nodes.Expr]:
        data = "".join(each.data for each in inside if isinstance(each, nodes.TemplateData))
        asset = found[data.strip()]
        if hosted:
            names = nodes.Const((asset.id, asset.hosted_name), lineno=line)
            yield nodes.Filter(names, FILTER, [], [], None, None, lineno=line)
        else:
            yield nodes.TemplateData(f"cid:{asset.id}", lineno=line)

    return made


@pass_context
def picture(context: Context, names: tuple[str, str]) -> str:
    """The filter that gives a picture its address, where it may be fetched."""
    at = context.resolve(VARIABLE)
    return f"{at}{HOSTED}{names[1]}" if at else f"cid:{names[0]}"


def _spans(text: str) -> Iterator[Span]:
    for found in _SRC.finditer(text):
        if found[3] is not None and ending_of(found[3]) not in PICTURES:
            continue  # a style sheet, a font
        tag = _TAG.search(text, 0, found.start())
        if tag is None or tag[1].lower() in (*_SHOWN_BY, *_MJML):
            yield next(found.span(group) for group in (1, 2, 3) if found[group] is not None)
