"""How results reach people and programs: text or JSON on stdout, progress on stderr."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

INDENT = " " * 4
FULL_WIDTH, NARROWEST = 120, 40
"""Columns: where no terminal tells its width, and what is printed for at least."""
MOST_LINES = 3
"""Of a long text; all of it stands in a log, or in --json."""


def print_json(value: Any) -> None:
    """Print one JSON document; keys keep their order so that outputs can be compared."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]], told: Sequence[str] = ()) -> None:
    """Print columns as wide as their widest cell; numbers stand to the right. `told`: words below each row."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(head)]
    right = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(head))]
    for number, row in enumerate([list(head), ["-" * width for width in widths], *cells], start=-2):
        line = "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True))
        print(line.rstrip())
        if told and number >= 0:
            print_words(told[number], indent=INDENT)


def print_words(text: str, *, indent: str = "") -> None:
    """Print a long text on lines as wide as the terminal, the first after `indent`; what is too long ends in dots."""
    width = shutil.get_terminal_size((FULL_WIDTH, 0)).columns
    lines = textwrap.wrap(
        text,
        max(width, NARROWEST),
        initial_indent=indent,
        subsequent_indent=max(indent, INDENT),
        max_lines=MOST_LINES,
        placeholder=" ...",
        break_on_hyphens=False,
    )
    print("\n".join(lines))


def is_terminal() -> bool:
    """Say whether a person watches stderr, so that a progress line may be redrawn."""
    return sys.stderr.isatty()
