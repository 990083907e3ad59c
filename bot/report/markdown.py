"""Text that others wrote -> Markdown that shows it and does nothing else, on GitHub too.

GitHub looks for mentions, issue numbers and addresses in what Markdown has made of the text, so that a backslash does
not stop them; a zero-width space does.
"""

from __future__ import annotations

import re

from bot.model.scalars import one_line

LONGEST = 300
"""Characters of one text."""

_ZERO_WIDTH = "\u200b"
_MARKUP = re.compile(r"[\\`*_\[\]~$]")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})
_LINKED = re.compile(r"(?i)(@(?=\w)|#(?=\d)|\bGH-(?=\d)|\b(?:https?|ftp|mailto):|\bwww(?=\.))")
_BLOCK = re.compile(r"\A([0-9]*)((?<=[0-9])[.)]|(?<![0-9])[-+=#])")


def code(text: str, longest: int = LONGEST) -> str:
    """Return the text as code, in a table too; as plain words where what it holds would end the code or the cell."""
    shown = one_line(text, longest)
    return f"`{shown}`" if shown and not re.search(r"[`|\\]", shown) else _escaped(shown)


def cell(text: str, longest: int = LONGEST) -> str:
    """Return the text for a table or the middle of a line; what stands between two backticks is code."""
    parts = one_line(text, longest).split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    return "".join(code(part) if place % 2 else _escaped(part) for place, part in enumerate(parts))


def plain(text: str, longest: int = LONGEST) -> str:
    """Return the text for the start of a line, where `- x` or `# x` would be more than text."""
    shown = cell(text, longest)
    return _BLOCK.sub(r"\1\\\2", shown, count=1)


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", _LINKED.sub(rf"\1{_ZERO_WIDTH}", text)).translate(_ENTITIES)
