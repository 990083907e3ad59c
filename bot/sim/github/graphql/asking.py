"""One question of one person: what resolvers ask of the API, and how ids and pages of lists are written."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from bot.sim.github.refusals import Refusal
from bot.sim.github.shown.accounts import Json
from bot.sim.github.store.act import Act
from bot.sim.github.wire.api import Api, Asked

MOST, USUAL = 100, 30
ID = re.compile(r"[0-9]{2}:([A-Za-z]+?)([0-9]+)")


@dataclass
class Asking(Act):
    """Who asks, and the API that answers."""

    api: Api

    def ask(self, method: str, target: str, body: Any = None, **query: str) -> Any:
        """Call the API as this person; return the body of its reply; raise its Refusal."""
        data = b"" if body is None else json.dumps(body).encode()
        return self.api.perform(self.who, Asked(method, target, urlencode(query), {}, data, self.places)).body

    def all_of(self, target: str, key: str = "", **query: str) -> list[Json]:
        """Read a whole list."""
        found: list[Json] = []
        number = 1
        while number == 1 or len(found) == MOST * (number - 1):
            came = self.ask("GET", target, per_page=str(MOST), page=str(number), **query)
            found += came[key] if key else came
            number += 1
        return found

    def find(self, node_id: str, *kinds: str) -> Json:
        """Return what an id names, when it is one of these kinds; refuse what this person may not see."""
        try:
            read = ID.fullmatch(base64.b64decode(node_id, validate=True).decode())
        except (binascii.Error, UnicodeDecodeError):
            read = None
        target = self._target(read.group(1), int(read.group(2))) if read and read.group(1) in kinds else None
        if target is None:
            raise Refusal(404, f"Could not resolve to a node with the global id of '{node_id}'.")
        found: Json = self.ask("GET", target)
        return found

    def _target(self, kind: str, number: int) -> str | None:
        table = "repos" if kind == "Repository" else "issues"
        row = self.db.one(f"SELECT * FROM {table} WHERE id = ?", number)  # noqa: S608  (one of these two words)
        if row is None:
            return None
        repo = row if kind == "Repository" else self.db.row("repos", row["repo_id"])
        here = f"/repos/{quote(self.account(repo['owner_id'])['login'])}/{quote(repo['name'])}"
        words = {"Repository": "", "Issue": "/issues/{}", "PullRequest": "/pulls/{}"}[kind]
        return here + words.format(row.get("number"))


def page(items: list[Any], asked: dict[str, Any]) -> Json:
    """Return one page of a list as a connection; a cursor is the place of the last item."""
    start = _place(asked.get("after"))
    size = min(asked.get("first") or asked.get("last") or USUAL, MOST)
    kept = items[-size:] if asked.get("last") else items[start : start + size]
    end = len(items) if asked.get("last") else start + len(kept)
    info = {"has_next_page": end < len(items), "end_cursor": _cursor(end) if kept else None}
    return {"nodes": kept, "page_info": info, "total_count": len(items)}


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:{place}".encode()).decode()


def _place(cursor: str | None) -> int:
    try:
        return int(base64.b64decode(cursor or "", validate=True).decode().removeprefix("cursor:") or 0)
    except (binascii.Error, ValueError) as error:
        raise Refusal(422, f"`{cursor}` does not appear to be a valid cursor.") from error
