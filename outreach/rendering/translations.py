"""Translations from `messages.<language>.po`, written into a template when it is compiled.

Each language has its own compiled template, so a message costs no look-up: a phrase becomes text
and values, a plural an `if` for each of its forms.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import c2py
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po
from jinja2 import nodes

from outreach.errors import WARNING, Problem
from outreach.rendering.locales import chain
from outreach.rendering.positions import Line, line_at
from outreach.rendering.sources import Sources, split_name
from outreach.rendering.trans import Phrase, phrase_of, phrases_in

STEM, EXTENSION = "messages", "po"
FORM, NUMBER = "_plural_form", "_plural_number"  # filters of ours
_ENGLISH = "(n != 1)"
_USES = re.compile(r"\{%-?\s*trans\b")
_PIECE = re.compile(r"%\((\w+)\)s|%%")


@dataclass(slots=True)
class Translations:
    """The catalogs that a template may use; problems of them gather as they are read."""

    sources: Sources
    problems: list[Problem] = field(default_factory=list)
    _read: dict[str, Catalog | None] = field(default_factory=dict)

    def also(self, files: Mapping[str, str]) -> dict[str, str]:
        """The files of a part by language, and with each catalog's the one that is translated into it."""
        found = dict(files)
        whole = files.get("") or files.get(self.sources.brand_locale)
        if whole is None or not self._uses(whole):
            return found
        for locale in self.sources.translated():
            if not any(wish in files for wish in chain(locale)):
                found[locale] = whole
        return found

    def put_into(self, tree: nodes.Template, locale: str) -> None:
        """Write a language's words into one tree."""
        _replace(tree, self._of(locale))

    def translate(self, trees: Mapping[str, nodes.Template], locale: str) -> Iterator[Problem]:
        """Write a language's words into the trees; warnings of what has none."""
        path, catalog = self._path(locale), self._of(locale)
        for file, tree in trees.items():
            if catalog is not None and path is not None:
                yield from self._missing(file, tree, catalog, path, locale)
            _replace(tree, catalog)

    def _path(self, locale: str) -> str | None:
        found = self.sources.resolve(f"{STEM}.{EXTENSION}", locale) if locale else None
        own = found and split_name(found.rpartition("/")[2]).locale in {*chain(locale)}
        return found if own else None  # never the words of another language

    def _of(self, locale: str) -> Catalog | None:
        path = self._path(locale)
        return None if path is None else self._catalog(path)

    def _uses(self, path: str) -> bool:
        try:
            return _USES.search(self.sources.text(path)) is not None
        except ValueError:
            return False  # told where it is read

    def _catalog(self, path: str) -> Catalog | None:
        if path not in self._read:
            try:
                content = self.sources.text(path).encode()
                catalog = read_po(io.BytesIO(content), abort_invalid=True)
                _rule(str(catalog.plural_expr))  # ValueError where it is none
                self._read[path] = catalog
            except PoFileError as error:
                said = str(error.args[0]).partition(" on ")[0]
                self.problems.append(Problem(path, int(error.lineno) + 1, 1, "catalog", said))
                self._read[path] = None
            except ValueError as error:
                self.problems.append(Problem(path, 0, 0, "catalog", str(error)))
                self._read[path] = None
        return self._read[path]

    def _missing(
        self, file: str, tree: nodes.Template, catalog: Catalog, path: str, locale: str
    ) -> Iterator[Problem]:
        for phrase in phrases_in(tree):
            forms = _forms(catalog, phrase)
            if forms is None:
                line = phrase.line if isinstance(phrase.line, Line) else Line(phrase.line or 1)
                short = phrase.singular.strip()[:40]
                message = f"is not translated into {locale}: `{short}`"
                hint = f"add it to `{path}`"
                code = f"{WARNING}untranslated"
                yield Problem(file, int(line), line.column, code, message, hint)
                continue
            for name in sorted({n for form in forms for n in _PIECE.findall(form) if n}):
                if name not in phrase.values:
                    at = line_at(
                        self.sources.text(path), max(0, self.sources.text(path).find(f"%({name})s"))
                    )
                    message = f"the translation prints `{name}`, which the template does not give"
                    hint = f"it gives {', '.join(sorted(phrase.values)) or 'nothing'}"
                    self.problems.append(
                        Problem(path, int(at), at.column, "catalog", message, hint)
                    )


def _forms(catalog: Catalog, phrase: Phrase) -> Sequence[str] | None:
    """What a phrase is in another language, a text for each plural; None where nobody said."""
    sought: Any = (phrase.singular, phrase.plural) if phrase.plural else phrase.singular
    found = catalog.get(sought, phrase.context or None)
    if found is None or found.fuzzy:
        return None
    said = found.string if isinstance(found.string, tuple | list) else (found.string,)
    forms = [each for each in said if each]
    return forms if len(forms) == len(said) else None


def _replace(node: nodes.Node, catalog: Catalog | None) -> None:
    for name, value in node.iter_fields():
        if not isinstance(value, list):
            continue
        made: list[Any] = []
        for each in value:
            phrase = phrase_of(each) if isinstance(each, nodes.Output) else None
            if phrase is None:
                if isinstance(each, nodes.Node):
                    _replace(each, catalog)
                made.append(each)
            else:
                made += _said(phrase, catalog)
        setattr(node, name, made)


def _said(phrase: Phrase, catalog: Catalog | None) -> list[nodes.Node]:
    """What stands in the phrase's place."""
    forms = None if catalog is None else _forms(catalog, phrase)
    rule = _ENGLISH if forms is None or catalog is None else str(catalog.plural_expr)
    if forms is None:
        forms = (phrase.singular, phrase.plural) if phrase.plural else (phrase.singular,)
    if phrase.number is None or len(forms) == 1:
        return [_output(forms[0], phrase)]
    line = phrase.line
    asked = nodes.Filter(phrase.number, NUMBER, [], [], None, None, lineno=line)
    body: list[nodes.Node] = [_output(forms[-1], phrase)]
    for place in reversed(range(len(forms) - 1)):
        args = [nodes.Const(rule, lineno=line)]
        form = nodes.Filter(phrase.number, FORM, args, [], None, None, lineno=line)
        same = nodes.Compare(form, [nodes.Operand("eq", nodes.Const(place))], lineno=line)
        body = [nodes.If(same, [_output(forms[place], phrase)], [], body, lineno=line)]
    # Printed, the number is needed: who lacks it gets no message about it.
    return [nodes.Output([asked], lineno=line), *body]


def _output(text: str, phrase: Phrase) -> nodes.Output:
    pieces: list[nodes.Expr] = []
    last = 0
    for found in _PIECE.finditer(text) if phrase.values else ():
        pieces.append(nodes.TemplateData(text[last : found.start()], lineno=phrase.line))
        name = found[1]
        value = phrase.values.get(name) if name else None
        pieces.append(
            value or nodes.TemplateData("%" if not name else found[0], lineno=phrase.line)
        )
        last = found.end()
    pieces.append(nodes.TemplateData(text[last:], lineno=phrase.line))
    return nodes.Output(
        [p for p in pieces if not isinstance(p, nodes.TemplateData) or p.data], lineno=phrase.line
    )


@lru_cache(maxsize=64)
def _rule(expression: str) -> Any:
    return c2py(expression)


def plural_form(number: float, rule: str) -> int:
    """The filter that says which plural a number takes, by a catalog's rule."""
    return int(_rule(rule)(int(number)))


def plural_number(number: object) -> str:
    """The filter that prints nothing of a number that is there."""
    del number
    return ""
