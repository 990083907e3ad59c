"""Put, append and remove values in YAML text so that every other byte stays as it was.

The places come from the marks of composed nodes (bot.formats.yaml_places), the words from ruamel.yaml's own printing of
scalars (bot.formats.yaml_printing); what goes between is cut and pasted as text. Nothing here checks the result:
bot.formats.yaml_edit reads it back and does.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.errors import ProjectError
from bot.formats.yaml_places import (
    Path,
    Spot,
    Style,
    block_end,
    chain_to,
    dash_before,
    is_null,
    leaf_end,
    line_end,
    root_of,
    style_of,
    trimmed_end,
    value_span,
    walk,
)
from bot.formats.yaml_printing import Inline, Value, child_lines, entry_lines, flow_text, inline_text, scalar_text


def put(text: str, path: Path, value: Value) -> str:
    """Write the value at the path; keys that are missing on the way are made."""
    chain = chain_to(text, path)
    if not chain:
        return _with_line_end(text) + "".join(
            f"{line}\n" for line in entry_lines(path[0], _nest(path[1:], value), 0, Style())
        )
    if len(chain) == len(path) + 1:
        return _replace(text, path, chain[-1], value)
    rest = path[len(chain) - 1 :]
    return _insert(text, chain[-1], rest[0], _nest(rest[1:], value), style_of(chain[0].node))


def insert_all(text: str, values: Mapping[Path, str | int | bool]) -> str:
    """Write many scalars where nothing stands yet, with one look at the text; new mappings of scalars on one line."""
    root = root_of(text)
    if root is None:
        return functools.reduce(lambda made, entry: put(made, *entry), _tree_of(values).items(), text)
    entries: dict[int, tuple[Spot, int, dict[Path, Value]]] = {}
    for path, value in values.items():
        chain = walk(root, path)
        _, _, inside = entries.setdefault(id(chain[-1].node), (chain[-1], len(chain), {}))
        inside[path[len(chain) - 1 :]] = value
    whole, style = _with_line_end(text), style_of(root)
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
    hollow: Spot | None = None
    filling: Value = None

    def made_in(self, text: str) -> str:
        if self.hollow is not None:
            return _fill(text, self.hollow, self.filling)
        return text[: self.at] + self.pasted + text[self.at :]


def _edit(text: str, spot: Spot, entries: Mapping[Path, Value], style: Style, depth: int) -> _Edit:
    inside = {path[0]: value for path, value in entries.items()}
    if spot.key is not None and _is_hollow(spot):
        return _Edit(int(spot.key.end_mark.index), depth, hollow=spot, filling=inside)
    at, pasted = _insertion(text, spot, inside, style)
    return _Edit(at, depth, pasted)


def _is_hollow(spot: Spot) -> bool:
    """Say whether a key has nothing behind it, or an empty collection."""
    node = spot.node
    return is_null(node) or (isinstance(node, MappingNode | SequenceNode) and not node.value and spot.key is not None)


def append(text: str, path: Path, items: Sequence[Value]) -> str:
    """Write items behind the last one of the list at the path; a missing or empty list is made."""
    chain = chain_to(text, path)
    spot = chain[-1] if len(chain) == len(path) + 1 else None
    if spot is None or not isinstance(spot.node, SequenceNode) or not spot.node.value:
        return put(text, path, list(items))
    node = spot.node
    if node.flow_style:
        at = leaf_end(node.value[-1])
        return text[:at] + "".join(f", {flow_text(item)}" for item in items) + text[at:]
    first = node.value[0].start_mark
    dash = dash_before(text, first.index)
    column = dash - (text.rfind("\n", 0, dash) + 1)
    lead = " " * column + "-" + (text[dash + 1 : first.index] if "\n" not in text[dash : first.index] else " ")
    return _paste_lines(text, block_end(text, spot, node), [lead + flow_text(item) for item in items])


def remove(text: str, path: Path) -> str:
    """Take the key at the path out, with its value and the remark behind it."""
    chain = chain_to(text, path)
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
        before = leaf_end(entries[place - 1][1]) if place else start
        return text[:before] + text[leaf_end(spot.node) :]
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip():
        following = entries[place + 1][0].start_mark.index if place + 1 < len(entries) else None
        return text if following is None else text[:start] + text[following:]
    return text[:line] + text[line_end(text, spot) :]


def _nest(path: Path, value: Value) -> Value:
    for word in reversed(path):
        value = {word: value}
    return value


def _replace(text: str, path: Path, spot: Spot, value: Value) -> str:
    node = spot.node
    if isinstance(node, MappingNode) and node.value and isinstance(value, Mapping) and value:
        return _merge(text, path, node, value)
    if isinstance(node, SequenceNode) and node.value and isinstance(value, list):
        known = [_plain(item) for item in node.value]
        if known == [str(item) for item in value[: len(known)]]:
            return append(text, path, value[len(known) :]) if value[len(known) :] else text
    if isinstance(node, ScalarNode) and not is_null(node) and not isinstance(value, Mapping | list):
        return _replace_scalar(text, spot, value)
    return _fill(text, spot, value, whole=True)


def _merge(text: str, path: Path, node: MappingNode, value: Mapping[str, Value]) -> str:
    """Make a mapping equal to the value key by key; another order is written anew."""
    known = [str(key.value) for key, _ in node.value]
    if [key for key in known if key in value] != list(value)[: len([key for key in known if key in value])]:
        return _fill(text, chain_to(text, path)[-1], value, whole=True)
    for key in value:
        text = put(text, (*path, key), value[key])
    for key in known:
        if key not in value:
            text = remove(text, (*path, key))
    return text


def _replace_scalar(text: str, spot: Spot, value: Value) -> str:
    node = spot.node
    start, end = node.start_mark.index, node.end_mark.index
    flow = bool(spot.parent is not None and spot.parent.flow_style)
    if getattr(node, "style", None) in ("|", ">"):
        last = text.rfind("\n", start, trimmed_end(text, node))
        end = last if last > start else end
    return text[:start] + scalar_text(value, flow=flow) + text[end:]


def _fill(text: str, spot: Spot, value: Value, *, whole: bool = False) -> str:
    """Give a key without value, or with one that is replaced as a whole, its value."""
    key = spot.key
    if key is None:
        raise ProjectError("the file holds no mapping; it cannot be edited")
    parent_flow = bool(spot.parent is not None and spot.parent.flow_style)
    start, end = value_span(text, key, spot.node, whole=whole)
    colon = text.find(":", key.end_mark.index, start + 1)
    if colon < 0:
        text, start, end = text[: key.end_mark.index] + ":" + text[key.end_mark.index :], start + 1, end + 1
        colon = key.end_mark.index
    if parent_flow or not isinstance(value, Mapping | list) or not value or isinstance(value, Inline):
        text = text[:start].rstrip(" ") + " " + (flow_text(value) if parent_flow else inline_text(value)) + text[end:]
        return text
    column = key.start_mark.column
    lines = child_lines(value, column, style_of(chain_to(text, ())[0].node))
    head = text[:start].rstrip(" ")
    at = len(head) + (text.find("\n", end) if text.find("\n", end) >= 0 else len(text)) - end
    text = head + text[end:]
    return _paste_lines(text, min(at + 1, len(text)) if at < len(text) else len(text), lines)


def _insert(text: str, spot: Spot, key: str, value: Value, style: Style) -> str:
    """Write a new key behind the last one of a mapping."""
    if _is_hollow(spot):
        return _fill(text, spot, {key: value})
    at, pasted = _insertion(text, spot, {key: value}, style)
    return text[:at] + pasted + text[at:]


def _insertion(text: str, spot: Spot, entries: Mapping[str, Value], style: Style) -> tuple[int, str]:
    """Return where new keys of a mapping go, and how they are written there."""
    node = spot.node
    if not isinstance(node, MappingNode):
        key = next(iter(entries))
        raise ProjectError(f"line {node.start_mark.line + 1}: no mapping stands here, {key!r} cannot be added to it")
    if node.flow_style:
        written = ", ".join(f"{scalar_text(key, flow=True)}: {flow_text(value)}" for key, value in entries.items())
        return (leaf_end(node.value[-1][1]), f", {written}") if node.value else (node.start_mark.index + 1, written)
    column = node.value[0][0].start_mark.column
    lines = [line for key, value in entries.items() for line in entry_lines(key, value, column, style)]
    return _pasted_lines(text, block_end(text, spot, node), lines)


def _plain(node: Node) -> str:
    """Return what a list item says: the scalar's text, or a repr that equals nothing."""
    return str(node.value) if isinstance(node, ScalarNode) else repr(node)


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
