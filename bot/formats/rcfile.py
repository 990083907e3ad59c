"""An rc file of the pipeline -> its assignments. Parsed, never sourced: it is shell text built from raw headers.

`key=value` or `key="value"`, a comment after it; later lines win; a copy of another rc file may stand in front
(contract: `lmtoy_N__1.rc` begins as `lmtoy_N__0.rc`, a combination's as its first member's), so that order matters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_ASSIGNMENT = re.compile(r"""([A-Za-z_][A-Za-z0-9_]*)=("(?:[^"]*)"|'(?:[^']*)'|[^#"']*?)\s*(?:\#(.*))?""")


@dataclass(frozen=True, slots=True)
class Assignment:
    """One `key=value  # remark` line; value without its quotes."""

    key: str
    value: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class RcFile:
    """The assignments of one rc file in file order."""

    assignments: tuple[Assignment, ...]

    def get(self, key: str) -> str | None:
        """Return the value that counts, the last; None if the key never stands there."""
        return next((one.value for one in reversed(self.assignments) if one.key == key), None)

    def number(self, key: str) -> float | None:
        """Return the last value as a finite number, None if it is missing, empty or no number."""
        try:
            value = float(self.get(key) or "")
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def after(self, key: str, value: str) -> RcFile | None:
        """Return what stands behind the last `key=value`; None if there is no such line."""
        for index in range(len(self.assignments) - 1, -1, -1):
            one = self.assignments[index]
            if one.key == key and one.value == value:
                return RcFile(self.assignments[index + 1 :])
        return None

    def of_bank(self, bank: int) -> RcFile | None:
        """Return what the pipeline wrote for this bank and not copied from the other; None if there is nothing.

        The first bank of a directory has all of its file: without marks, or with its own marks first. Position
        switched data repeat the marks in every call, so that the first marks of the bank count.
        """
        marked = [
            (index, one.remark) for index, one in enumerate(self.assignments) if "special for bank=" in one.remark
        ]
        if not marked or f"special for bank={bank}" in marked[0][1]:
            return self
        own = next((index for index, remark in marked if f"special for bank={bank}" in remark), None)
        return None if own is None else RcFile(self.assignments[own:])

    def count(self, key: str) -> int:
        """Return how often a key has a number behind it."""
        return sum(RcFile((one,)).number(key) is not None for one in self.assignments if one.key == key)


@dataclass(frozen=True)
class Products:
    """What lies in a unit's directory: names of files that are not empty, and its rc files."""

    name: str
    files: frozenset[str]
    rc: RcFile
    """lmtoy_NAME.rc; empty when there is none."""
    banks: Mapping[int, RcFile] = field(default_factory=dict)
    """lmtoy_NAME__B.rc."""
    has_metadata: bool = False
    has_tap: bool = False
    """The light products for a quick look were packed."""


def parse_rc(text: str) -> RcFile:
    """Read the assignments; lines that are none (comments, chatter, half a line at the end) are left out."""
    found = []
    for line in text.splitlines():
        match = _ASSIGNMENT.fullmatch(line.strip())
        if match:
            key, value, remark = match.groups()
            quoted = len(value) > 1 and value[0] in "\"'"
            found.append(Assignment(key, value[1:-1] if quoted else value.strip(), (remark or "").strip()))
    return RcFile(tuple(found))
