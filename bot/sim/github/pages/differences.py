"""A patch of one file -> lines with their numbers, as a page shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True)
class Line:
    """One line: `kind` is hunk, same, added, removed or note; numbers in the old and the new file."""

    kind: str
    text: str
    old: int | None = None
    new: int | None = None

    @property
    def side(self) -> str:
        """Return the side that a comment on this line is on."""
        return "LEFT" if self.kind == "removed" else "RIGHT"

    @property
    def number(self) -> int | None:
        """Return the number by which a comment names this line."""
        return self.old if self.kind == "removed" else self.new


def lines_of(patch: str | None) -> Iterator[Line]:
    """Read a patch without its header; lines are parted by newlines only."""
    old = new = 0
    for text in (patch or "").split("\n") if patch else ():
        if found := HUNK.match(text):
            old, new = int(found[1]), int(found[2])
            yield Line("hunk", text)
        elif text.startswith("+"):
            yield Line("added", text[1:], None, new)
            new += 1
        elif text.startswith("-"):
            yield Line("removed", text[1:], old, None)
            old += 1
        elif text.startswith("\\"):
            yield Line("note", text[2:])
        else:
            yield Line("same", text[1:], old, new)
            old, new = old + 1, new + 1
