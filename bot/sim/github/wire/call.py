"""A request as a handler sees it, and the reply that it gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from bot.sim.github.refusals import Refusal, invalid
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row

Json = dict[str, Any]
PER_PAGE, MOST_PER_PAGE = 30, 100
KINDS: dict[type, str] = {str: "a string", int: "an integer", bool: "a boolean", list: "an array", dict: "an object"}


@dataclass
class Reply:
    """What goes back. `body` is JSON, or bytes with their media type; None: nothing."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json; charset=utf-8"


def created(body: Json) -> Reply:
    """Something new stands."""
    return Reply(body, 201, {"Location": body["url"]} if "url" in body else {})


def nothing() -> Reply:
    """Done; there is nothing to show."""
    return Reply(None, 204)


@dataclass
class Call(Act):
    """One request: who, where, what. `repo` is set by the gate when the path names one that the caller may see."""

    method: str
    target: str
    path: Mapping[str, str]
    query_string: str
    headers: Mapping[str, str]
    data: bytes
    repo: Row = field(default_factory=dict)
    role: str = "none"

    def __post_init__(self) -> None:
        self.query = dict(parse_qsl(self.query_string, keep_blank_values=True))
        self._sent: Any = None

    def number(self, name: str) -> int:
        """Return a number of the path."""
        return int(self.path[name])

    @property
    def body(self) -> Json:
        """Return the JSON object that was sent; an empty body is an empty object."""
        if not isinstance(self.sent, dict):
            raise Refusal(400, "Body should be a JSON object")
        return self.sent

    @property
    def sent(self) -> Any:
        """Return the JSON that was sent, whatever it is."""
        if self._sent is None:
            try:
                self._sent = json.loads(self.data) if self.data.strip() else {}
            except ValueError as error:
                raise Refusal(400, "Problems parsing JSON") from error
        return self._sent

    def get(self, name: str, kind: type, default: Any = None) -> Any:
        """Return a field of the body when it is there and of that kind; null counts as absent."""
        value = self.body.get(name)
        if value is None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise invalid(
                f"Invalid request.\n\nFor 'properties/{name}', {json.dumps(value)[:200]} is not {KINDS[kind]}."
            )
        return value

    def need(self, name: str, kind: type) -> Any:
        """Return a field that must be there."""
        value = self.get(name, kind)
        if value is None:
            raise invalid(f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return value

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> Any:
        """Return a field that must be one of these words."""
        value = self.get(name, str, default)
        if value is not None and value not in choices:
            raise invalid(f"Invalid request.\n\n{value} is not a member of {json.dumps(list(choices))}.")
        return value

    def strings(self, name: str) -> list[str]:
        """Return a field that must be a list of strings; absent is empty."""
        values = self.get(name, list, [])
        if not all(isinstance(value, str) for value in values):
            raise invalid(
                f"Invalid request.\n\nFor 'properties/{name}/items', {json.dumps(values)[:200]} is not a string."
            )
        return list(values)

    def wants(self, media: str) -> bool:
        """Tell whether the caller asks for this media type of GitHub: raw, diff, patch, html, sha, object."""
        accept = self.headers.get("accept", "")
        return f"github.{media}" in accept or f"github.v3.{media}" in accept or f"vnd.github.raw+{media}" in accept

    def paged(self, items: Sequence[Any], show: Callable[[Any], Any], *, key: str = "") -> Reply:
        """Return one page of a list, with Link; with a `key` the list stands in an object beside `total_count`."""
        page, size = self._page("page", 1), min(self._page("per_page", PER_PAGE), MOST_PER_PAGE)
        shown = [show(item) for item in items[(page - 1) * size : page * size]]
        last = max(1, -(-len(items) // size))
        pages = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        kept = [name for name, at in pages.items() if (at < page if name in ("prev", "first") else page < at <= last)]
        link = ", ".join(f'<{self._address(page=str(pages[name]))}>; rel="{name}"' for name in kept)
        body = {"total_count": len(items), key: shown} if key else shown
        return Reply(body, headers={"Link": link} if link else {})

    def _page(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        return max(1, int(text)) if text.isdecimal() and len(text) < 9 else default

    def _address(self, **changed: str) -> str:
        return f"{self.places.api}{self.target}?{urlencode(self.query | changed)}"
