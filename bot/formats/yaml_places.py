"""Where things stand in YAML text: the marks of composed nodes, made into places that lines can be put at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.errors import ProjectError

Path = tuple[str, ...]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Style:
    """How the text indents: blanks from a key to the keys inside, and to the dashes inside."""

    step: int = 2
    dash: int = 2


@dataclass(frozen=True, slots=True)
class Spot:
    """A node with its key and the mapping around it; no key at the root."""

    node: Node
    key: Node | None = None
    parent: MappingNode | None = None


def chain_to(text: str, path: Path) -> list[Spot]:
    """Return root, then the spots along the path as far as it exists; [] for a text without content."""
    root = root_of(text)
    return [] if root is None else walk(root, path)


def root_of(text: str) -> Node | None:
    """Return the node of the whole text, None where it has no content; raise ProjectError where it is no YAML."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ProjectError(f"the text cannot be edited, it is no YAML: {error}") from error
    return None if root is None or is_null(root) else root


def walk(root: Node, path: Path) -> list[Spot]:
    """Return root, then the spots along the path as far as it exists."""
    chain = [Spot(root)]
    for word in path:
        node = chain[-1].node
        found = None
        if isinstance(node, MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == word), None)
        if found is None:
            break
        chain.append(Spot(found[1], found[0], node if isinstance(node, MappingNode) else None))
    return chain


def is_null(node: Node) -> bool:
    """Say whether nothing stands there, or a word for it."""
    return isinstance(node, ScalarNode) and not node.style and node.value in ("", "~", "null", "Null", "NULL")


def style_of(root: Node) -> Style:
    """Return how the text indents mostly."""
    steps: Counter[int] = Counter()
    dashes: Counter[int] = Counter()
    stack = [root]
    while stack:
        node = stack.pop()
        if not isinstance(node, MappingNode) or node.flow_style:
            continue
        for key, value in node.value:
            inner = value.start_mark.column - key.start_mark.column
            if isinstance(value, MappingNode) and value.value and not value.flow_style:
                steps[inner] += 1
            elif isinstance(value, SequenceNode) and value.value and not value.flow_style:
                dashes[inner] += 1
            stack.append(value)
    step = steps.most_common(1)[0][0] if steps else 2
    return Style(step, dashes.most_common(1)[0][0] if dashes else step)


def value_span(text: str, key: Node, node: Node, *, whole: bool) -> tuple[int, int]:
    """Return where the value of a key begins and ends; behind the colon where there is none."""
    if isinstance(node, ScalarNode) and node.start_mark.index == node.end_mark.index:
        colon = text.find(":", key.end_mark.index)
        blank = text[key.end_mark.index : colon].strip() if colon >= 0 else "?"
        at = colon + 1 if not blank else key.end_mark.index
        return at, at
    flow = getattr(node, "flow_style", None)
    if isinstance(node, ScalarNode) or flow or not whole:
        end = node.end_mark.index
        if isinstance(node, ScalarNode) and node.style in ("|", ">"):
            end = text.rfind("\n", node.start_mark.index, trimmed_end(text, node))
        return node.start_mark.index, end
    colon = text.find(":", key.end_mark.index)
    return colon + 1, leaf_end(node)


def leaf_end(node: Node) -> int:
    """Return where the last word of the node ends."""
    if isinstance(node, MappingNode | SequenceNode) and node.value and not node.flow_style:
        last = node.value[-1]
        if not isinstance(last, tuple):
            return leaf_end(last)
        key, value = last
        return key.end_mark.index if is_null(value) and not value.value else leaf_end(value)
    return int(node.end_mark.index)


def _last_scalar(node: Node) -> Node:
    while isinstance(node, MappingNode | SequenceNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def trimmed_end(text: str, node: Node) -> int:
    """Return the end of a block scalar without the blank lines behind it, unless it keeps them."""
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    header = text[start : text.find("\n", start)]
    if "+" in header.partition("#")[0]:
        return end
    while end > start and text[end - 1] == "\n" and text[: end - 1].endswith("\n"):
        end -= 1
    return end


def line_end(text: str, spot: Spot) -> int:
    """Return the start of the line behind the value, remarks behind its last word included."""
    last = _last_scalar(spot.node)
    if isinstance(last, ScalarNode) and last.style in ("|", ">"):
        return trimmed_end(text, last)
    at = leaf_end(spot.node)
    if spot.key is not None and isinstance(spot.node, ScalarNode) and not spot.node.value and not spot.node.style:
        at = int(spot.key.end_mark.index)
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def block_end(text: str, spot: Spot, node: Node) -> int:
    """Return where a further line of the block goes: behind its last line and the remarks that belong to it."""
    at = line_end(text, Spot(node, spot.key))
    column = spot.key.start_mark.column if spot.key is not None else -1
    while at < len(text):
        end = text.find("\n", at)
        line = text[at : end if end >= 0 else len(text)]
        body = line.lstrip(" ")
        if not body.startswith("#") or len(line) - len(body) <= column:
            break
        at = end + 1 if end >= 0 else len(text)
    return at


def dash_before(text: str, index: int) -> int:
    """Return where the dash of a list item stands: before the item, blanks, line ends and remarks."""
    lines_before = text[:index]
    while True:
        stripped = lines_before.rstrip(" \n")
        if stripped.endswith("-"):
            return len(stripped) - 1
        lines_before = stripped[: stripped.rfind("\n") + 1]
        if not lines_before:
            raise ProjectError("a list item without its dash; the list cannot be edited")
