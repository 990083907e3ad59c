"""One visit of one person to one page, and what a page may answer. All that pages read or change goes through `ask`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from bot.sim.github.refusals import not_found
from bot.sim.github.rules.access import is_at_least
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row
from bot.sim.github.store.roles import role_of_caller
from bot.sim.github.wire.api import Api, Asked

MOST_PAGES = 10
"""Of a hundred: a page for people shows no more of a list."""


@dataclass(frozen=True)
class Shown:
    """A page: its template and what stands in it."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class Away:
    """Go on to another page."""

    location: str


@dataclass(frozen=True)
class Data:
    """Bytes as they are."""

    data: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Shown | Away | Data


@dataclass
class Visit(Act):
    """Who asks for which page, with which words in the address and in the form."""

    api: Api
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, list[str]]

    def ask(self, method: str, target: str, body: Any = None, *, accept: str = "", **query: str) -> Any:
        """Call the API as this person; return the body of its reply; raise its Refusal."""
        data = b"" if body is None else json.dumps(body).encode()
        asked = Asked(method, target, urlencode(query), {"accept": accept}, data, self.places)
        return self.api.perform(self.who, asked).body

    def get(self, target: str, **query: str) -> Any:
        """Read one thing."""
        return self.ask("GET", target, **query)

    def list(self, target: str, key: str = "", **query: str) -> list[Any]:
        """Read a list, page by page; with a `key` it stands in an object."""
        found: list[Any] = []
        for number in range(1, MOST_PAGES + 1):
            came = self.get(target, per_page="100", page=str(number), **query)
            part = came[key] if key else came
            found += part
            if len(part) < 100:
                break
        return found

    def knows(self, method: str, target: str) -> bool:
        """Tell whether the API has this endpoint."""
        return self.api.table.find(method, target) is not None

    def said(self, name: str) -> str:
        """Return a field of the form, with the line ends of files; absent is empty."""
        return (self.form.get(name) or [""])[0].replace("\r\n", "\n")

    @property
    def web(self) -> str:
        """Return the path of the repository's pages."""
        return f"/{quote(self.path['owner'])}/{quote(self.path['repo'])}"

    @property
    def here(self) -> str:
        """Return the path of the repository in the API."""
        return f"/repos{self.web}"

    @property
    def login(self) -> str:
        """Return the name of who visits; empty: nobody yet."""
        return str(self.who.account["login"]) if self.who.account else ""

    @cached_property
    def repo(self) -> Row:
        """Return the repository's row; the API says first whether this person may see it."""
        return self.db.row("repos", self.get(self.here)["id"])

    def may(self, role: str) -> bool:
        """Tell whether this person has at least this role in the repository."""
        return bool(self.login) and is_at_least(role_of_caller(self.db, self.who, self.repo), role)

    def split(self, rest: str) -> tuple[str, str]:
        """Return the ref and the path that `REF/PATH` names; branches may hold slashes, the longest wins."""
        git, words = self.git(self.repo), rest.strip("/").split("/")
        for count in range(len(words), 0, -1):
            name = "/".join(words[:count])
            if git.ref(f"refs/heads/{name}") or git.ref(f"refs/tags/{name}") or (count == 1 and git.resolve(name)):
                return name, "/".join(words[count:])
        raise not_found()


@dataclass(frozen=True)
class View:
    """One address of the pages: method, path (as starlette writes them), and the function that answers."""

    method: str
    path: str
    answer: Callable[[Visit], Answer]
