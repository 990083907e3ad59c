"""`on:` of a workflow against what happened: types, branches, tags, paths. Values only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

USUAL_TYPES = {
    "pull_request": ("opened", "synchronize", "reopened"),
    "pull_request_target": ("opened", "synchronize", "reopened"),
}
"""What these events mean without `types`; all others mean all of theirs."""
BY_BASE = ("pull_request", "pull_request_target")
SKIP = re.compile(r"\[(skip ci|ci skip|no ci|skip actions|actions skip)\]|^skip-checks: ?true$", re.MULTILINE)


@dataclass(frozen=True)
class Happened:
    """One event as filters see it. `branch`/`tag`: of the push, or the base of the pull request.

    `paths` None: they are not looked at (tags, new branches without a base).
    """

    name: str
    action: str | None = None
    branch: str | None = None
    tag: str | None = None
    paths: tuple[str, ...] | None = None
    workflow: str = ""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a filter pattern: `*` in its segment, `**` anything, `?` and `+` on what is before, `[]` a set."""
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    parts = re.findall(r"\\.|\*\*/|\*\*|\*|\[[^\]]+\]|[?+]|.", pattern, re.DOTALL)
    kept = [
        part if part in "?+" or (part[0] == "[" and len(part) > 1) else words.get(part, re.escape(part[-1]))
        for part in parts
    ]
    return re.compile("".join(kept), re.DOTALL)


def is_in(patterns: Iterable[str], name: str) -> bool:
    """Tell whether a name is in; patterns count in order, `!` takes out what earlier ones let in."""
    inside = False
    for pattern in patterns:
        is_out = pattern.startswith("!")
        if compiled(pattern[1:] if is_out else pattern).fullmatch(name):
            inside = not is_out
    return inside


def skips(message: str) -> bool:
    """Tell whether a commit asks for no runs of push and pull_request."""
    return SKIP.search(message) is not None


def is_wanted(triggers: Mapping[str, Any], happened: Happened) -> bool:
    """Tell whether a workflow with these triggers (event -> its filters) is to run."""
    if happened.name not in triggers:
        return False
    found = triggers[happened.name]
    filters = found if isinstance(found, dict) else {}
    types = words(filters.get("types")) or list(USUAL_TYPES.get(happened.name, ()))
    if types and happened.action is not None and happened.action not in types:
        return False
    if happened.name == "workflow_run" and happened.workflow not in words(filters.get("workflows")):
        return False
    return _ref_fits(filters, happened) and _paths_fit(filters, happened)


def asks_for_paths(triggers: Mapping[str, Any], name: str) -> bool:
    """Tell whether a workflow looks at the paths that an event changed."""
    found = triggers.get(name)
    return isinstance(found, dict) and _has(found, "paths")


def _ref_fits(filters: Mapping[str, Any], happened: Happened) -> bool:
    if happened.name not in (*BY_BASE, "push", "workflow_run"):
        return True
    if happened.name == "push" and happened.tag is not None:
        has_only_branches = _has(filters, "branches") and not _has(filters, "tags")
        return not has_only_branches and _fits(filters, "tags", happened.tag)
    if happened.name == "push" and _has(filters, "tags") and not _has(filters, "branches"):
        return False
    return _fits(filters, "branches", happened.branch or "")


def _has(filters: Mapping[str, Any], word: str) -> bool:
    return word in filters or f"{word}-ignore" in filters


def _fits(filters: Mapping[str, Any], word: str, name: str) -> bool:
    if word in filters:
        return is_in(words(filters[word]), name)
    return not is_in(words(filters.get(f"{word}-ignore")), name)


def _paths_fit(filters: Mapping[str, Any], happened: Happened) -> bool:
    """`paths`: one changed file is enough; `paths-ignore`: no run when all changed files are ignored."""
    if happened.paths is None:
        return True
    if "paths" in filters:
        return any(is_in(words(filters["paths"]), path) for path in happened.paths)
    ignored = words(filters.get("paths-ignore"))
    return not ignored or not all(is_in(ignored, path) for path in happened.paths)


def words(value: Any) -> list[str]:
    """Return a YAML value that may be one text or a list of them."""
    return [] if value is None else [str(item) for item in value] if isinstance(value, list) else [str(value)]
