"""An MJML template with all it is made of, as one text that knows where each piece of it stands."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from outreach.errors import Problem
from outreach.rendering.positions import line_at
from outreach.rendering.sources import Sources

_INCLUDE = re.compile(
    r"<mj-include\s+path\s*=\s*[\"']([^\"']+)[\"']\s*(?:/>|>\s*</mj-include>)"
    r"|\{%-?\s*include\s+[\"']([^\"']+\.mjml)[\"']\s*-?%\}"
)
_OTHER_INCLUDE = re.compile(r"<mj-include\b[^>]*>")
_EXTENDS = re.compile(r"\{%-?\s*extends\s+[\"']([^\"']+)[\"']\s*-?%\}")
_BLOCK = re.compile(
    r"\{%-?\s*block\s+(\w+)\s*-?%\}(.*?)\{%-?\s*endblock(?:\s+\w+)?\s*-?%\}", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text of one file, from an offset on."""

    path: str
    offset: int
    text: str


@dataclass(slots=True)
class Gathering:
    """Puts a template together from its layout and partials; `texts` holds each file's text."""

    sources: Sources
    locale: str
    texts: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def whole(self, path: str) -> list[Piece]:
        """The pieces of a template in order; what is wrong gathers in `problems`."""
        return list(self._file(path, {}, (path,)))

    def _file(
        self, path: str, blocks: Mapping[str, Sequence[Piece]], above: tuple[str, ...]
    ) -> Iterator[Piece]:
        text = self._text(path)
        own = {
            found[1]: list(self._pieces(path, text, *found.span(2), blocks, above))
            for found in _BLOCK.finditer(text)
        }
        extends = _EXTENDS.search(text)
        if extends is None:
            yield from self._pieces(path, text, 0, len(text), blocks, above)
        elif (layout := self._target(path, extends, extends[1], above)) is not None:
            yield from self._file(layout, {**own, **blocks}, (*above, layout))

    def _pieces(
        self,
        path: str,
        text: str,
        start: int,
        end: int,
        blocks: Mapping[str, Sequence[Piece]],
        above: tuple[str, ...],
    ) -> Iterator[Piece]:
        """A part of a file, with its blocks and partials filled in."""
        marks = [*_INCLUDE.finditer(text, start, end), *_BLOCK.finditer(text, start, end)]
        for found in sorted(marks, key=lambda each: each.start()):
            if found.start() < start:
                continue  # inside a block that was taken
            yield Piece(path, start, text[start : found.start()])
            start = found.end()
            if found.re is _BLOCK and found[1] in blocks:
                yield from blocks[found[1]]
            elif found.re is _BLOCK:
                yield from self._pieces(path, text, *found.span(2), blocks, above)
            elif (target := self._target(path, found, found[1] or found[2], above)) is not None:
                yield from self._file(target, {}, (*above, target))
        yield Piece(path, start, text[start:end])

    def _target(
        self, path: str, found: re.Match[str], name: str, above: tuple[str, ...]
    ) -> str | None:
        """The path of what a file names, None after noting what is wrong with it."""
        target = self.sources.resolve(name, self.locale)
        if target is None:
            self._note(path, found.start(), "no-file", f"there is no `{name}`", "")
        elif target in above:
            self._note(path, found.start(), "cycle", f"`{name}` uses this file itself", "")
        elif not target.endswith(".mjml"):
            hint = "write `{% include … %}` inside of mj-text or mj-raw"
            self._note(path, found.start(), "mjml", f"`{name}` is no MJML", hint)
        else:
            return target
        return None

    def _text(self, path: str) -> str:
        if path not in self.texts:
            try:
                self.texts[path] = self.sources.text(path)
            except ValueError as error:
                self.problems.append(Problem(path, 0, 0, "unreadable", str(error)))
                return ""
            text = self.texts[path]
            for found in _OTHER_INCLUDE.finditer(text):
                if _INCLUDE.match(text, found.start()) is None:
                    hint = 'write `<mj-include path="header.mjml" />`'
                    message = "`mj-include` takes a `path` and nothing else"
                    self._note(path, found.start(), "mjml", message, hint)
        return self.texts[path]

    def _note(self, path: str, offset: int, code: str, message: str, hint: str) -> None:
        line = line_at(self.texts[path], offset)
        self.problems.append(Problem(path, int(line), line.column, code, message, hint))
