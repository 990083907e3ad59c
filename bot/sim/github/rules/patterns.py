"""Patterns of branch protection, and names of refs that git accepts."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a branch pattern as a regular expression: `*` stays in its segment, `**/` crosses them."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))


def matches(pattern: str, name: str) -> bool:
    """Tell whether a whole name fits the pattern."""
    return compiled(pattern).fullmatch(name) is not None


FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|^\.|\.lock(/|$)|/$|\.$|^/")


def is_ref_name(name: str) -> bool:
    """Tell whether git takes the name as a full ref (git check-ref-format's rules)."""
    return name.startswith("refs/") and name.count("/") >= 2 and not FORBIDDEN.search(name)
