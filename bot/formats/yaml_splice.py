"""Put, append and remove values in YAML text so that every other byte stays as it was.

The places come from the marks of composed nodes, the words from ruamel.yaml's own printing of scalars; what goes
between is cut and pasted as text. Nothing here checks the result: bot.formats.yaml_edit reads it back and does.
"""

from __future__ import annotations

import functools
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.errors import ProjectError

Path = tuple[str, ...]
Value = Any
"""str, int, bool, list, dict (printed as a block) or Inline (printed as {...})."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_NUMBER = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)


class Inline(dict[str, Any]):
    """A mapping that is printed on one line."""


@dataclass(frozen=True, slots=True)
class _Style:
    """How the text indents: blanks from a key to the keys inside, and to the dashes inside."""

    step: int = 2
    dash: int = 2


@dataclass(frozen=True, slots=True)
class _Spot:
    """A node with its key and the mapping around it; no key at the root."""

    node: Node
    key: Node | None = None
    parent: MappingNode | None = None


def put(text: str, path: Path, value: Value) -> str:
    """Write the value at the path; keys that are missing on the way are made."""
    chain = _chain(text, path)
    if not chain:
        return _with_line_end(text) + "".join(
            f"{line}\n" for line in _entry(path[0], _nest(path[1:], value), 0, _Style())
        )
    if len(chain) == len(path) + 1:
        return _replace(text, path, chain[-1], value)
    rest = path[len(chain) - 1 :]
    return _insert(text, chain[-1], rest[0], _nest(rest[1:], value), _style(chain[0].node))


def insert_all(text: str, values: Mapping[Path, str | int | bool]) -> str:
    """Write many scalars where nothing stands yet, with one look at the text; new mappings of scalars on one line."""
    root = _root(text)
    if root is None:
        return functools.reduce(lambda made, entry: put(made, *entry), _tree_of(values).items(), text)
    entries: dict[int, tuple[_Spot, int, dict[Path, Value]]] = {}
    for path, value in values.items():
        chain = _walk(root, path)
        _, _, inside = entries.setdefault(id(chain[-1].node), (chain[-1], len(chain), {}))
        inside[path[len(chain) - 1 :]] = value
    whole, style = _with_line_end(text), _style(root)
    edits = [_edit(whole, spot, _tree_of(inside), style, depth) for spot, depth, inside in entries.values()]
    for edit in sorted(edits, key=lambda edit: (-edit.at, edit.depth)):
        whole = edit.made_in(whole)
    return whole if text.endswith("\n") else whole[:-1]


def _tree_of(values: Mapping[Path, Value]) -> dict[Path, Value]:
    """Return {(first word,): all that stands under it}."""
    if set(values) == {()}:
        raise ProjectError("a value stands there already")
    inner: dict[str, dict[Path, Value]] = {}
    for path, value in values.items():
        inner.setdefault(path[0], {})[path[1:]] = value
    return {(word,): below[()] if set(below) == {()} else _mapping_of(below) for word, below in inner.items()}


def _mapping_of(values: Mapping[Path, Value]) -> Value:
    tree = {path[0]: value for path, value in _tree_of(values).items()}
    return tree if any(isinstance(value, Mapping) for value in tree.values()) else Inline(tree)


@dataclass(frozen=True, slots=True)
class _Edit:
    """What goes where: places are those of the text as it is, so that edits are made from its end to its start."""

    at: int
    depth: int
    """Of the mapping: what goes into an outer one stands behind what goes into an inner one."""
    pasted: str = ""
    hollow: _Spot | None = None
    filling: Value = None

    def made_in(self, text: str) -> str:
        if self.hollow is not None:
            return _fill(text, self.hollow, self.filling)
        return text[: self.at] + self.pasted + text[self.at :]


def _edit(text: str, spot: _Spot, entries: Mapping[Path, Value], style: _Style, depth: int) -> _Edit:
    inside = {path[0]: value for path, value in entries.items()}
    if spot.key is not None and _is_hollow(spot):
        return _Edit(int(spot.key.end_mark.index), depth, hollow=spot, filling=inside)
    at, pasted = _insertion(text, spot, inside, style)
    return _Edit(at, depth, pasted)


def _is_hollow(spot: _Spot) -> bool:
    """Say whether a key has nothing behind it, or an empty collection."""
    node = spot.node
    return _is_null(node) or (isinstance(node, MappingNode | SequenceNode) and not node.value and spot.key is not None)


def append(text: str, path: Path, items: Sequence[Value]) -> str:
    """Write items behind the last one of the list at the path; a missing or empty list is made."""
    chain = _chain(text, path)
    spot = chain[-1] if len(chain) == len(path) + 1 else None
    if spot is None or not isinstance(spot.node, SequenceNode) or not spot.node.value:
        return put(text, path, list(items))
    node = spot.node
    if node.flow_style:
        at = _leaf_end(node.value[-1])
        return text[:at] + "".join(f", {_flow(item)}" for item in items) + text[at:]
    first = node.value[0].start_mark
    dash = _dash_before(text, first.index)
    column = dash - (text.rfind("\n", 0, dash) + 1)
    lead = " " * column + "-" + (text[dash + 1 : first.index] if "\n" not in text[dash : first.index] else " ")
    return _paste_lines(text, _block_end(text, spot, node), [lead + _flow(item) for item in items])


def remove(text: str, path: Path) -> str:
    """Take the key at the path out, with its value and the remark behind it."""
    chain = _chain(text, path)
    spot = chain[-1] if len(chain) == len(path) + 1 else None
    if spot is None or spot.key is None or spot.parent is None:
        return text
    entries = spot.parent.value
    if len(entries) == 1 and len(path) > 1:
        return _fill(text, chain[-2], Inline(), whole=True)
    place = next(number for number, (key, _) in enumerate(entries) if key is spot.key)
    start = spot.key.start_mark.index
    if spot.parent.flow_style:
        if place + 1 < len(entries):
            return text[:start] + text[entries[place + 1][0].start_mark.index :]
        before = _leaf_end(entries[place - 1][1]) if place else start
        return text[:before] + text[_leaf_end(spot.node) :]
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip():
        following = entries[place + 1][0].start_mark.index if place + 1 < len(entries) else None
        return text if following is None else text[:start] + text[following:]
    return text[:line] + text[_line_end(text, spot) :]


def _chain(text: str, path: Path) -> list[_Spot]:
    """Return root, then the spots along the path as far as it exists; [] for a text without content."""
    root = _root(text)
    return [] if root is None else _walk(root, path)


def _root(text: str) -> Node | None:
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ProjectError(f"the text cannot be edited, it is no YAML: {error}") from error
    return None if root is None or _is_null(root) else root


def _walk(root: Node, path: Path) -> list[_Spot]:
    chain = [_Spot(root)]
    for word in path:
        node = chain[-1].node
        found = None
        if isinstance(node, MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == word), None)
        if found is None:
            break
        chain.append(_Spot(found[1], found[0], node if isinstance(node, MappingNode) else None))
    return chain


def _nest(path: Path, value: Value) -> Value:
    for word in reversed(path):
        value = {word: value}
    return value


def _replace(text: str, path: Path, spot: _Spot, value: Value) -> str:
    node = spot.node
    if isinstance(node, MappingNode) and node.value and isinstance(value, Mapping) and value:
        return _merge(text, path, node, value)
    if isinstance(node, SequenceNode) and node.value and isinstance(value, list):
        known = [_plain(item) for item in node.value]
        if known == [str(item) for item in value[: len(known)]]:
            return append(text, path, value[len(known) :]) if value[len(known) :] else text
    if isinstance(node, ScalarNode) and not _is_null(node) and not isinstance(value, Mapping | list):
        return _replace_scalar(text, spot, value)
    return _fill(text, spot, value, whole=True)


def _merge(text: str, path: Path, node: MappingNode, value: Mapping[str, Value]) -> str:
    """Make a mapping equal to the value key by key; another order is written anew."""
    known = [str(key.value) for key, _ in node.value]
    if [key for key in known if key in value] != list(value)[: len([key for key in known if key in value])]:
        return _fill(text, _chain(text, path)[-1], value, whole=True)
    for key in value:
        text = put(text, (*path, key), value[key])
    for key in known:
        if key not in value:
            text = remove(text, (*path, key))
    return text


def _replace_scalar(text: str, spot: _Spot, value: Value) -> str:
    node = spot.node
    start, end = node.start_mark.index, node.end_mark.index
    flow = bool(spot.parent is not None and spot.parent.flow_style)
    if getattr(node, "style", None) in ("|", ">"):
        last = text.rfind("\n", start, _trimmed(text, node))
        end = last if last > start else end
    return text[:start] + scalar_text(value, flow=flow) + text[end:]


def _fill(text: str, spot: _Spot, value: Value, *, whole: bool = False) -> str:
    """Give a key without value, or with one that is replaced as a whole, its value."""
    key = spot.key
    if key is None:
        raise ProjectError("the file holds no mapping; it cannot be edited")
    parent_flow = bool(spot.parent is not None and spot.parent.flow_style)
    start, end = _span(text, key, spot.node, whole=whole)
    colon = text.find(":", key.end_mark.index, start + 1)
    if colon < 0:
        text, start, end = text[: key.end_mark.index] + ":" + text[key.end_mark.index :], start + 1, end + 1
        colon = key.end_mark.index
    if parent_flow or not isinstance(value, Mapping | list) or not value or isinstance(value, Inline):
        text = text[:start].rstrip(" ") + " " + (_flow(value) if parent_flow else _inline(value)) + text[end:]
        return text
    column = key.start_mark.column
    lines = _children(value, column, _style(_chain(text, ())[0].node))
    head = text[:start].rstrip(" ")
    at = len(head) + (text.find("\n", end) if text.find("\n", end) >= 0 else len(text)) - end
    text = head + text[end:]
    return _paste_lines(text, min(at + 1, len(text)) if at < len(text) else len(text), lines)


def _span(text: str, key: Node, node: Node, *, whole: bool) -> tuple[int, int]:
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
            end = text.rfind("\n", node.start_mark.index, _trimmed(text, node))
        return node.start_mark.index, end
    colon = text.find(":", key.end_mark.index)
    return colon + 1, _leaf_end(node)


def _insert(text: str, spot: _Spot, key: str, value: Value, style: _Style) -> str:
    """Write a new key behind the last one of a mapping."""
    if _is_hollow(spot):
        return _fill(text, spot, {key: value})
    at, pasted = _insertion(text, spot, {key: value}, style)
    return text[:at] + pasted + text[at:]


def _insertion(text: str, spot: _Spot, entries: Mapping[str, Value], style: _Style) -> tuple[int, str]:
    """Return where new keys of a mapping go, and how they are written there."""
    node = spot.node
    if not isinstance(node, MappingNode):
        key = next(iter(entries))
        raise ProjectError(f"line {node.start_mark.line + 1}: no mapping stands here, {key!r} cannot be added to it")
    if node.flow_style:
        written = ", ".join(f"{scalar_text(key, flow=True)}: {_flow(value)}" for key, value in entries.items())
        return (_leaf_end(node.value[-1][1]), f", {written}") if node.value else (node.start_mark.index + 1, written)
    column = node.value[0][0].start_mark.column
    lines = [line for key, value in entries.items() for line in _entry(key, value, column, style)]
    return _pasted_lines(text, _block_end(text, spot, node), lines)


def _entry(key: str, value: Value, column: int, style: _Style) -> list[str]:
    """Print a key and its value as lines of a block."""
    head = " " * column + scalar_text(key) + ":"
    if isinstance(value, Mapping | list) and value and not isinstance(value, Inline):
        return [head, *_children(value, column, style)]
    return [f"{head} {_inline(value)}"]


def _children(value: Value, column: int, style: _Style) -> list[str]:
    if isinstance(value, list):
        return [" " * (column + style.dash) + f"- {_flow(item)}" for item in value]
    inner = column + style.step
    return [line for key, child in value.items() for line in _entry(str(key), child, inner, style)]


def _inline(value: Value) -> str:
    return _flow(value) if isinstance(value, Mapping | list) else scalar_text(value)


def _flow(value: Value) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar_text(str(key), flow=True)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return scalar_text(value, flow=True)


def scalar_text(value: str | int | bool, *, flow: bool = False) -> str:
    """Print one scalar as ruamel does; digits stay bare, since every text of ours may be written so."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or _PLAIN_NUMBER.fullmatch(value):
        return str(value)
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.+/-]*", value) and value.lower() not in _WORDS:
        return value
    items = CommentedSeq([value if value.isprintable() else DoubleQuotedScalarString(value)])
    if flow:
        items.fa.set_flow_style()
    writer, out = YAML(typ="rt"), io.StringIO()
    writer.width = 10**9
    writer.dump(items, out)
    printed = out.getvalue().rstrip("\n")
    return printed[1:-1] if flow else printed[2:]


