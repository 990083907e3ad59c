"""Values as YAML text: blocks as lines, flow on one line, scalars as ruamel.yaml prints them."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from bot.formats.yaml_places import Style

Value = Any
"""str, int, bool, list, dict (printed as a block) or Inline (printed as {...})."""

_PLAIN_NUMBER = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


class Inline(dict[str, Any]):
    """A mapping that is printed on one line."""


def entry_lines(key: str, value: Value, column: int, style: Style) -> list[str]:
    """Print a key and its value as lines of a block."""
    head = " " * column + scalar_text(key) + ":"
    if isinstance(value, Mapping | list) and value and not isinstance(value, Inline):
        return [head, *child_lines(value, column, style)]
    return [f"{head} {inline_text(value)}"]


def child_lines(value: Value, column: int, style: Style) -> list[str]:
    """Print what stands below a key as lines of a block; `column`: of the key."""
    if isinstance(value, list):
        return [" " * (column + style.dash) + f"- {flow_text(item)}" for item in value]
    inner = column + style.step
    return [line for key, child in value.items() for line in entry_lines(str(key), child, inner, style)]


def inline_text(value: Value) -> str:
    """Print a value behind its key."""
    return flow_text(value) if isinstance(value, Mapping | list) else scalar_text(value)


def flow_text(value: Value) -> str:
    """Print a value on one line, with brackets around what is inside."""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{scalar_text(str(key), flow=True)}: {flow_text(one)}" for key, one in value.items()) + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(flow_text(item) for item in value) + "]"
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
