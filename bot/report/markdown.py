"""Words of files, headers and people inside Markdown on GitHub: shown as they are, and never acting.

A text cannot end a table or a code span, call people (@), link issues (#), hide, or become HTML.
"""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~@&:$^=\"'])")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")
WIDEST = 300


def plain(text: object) -> str:
    """Return a text as words in a sentence or a cell of a table, on one line."""
    told = _shortened(text)
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};" if found[0] in "<>&@#|`$:\"'" else f"\\{found[0]}", told)


def code(text: object) -> str:
    """Return a text as a code span, also in a table; what would end the span becomes something that looks alike."""
    told = _shortened(text).replace("`", "'").replace("|", "\u00a6")
    return f"`{told}`" if told else ""


def block(lines: list[str]) -> str:
    """Return lines as a block of code; a fence inside a line cannot end it."""
    told = "\n".join(_SPACE.sub(" ", line) for line in lines)
    longest = max((len(run) for run in re.findall(r"`+", told)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{told}\n{fence}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table; the cells are Markdown already."""
    told = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*told, *("| " + " | ".join(row) + " |" for row in rows)])


def _shortened(text: object) -> str:
    told = _SPACE.sub(" ", str(text)).strip()
    return told if len(told) <= WIDEST else f"{told[: WIDEST - 3]}..."