_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def _plain(node: Node) -> str:
    """Return what a list item says: the scalar's text, or a repr that equals nothing."""
    return str(node.value) if isinstance(node, ScalarNode) else repr(node)


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.style and node.value in ("", "~", "null", "Null", "NULL")


def _style(root: Node) -> _Style:
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
    return _Style(step, dashes.most_common(1)[0][0] if dashes else step)


def _leaf_end(node: Node) -> int:
    """Return where the last word of the node ends."""
    if isinstance(node, MappingNode | SequenceNode) and node.value and not node.flow_style:
        last = node.value[-1]
        if not isinstance(last, tuple):
            return _leaf_end(last)
        key, value = last
        return key.end_mark.index if _is_null(value) and not value.value else _leaf_end(value)
    return int(node.end_mark.index)


def _last_scalar(node: Node) -> Node:
    while isinstance(node, MappingNode | SequenceNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def _trimmed(text: str, node: Node) -> int:
    """Return the end of a block scalar without the blank lines behind it, unless it keeps them."""
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    header = text[start : text.find("\n", start)]
    if "+" in header.partition("#")[0]:
        return end
    while end > start and text[end - 1] == "\n" and text[: end - 1].endswith("\n"):
        end -= 1
    return end


def _line_end(text: str, spot: _Spot) -> int:
    """Return the start of the line behind the value, remarks behind its last word included."""
    last = _last_scalar(spot.node)
    if isinstance(last, ScalarNode) and last.style in ("|", ">"):
        return _trimmed(text, last)
    at = _leaf_end(spot.node)
    if spot.key is not None and isinstance(spot.node, ScalarNode) and not spot.node.value and not spot.node.style:
        at = int(spot.key.end_mark.index)
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _block_end(text: str, spot: _Spot, node: Node) -> int:
    """Return where a further line of the block goes: behind its last line and the remarks that belong to it."""
    at = _line_end(text, _Spot(node, spot.key))
    column = spot.key.start_mark.column if spot.key is not None else -1
    while at < len(text):
        end = text.find("\n", at)
        line = text[at : end if end >= 0 else len(text)]
        body = line.lstrip(" ")
        if not body.startswith("#") or len(line) - len(body) <= column:
            break
        at = end + 1 if end >= 0 else len(text)
    return at


def _dash_before(text: str, index: int) -> int:
    """Return where the dash of a list item stands: before the item, blanks, line ends and remarks."""
    lines_before = text[:index]
    while True:
        stripped = lines_before.rstrip(" \n")
        if stripped.endswith("-"):
            return len(stripped) - 1
        lines_before = stripped[: stripped.rfind("\n") + 1]
        if not lines_before:
            raise ProjectError("a list item without its dash; the list cannot be edited")


def _with_line_end(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _paste_lines(text: str, at: int, lines: Sequence[str]) -> str:
    """Put whole lines at the start of a line; a text without final line end stays without."""
    at, pasted = _pasted_lines(text, at, lines)
    return text[:at] + pasted + text[at:]


def _pasted_lines(text: str, at: int, lines: Sequence[str]) -> tuple[int, str]:
    pasted = "\n".join(lines)
    is_open = at == len(text) and text and not text.endswith("\n")
    return at, f"\n{pasted}" if is_open else f"{pasted}\n"
