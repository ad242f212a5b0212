"""The steps of a file laid out: its messages in order, and the way through messages and waits."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from outreach.campaign.model import Branch, Expression, Place, Step, Stop, Wait, Way
from outreach.campaign.steps_file import (
    BranchFile,
    StepFile,
    WaitFile,
    WaitGroupFile,
    WayFile,
    moment_of,
)
from outreach.documents import Document, Path, Tree
from outreach.errors import Problem

ITEMS = ("steps", "otherwise")  # keys of a way that hold steps
MOST = 100  # stops of one campaign
_OUT = -1  # where a part of the way leaves it: behind it, wherever that will be
StepItem = StepFile | WaitFile | BranchFile


@dataclass(slots=True)
class Layout:
    """Lays the items of a document out."""

    document: Document
    steps: list[Step] = field(default_factory=list)

    def way(self, items: Sequence[StepItem]) -> tuple[Stop, ...]:
        """The whole way; `steps` are its messages then."""
        laid = self._lay(items, ("steps",))
        return tuple(_moved(each, 0, len(laid)) for each in laid)

    def _lay(self, items: Sequence[StepItem], path: Path) -> list[Stop]:
        laid: list[Stop] = []
        for number, item in enumerate(items):
            part = self._part(item, (*path, number))
            out = _OUT if number == len(items) - 1 else len(laid) + len(part)
            laid += [_moved(each, len(laid), out) for each in part]
        return laid

    def _part(self, item: StepItem, path: Path) -> list[Stop]:
        if isinstance(item, StepFile):
            step = self._step(item, path)
            self.steps.append(step)
            return [Stop(step, _OUT)]
        if isinstance(item, WaitFile):
            return [Stop(self._wait(item.wait, path), _OUT)]
        return self._branch(item, path)

    def _step(self, item: StepFile, path: Path) -> Step:
        when = self._expression((*path, "when")) if item.when else None
        return Step(item.id, item.channels, item.template, when, self._place(path))

    def _wait(self, wait: WaitGroupFile, path: Path) -> Wait:
        moment = None if wait.until is None else moment_of(wait.until)
        until = None
        if wait.until is not None and moment is None:
            until = self._expression((*path, "wait", "until"))
        line, _ = self.document.place(path, key=True)
        name = wait.id or f"wait in line {line}"
        is_named, place = wait.id is not None, self._place(path)
        return Wait(name, wait.span, moment, until, wait.at_most, is_named, place)

    def _branch(self, item: BranchFile, path: Path) -> list[Stop]:
        ways: list[Way] = []
        behind: list[Stop] = []
        for number, way in enumerate(item.branch):
            here: Path = (*path, "branch", number)
            when = self._expression((*here, "when")) if way.when else None
            laid = self._lay(*_items_of(way, here))
            ways.append(Way(when, 1 + len(behind)))
            behind += [_moved(each, 1 + len(behind), _OUT) for each in laid]
        return [Stop(Branch(tuple(ways)), _OUT), *behind]

    def _expression(self, path: Path) -> Expression:
        return Expression.at(self.document.file, self.document.passage(path))

    def _place(self, path: Path) -> Place:
        return Place(self.document.file, *self.document.place(path, key=True))


def _items_of(way: WayFile, path: Path) -> tuple[Sequence[StepItem], Path]:
    if way.otherwise is not None:
        return way.otherwise, (*path, "otherwise")
    return way.steps or (), (*path, "steps")


def _moved(stop: Stop, by: int, out: int) -> Stop:
    """The same so many positions further; what left the part goes to `out`."""

    def to(position: int) -> int:
        return out if position == _OUT else position + by

    what = stop.what
    if isinstance(what, Branch):
        what = Branch(tuple(replace(way, to=to(way.to)) for way in what.ways))
    return Stop(what, to(stop.then))


def items_in(document: Document) -> Iterator[tuple[Path, Tree]]:
    """Every item of `steps`, those of branches too, with its path, in the file's order."""
    yield from _items(document.get(("steps",)), ("steps",))


def _items(written: Tree, path: Path) -> Iterator[tuple[Path, Tree]]:
    for number, item in enumerate(written if isinstance(written, list) else ()):
        here: Path = (*path, number)
        yield here, item
        ways = item.get("branch") if isinstance(item, dict) else None
        for index, way in enumerate(ways if isinstance(ways, list) else ()):
            if isinstance(way, dict):
                for key in ITEMS:
                    yield from _items(way.get(key), (*here, "branch", index, key))


def message_paths(document: Document) -> list[Path]:
    """Where the messages stand: the items that are neither waits nor branches."""
    return [
        path
        for path, item in items_in(document)
        if isinstance(item, dict) and "wait" not in item and "branch" not in item
    ]


def ids_in(document: Document) -> list[tuple[Path, str]]:
    """The names of messages and waits, with where each stands."""
    found: list[tuple[Path, str]] = []
    for path, item in items_in(document):
        if isinstance(item, dict):
            for key in (("id",), ("wait", "id")):
                name = document.get((*path, *key))
                if isinstance(name, str):
                    found.append(((*path, *key), name))
    return found


def layout_faults(document: Document) -> Iterator[Problem]:
    """Names that are there twice, too many steps, and a campaign without a message."""
    names = ids_in(document)
    seen: Counter[str] = Counter()
    for path, name in names:
        seen[name] += 1
        if seen[name] > 1:
            message = f"`{name}` is the name of an earlier step already"
            yield document.problem(path, "bad-value", message, "give each a name of its own")
    items = list(items_in(document))
    if len(items) > MOST:
        message = f"there are {len(items)} steps, at most {MOST} are possible"
        yield document.problem(
            ("steps",), "bad-value", message, "make several campaigns of it", key=True
        )
    if items and not message_paths(document):
        hint = "write one with `id`, `channels` and `template`"
        yield document.problem(("steps",), "bad-value", "no step is a message", hint, key=True)
