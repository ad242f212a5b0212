"""Reads the templates of a step: every problem at once, and the parts of each language variant."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import nodes

from outreach.campaign.attachment_file import ending_of
from outreach.campaign.model import Attachment
from outreach.errors import Problem
from outreach.rendering.assets import Asset, begins_as, fixed, form_of, found_in
from outreach.rendering.compared import Compared, texts_compared
from outreach.rendering.happened import STARTED, events_read
from outreach.rendering.judging import faults, noted, shown_raw
from outreach.rendering.layout import written_in_vain
from outreach.rendering.leftovers import leftovers
from outreach.rendering.locales import choose
from outreach.rendering.mjml_read import ENDING as MJML_ENDING
from outreach.rendering.mjml_read import read_mjml
from outreach.rendering.named_dates import DateRead, dates_read
from outreach.rendering.needs import Printed, printed_by
from outreach.rendering.pictures import Pictures
from outreach.rendering.placing import misplaced
from outreach.rendering.sources import Sources
from outreach.rendering.started import FieldRead, fields_read
from outreach.rendering.syntax import FLATTER, did_you_mean, names_set, parse
from outreach.rendering.translations import Translations
from outreach.rendering.tree import Part, references
from outreach.settings.date_names import DATES

_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Source:
    """One part as it was read: its syntax trees, what it prints, the named dates that it reads."""

    part: Part
    printed: Printed
    dates: tuple[DateRead, ...]
    pictures: Mapping[str, Asset] = field(default_factory=dict, hash=False)  # by name as written
    events: frozenset[tuple[str, int]] = frozenset()  # kinds that it lists, and how many of each
    started: tuple[FieldRead, ...] = ()  # fields of `event` that it reads

    @property
    def path(self) -> str:
        """The main file's path."""
        return self.part.main


@dataclass(frozen=True, slots=True)
class Variant:
    """The files one language variant of a channel is made of; an SMS has `text` alone."""

    locale: str
    subject: Source | None = None
    html: Source | None = None
    text: Source | None = None
    attached: tuple[tuple[Asset, Source | None], ...] = ()  # a source: filled for each customer

    def sources(self) -> Iterable[Source]:
        """Those that are there."""
        filled = (source for _, source in self.attached)
        return (s for s in (self.subject, self.html, self.text, *filled) if s is not None)


