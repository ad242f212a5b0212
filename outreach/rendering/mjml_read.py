"""A template in MJML, read: the page it makes, and each of its files to be judged by itself."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from jinja2 import nodes

from outreach.errors import Problem
from outreach.rendering.mjml_pages import Page, page_of
from outreach.rendering.mjml_text import Gathering
from outreach.rendering.placing import misplaced
from outreach.rendering.positions import Line, line_at, offset_of
from outreach.rendering.sources import Sources
from outreach.rendering.syntax import parse

ENDING = ".mjml"


@dataclass(frozen=True, slots=True)
class Mjml:
    """The page's syntax tree, whose lines are the template's; texts and trees of the files it is of."""

    path: str
    page: Page
    tree: nodes.Template
    texts: dict[str, str]
    trees: dict[str, nodes.Template]

    def misplaced(self, strangers: Collection[str]) -> Iterator[Problem]:
        """Values that stand in the page where escaping can not keep them text, where they are written."""
        for problem in misplaced(self.path, self.page.html, strangers):
            offset = offset_of(self.page.html, Line(problem.line, problem.column))
            mark = next((each for each in self.page.marks if each[0] <= offset < each[1]), None)
            path, at = (mark[2], mark[3]) if mark and mark[2] else (self.path, 0)
            line = line_at(self.texts[path], at)
            yield replace(problem, file=path, line=int(line), column=line.column)


def read_mjml(sources: Sources, path: str, locale: str) -> Mjml | list[Problem]:
    """What a template in MJML makes, or all that is wrong with it."""
    gathering = Gathering(sources, locale)
    pieces = gathering.whole(path)
    trees, problems = {}, list(gathering.problems)
    for file, text in gathering.texts.items():
        tree = parse(file, text)
        if isinstance(tree, Problem):
            problems.append(tree)
        else:
            trees[file] = tree
    if problems:
        return problems
    page = page_of(pieces, gathering.texts)
    if isinstance(page, list):
        return page
    tree = parse(path, page.html)
    if isinstance(tree, Problem):  # each file is in order, and together they are not
        return [replace(tree, line=1, column=1)]
    page.place_lines(tree, path, gathering.texts[path])
    return Mjml(path, page, tree, gathering.texts, trees)
