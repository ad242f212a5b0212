"""What a template that extends a layout writes in vain: blocks and text the layout has no place for."""

from collections.abc import Iterator

from jinja2 import nodes

from outreach.rendering.syntax import did_you_mean
from outreach.rendering.tree import Part
from outreach.rendering.walking import all_of


def written_in_vain(part: Part) -> Iterator[tuple[str, int, str, str, str]]:
    """Path, line, word, message and hint of all that no reader would see; a part without problems."""
    lineage = part.lineage()
    for number, path in enumerate(lineage[:-1]):
        tree = part.trees[path]
        extends = next((each for each in tree.body if isinstance(each, nodes.Extends)), None)
        if extends is None:  # extends only sometimes
            continue
        above = [part.trees[each] for each in lineage[number + 1 :]]
        known = list(dict.fromkeys(b.name for each in above for b in all_of(each, nodes.Block)))
        layout = lineage[number + 1].rpartition("/")[2]
        has = f"`{layout}` has " + (", ".join(f"`{name}`" for name in known) or "no blocks")
        for block in _outer_blocks(tree):
            if block.name not in known:
                hint = "; ".join(filter(None, (did_you_mean(block.name, known), has)))
                message = f"block `{block.name}` is never shown: `{layout}` has none of that name"
                yield path, block.lineno, block.name, message, hint
        loose = _loose(tree, extends)
        if loose is not None:
            message = "text outside of a block is never shown, because the file extends a layout"
            yield path, loose, "", message, f"put it into a block; {has}"


def _outer_blocks(node: nodes.Node) -> Iterator[nodes.Block]:
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Block):
            yield child
        else:
            yield from _outer_blocks(child)


def _loose(tree: nodes.Template, extends: nodes.Extends) -> int | None:
    """The line of the first output behind `extends`, None where there is none."""
    after = tree.body[[each is extends for each in tree.body].index(True) + 1 :]
    for output in (each for each in after if isinstance(each, nodes.Output)):
        for node in output.nodes:
            if not isinstance(node, nodes.TemplateData):
                return node.lineno
            if node.data.strip():
                blank = node.data[: len(node.data) - len(node.data.lstrip())]
                return node.lineno + blank.count("\n")
    return None