@dataclass(slots=True)
class Reader:
    """Reads one step's files; what is wrong with them gathers in `problems`."""

    sources: Sources
    names: Collection[str]  # that templates may use
    needable: Collection[str]  # that a customer may lack
    lists: Collection[str]  # that are lists
    kinds: Mapping[str, str]  # by name what prints the value: `date`, `money`, `days`
    attachments: tuple[Attachment, ...] = ()
    problems: set[Problem] = field(default_factory=set)
    warnings: set[Problem] = field(default_factory=set)  # what a message can be made with
    compared: set[Compared] = field(default_factory=set)
    pages: dict[str, str] = field(default_factory=dict)  # the text of each .html that is used
    translations: Translations = field(init=False)

    def __post_init__(self) -> None:
        self.translations = Translations(self.sources)

    def email(self) -> dict[str, Variant]:
        """The mail in each language there is a body for."""
        pages = self.sources.locales("body", "html")
        for locale, path in self.sources.locales("body", "mjml").items():
            if locale in pages:
                self._say(path, "two-bodies", f"`{pages[locale]}` is there too", "keep one of them")
            pages.setdefault(locale, path)
        translations = self.translations
        pages = translations.also(pages)
        texts = translations.also(self.sources.locales("body", "txt"))
        subjects = self.sources.locales("subject", "txt")
        locales = frozenset(pages) | frozenset(texts)
        ending = "html" if pages or not texts else "txt"
        for locale in sorted(set(subjects) - locales - {""}):
            message = f"is never used: there is no `body.{locale}.{ending}`"
            hint = f"add `body.{locale}.{ending}`, or delete this file"
            self._say(subjects[locale], "unused", message, hint)
        brand = self.sources.brand_locale
        alone = not subjects or choose(None, brand, frozenset(subjects)) is not None
        self._ask_for_fallback(locales, "body", ending, "" if alone else " and `subject.txt`")
        variants = {}
        for locale in sorted(locales):
            chosen = choose(locale, self.sources.brand_locale, frozenset(subjects))
            if chosen is None:
                path = pages.get(locale) or texts[locale]
                self._say(
                    path, "no-subject", "the mail has no subject", "add `subject.txt` beside it"
                )
                continue
            self._look_at_subject(subjects[chosen])
            variants[locale] = Variant(
                locale,
                self._read(subjects[chosen], locale),
                self._read(pages.get(locale), locale),
                self._read(texts.get(locale), locale),
                tuple(self._attached(locale)),
            )
        return variants

    def _attached(self, locale: str) -> Iterator[tuple[Asset, Source | None]]:
        """What goes along with mails of a language, as far as this template has it."""
        for each in self.attachments:
            path = found_in(self.sources, each.file, locale)
            if path is None:
                continue  # a campaign's check asks that some template has it
            content = self.sources.files[path]
            if each.fill:
                yield form_of(each), self._read(path, locale)
            elif begins_as(ending_of(path), content):
                yield fixed(self.sources, each, path), None
            else:
                hint = "save it again in the format of its name"
                self._say(path, "attachment", f"this is no .{ending_of(path)}", hint)

    def sms(self) -> dict[str, Variant]:
        """The text message in each language there is a file for."""
        return self._texts("sms")

    def task(self) -> dict[str, Variant]:
        """The task in each language there is a file for: its first line is the title."""
        return self._texts("task")

    def _texts(self, stem: str) -> dict[str, Variant]:
        texts = self.translations.also(self.sources.locales(stem, "txt"))
        self._ask_for_fallback(frozenset(texts), stem, "txt")
        return {
            locale: Variant(locale, text=self._read(path, locale))
            for locale, path in sorted(texts.items())
        }

    def _look_at_subject(self, path: str) -> None:
        """A subject is one line; one that decides by `{% if %}` may be spread over several."""
        try:
            text = _COMMENT.sub("", self.sources.text(path))
        except ValueError:
            return  # told where it is read
        lines = [number for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if not lines:
            self._say(path, "subject", "the subject is empty", "write one line")
        elif len(lines) > 1 and "{%" not in text:
            message = f"the subject has {len(lines)} lines"
            hint = "write one; what follows belongs into the body"
            self.problems.add(Problem(path, lines[1], 1, "subject", message, hint))

    def _ask_for_fallback(
        self, locales: frozenset[str], stem: str, extension: str, besides: str = ""
    ) -> None:
        folder, brand = self.sources.folder, self.sources.brand_locale
        if not locales:
            self._say(folder, "no-template", f"there is no `{stem}.{extension}`", "add it")
        elif choose(None, brand, locales) is None:
            why = f"customers of other languages than {', '.join(sorted(locales))} get nothing"
            self._say(folder, "no-fallback", why, f"add `{stem}.{extension}`{besides}")

    def _say(self, path: str, code: str, message: str, hint: str = "") -> None:
        self.problems.add(Problem(path, 0, 0, code, message, hint))

    def _read(self, path: str | None, locale: str) -> Source | None:
        """The part that begins with this file; None when it has problems, which are noted."""
        try:
            return None if path is None else self._source(path, locale)
        except RecursionError:
            self._say(path or "", "template-syntax", "is too deeply nested", FLATTER)
            return None

    def _source(self, path: str, locale: str) -> Source | None:
        resolved: dict[str, str | None] = {}

        def resolve(name: str) -> str | None:
            if name not in resolved:
                resolved[name] = self.sources.resolve(name, locale)
            return resolved[name]

        before = len(self.problems)
        trees: dict[str, nodes.Template] = {}
        texts: dict[str, str] = {}
        part = Part(path, trees, resolve)
        made = read_mjml(self.sources, path, locale) if path.endswith(MJML_ENDING) else None
        if isinstance(made, list):
            self.problems.update(made)
            return None
        if made is None:
            self._gather(path, part, trees, texts, ())
            judged = trees
        else:
            trees[path], judged = made.tree, dict(made.trees)
            self._follow(path, made.texts[path], made.tree, part, trees, texts, ())
            judged |= {file: tree for file, tree in trees.items() if file != path}
            texts |= made.texts
            self.problems.update(made.misplaced(self.needable))
        pictures = Pictures(self.sources, locale)
        local = set().union(*(names_set(tree) for tree in judged.values()))
        for file, tree in judged.items():
            self._judge(file, texts[file], tree, local)
            if file.endswith(".html"):
                self.problems.update(misplaced(file, texts[file], self.needable))
            if file.endswith((".html", MJML_ENDING)):
                self.problems.update(pictures.look(file, texts[file]))
                self.pages[file] = texts[file]
        self.warnings.update(self.translations.translate(judged, locale))
        if made is not None:
            self.translations.put_into(made.tree, locale)
        self.problems.update(self.translations.problems)
        if len(self.problems) == before and path in trees:
            for file, line, word, message, hint in written_in_vain(part):
                self._note(file, texts[file], line, word, "unseen", message, hint)
        if len(self.problems) > before or path not in trees:
            return None
        dates = [each for file in judged for each in dates_read(file, texts[file], judged[file])]
        reads = () if DATES in local else tuple(dates)
        printed = printed_by(part, self.needable, self.lists)
        listed = frozenset(asked for tree in judged.values() for asked in events_read(tree))
        asked = [each for file in judged for each in fields_read(file, texts[file], judged[file])]
        started = () if STARTED in local else tuple(asked)
        return Source(part, printed, reads, pictures.found, listed, started)

    def _gather(
        self,
        path: str,
        part: Part,
        trees: dict[str, nodes.Template],
        texts: dict[str, str],
        above: tuple[str, ...],
    ) -> None:
        """Parse a file and all that it uses."""
        if path in trees:
            return
        try:
            text = self.sources.text(path)
        except ValueError as error:
            self._say(path, "unreadable", str(error))
            return
        tree = parse(path, text)
        if isinstance(tree, Problem):
            self.problems.add(tree)
            return
        trees[path], texts[path] = tree, text
        self._follow(path, text, tree, part, trees, texts, above)

    def _follow(
        self,
        path: str,
        text: str,
        tree: nodes.Template,
        part: Part,
        trees: dict[str, nodes.Template],
        texts: dict[str, str],
        above: tuple[str, ...],
    ) -> None:
        """Gather what a file uses."""
        for node, name, may_miss in references(tree):
            target = part.resolve(name)
            if target is None and not may_miss:
                hint = did_you_mean(name, set(self.sources.names()))
                self._note(path, text, node.lineno, name, "no-file", f"there is no `{name}`", hint)
            elif target in (*above, path):
                message = f"`{name}` uses this file itself"
                self._note(path, text, node.lineno, name, "cycle", message, "")
            elif target is not None:
                self._gather(target, part, trees, texts, (*above, path))

    def _judge(self, path: str, text: str, tree: nodes.Template, local: set[str]) -> None:
        self.compared.update(texts_compared(path, text, tree, local))
        self.problems.update(faults(path, text, tree, self.names, local))
        self.warnings.update(shown_raw(path, text, tree, self.names, self.kinds, local))
        self.warnings.update(leftovers(path, text, self.names))

    def _note(
        self, path: str, text: str, line: int, word: str, code: str, message: str, hint: str
    ) -> None:
        self.problems.add(noted(path, text, line, word, code, message, hint))
