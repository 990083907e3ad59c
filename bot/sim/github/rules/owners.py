"""CODEOWNERS: which people and teams own which paths; the last matching line wins."""

from __future__ import annotations

import re
from dataclasses import dataclass

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")


@dataclass(frozen=True)
class Ownership:
    """One line: a pattern and its owners (`@login`, `@org/team` or an address of mail); none: nobody owns it."""

    pattern: str
    owners: tuple[str, ...]

    def holds(self, path: str) -> bool:
        """Tell whether the line speaks of the path."""
        return _regex(self.pattern).match(path) is not None


def read_owners(text: str) -> list[Ownership]:
    """Read a CODEOWNERS file; lines with `!` or `[` are skipped, as GitHub does."""
    lines = [line.split("#", 1)[0].split() for line in text.splitlines()]
    return [Ownership(words[0], tuple(words[1:])) for words in lines if words and not set("![") & set(words[0])]


def owners_of(lines: list[Ownership], path: str) -> tuple[str, ...]:
    """Return the owners of one path."""
    return next((line.owners for line in reversed(lines) if line.holds(path)), ())


def _regex(pattern: str) -> re.Pattern[str]:
    anchored = "/" in pattern.rstrip("/")
    parts = re.split(r"(\*\*/|/\*\*|\*\*|\*|\?)", pattern.strip("/"))
    words = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(words.get(part, re.escape(part)) for part in parts)
    # `docs/*` owns the files of docs, not what lies deeper; a name or `docs/` owns all below
    end = "$" if pattern.endswith("*") and anchored else "(?:/.*)?$" if not pattern.endswith("/") else "/.*$"
    return re.compile(("" if anchored else "(?:.*/)?") + body + end)
