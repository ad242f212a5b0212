"""Parts of what a template prints replaced by something else: by their places in its text."""

from collections.abc import Callable, Iterator, Sequence

from jinja2 import nodes

VALUE = "\x01"  # stands for a value among the text
Span = tuple[int, int]
Children = Sequence[nodes.Expr]


def text_of(output: nodes.Output) -> str:
    """What an output prints, a character for each value."""
    return "".join(map(_shown, output.nodes))


def splice(
    output: nodes.Output, spans: Sequence[Span], make: Callable[[Children], Iterator[nodes.Expr]]
) -> None:
    """Put what `make` makes of the children of each span in their place; spans are in order."""
    if spans:
        output.nodes = list(_pieces(output, spans, make))


def _shown(child: nodes.Expr) -> str:
    return child.data if isinstance(child, nodes.TemplateData) else VALUE


def _pieces(
    output: nodes.Output, spans: Sequence[Span], make: Callable[[Children], Iterator[nodes.Expr]]
) -> Iterator[nodes.Expr]:
    position, waiting = 0, list(spans)
    inside: list[nodes.Expr] = []
    for child in output.nodes:
        start, end = position, position + len(_shown(child))
        while position < end:
            first, last = waiting[0] if waiting else (end, end)
            stop = min(first if position < first else last, end)
            piece = _cut(child, position - start, stop - start, output.lineno)
            if position < first:
                yield piece
                position = stop
                continue
            inside.append(piece)
            position = stop
            if position == last:
                yield from make(inside)
                inside, waiting = [], waiting[1:]


def _cut(child: nodes.Expr, first: int, stop: int, line: int) -> nodes.Expr:
    if not isinstance(child, nodes.TemplateData):
        return child
    return nodes.TemplateData(child.data[first:stop], lineno=line)
