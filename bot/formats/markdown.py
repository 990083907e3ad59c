"""Text of a stranger -> Markdown that shows it as it is, and does nothing: no markup, no link, no mention, no command.

Whatever stands in files, comments and headers goes through here before it becomes part of a page on GitHub.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.model.scalars import one_line

_SAFE = re.compile(r"[A-Za-z0-9 ,;]")
_CALLS = "@#"
"""What makes GitHub ring somebody up or link another thread, unless the next character is no part of a name."""
_NOTHING = "&#8203;"
_ZERO_WIDTH = "\u200b"
_AT = f"&#{ord('@')};"
_MARKUP = re.compile(r"[\\`*_\[\]~$]")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})
_LINKED = re.compile(r"(?i)(@(?=\w)|#(?=\d)|\bGH-(?=\d)|\b(?:https?|ftp|mailto):|\bwww(?=\.))")
"""GitHub looks for these in what Markdown has made of the text: a blank of no width stops it, a backslash does not."""
_BLOCK = re.compile(r"\A([0-9]*)((?<=[0-9])[.)]|(?<![0-9])[-+=#])")
"""What would begin a list, a heading or a line at the start of a line."""


def visible(text: str) -> str:
    """Return the text on one line: what no printer shows (control, direction, lone bytes) is written as an escape."""
    return text if text.isprintable() else "".join(char if char.isprintable() else _escape(char) for char in text)


def inert(text: object) -> str:
    """Return Markdown whose every character stands for itself, wherever in running text or a table it is put."""
    return "".join(_entity(char) + (_NOTHING if char in _CALLS else "") for char in visible(str(text)))


def code(text: object) -> str:
    """Return the text in the type of programs, for names and run lines in running text or a table.

    GitHub links addresses of mail there too, unless a tag stands in them: one that shows nothing and is not copied.
    """
    shown = "".join(map(_entity, visible(str(text))))
    return f"<code>{shown.replace(_AT, '<wbr>' + _AT)}</code>"


def prose(text: str, longest: int = 300) -> str:
    """Return Markdown of a sentence of ours that holds words of strangers; what stands between two backticks is code.

    It is shorter than `inert`, because only what could act is written otherwise.
    """
    parts = one_line(text, longest).split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    shown = "".join(code(part) if place % 2 and part else _escaped(part) for place, part in enumerate(parts))
    return _BLOCK.sub(r"\1\\\2", shown, count=1)


def fence(lines: Iterable[str], language: str = "") -> str:
    """Return a block that shows the lines as they are; no line of theirs can end it."""
    shown = [visible(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall(r"`+", line)), default=0)
    mark = "`" * max(3, longest + 1)
    return "\n".join((f"{mark}{language}", *shown, mark))


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; head and cells are Markdown on one line already."""
    heads = list(head)
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", _LINKED.sub(rf"\1{_ZERO_WIDTH}", text)).translate(_ENTITIES)


def _entity(char: str) -> str:
    return char if _SAFE.fullmatch(char) else f"&#{ord(char)};"


def _escape(char: str) -> str:
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a file name that is no UTF-8 (surrogateescape)
        return f"\\x{number - 0xDC00:02x}"
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
