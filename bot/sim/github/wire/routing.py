"""Path -> Route. The table is written out in `resources`; nothing registers itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from bot.sim.github.rules.access import Right
from bot.sim.github.wire.call import Call, Reply


@dataclass(frozen=True)
class Route:
    """One endpoint: method and path as GitHub documents them. `{name...}` may hold slashes.

    `right` None: everybody, also without a token; what has no repository and a permission of "account" needs a token.
    """

    method: str
    path: str
    handler: Callable[[Call], Reply]
    right: Right | None


class Table:
    """All endpoints, found by method and the first words of their paths."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._buckets: dict[tuple[str, str], list[tuple[re.Pattern[str], Route]]] = {}
        for route in routes:
            bucket = self._buckets.setdefault((route.method, _word(route.path)), [])
            bucket.append((re.compile(_pattern(route.path)), route))
        for bucket in self._buckets.values():
            bucket.sort(key=lambda item: _looseness(item[1].path))
        self.first_words = frozenset(
            route.path.split("/")[1] for bucket in self._buckets.values() for _, route in bucket
        )

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route of a raw path, and what its names hold (decoded)."""
        for pattern, route in self._buckets.get((method, _word(path)), ()):
            if found := pattern.fullmatch(path):
                return route, {name: unquote(value or "") for name, value in found.groupdict().items()}
        return None


def _word(path: str) -> str:
    """Return what tells resources apart: the fourth word below /repos, the first elsewhere."""
    words = path.split("/")
    return f"repos {words[4] if len(words) > 4 else ''}" if words[1] == "repos" else words[1]


def _pattern(path: str) -> str:
    def named(match: re.Match[str]) -> str:
        name, rest = match.group(1), match.group(2)
        is_number = name.endswith(("_id", "number")) and name != "workflow_id"
        return f"(?P<{name}>{'.*' if name == 'path' else '.+' if rest else '[0-9]{1,18}' if is_number else '[^/]+'})"

    # the root of the contents is asked for with and without a slash
    whole = path.replace("/{path...}", "(?:/{path...})?")
    return re.sub(r"\{(\w+)(\.\.\.)?\}", named, whole)


def _looseness(path: str) -> tuple[int, int, int]:
    """Order routes: fixed words before names, names before those that hold slashes, long before short."""
    return (path.count("...}"), path.count("{"), -len(path.split("/")))
