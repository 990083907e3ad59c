"""One request of the API, from its bytes to its reply: who, limit, route, right, handler in a transaction, ETag."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from bot.sim.github.deeds.refs import settle
from bot.sim.github.refusals import Refusal, unknown_endpoint
from bot.sim.github.rules.access import NOBODY, Kind, Who
from bot.sim.github.store.act import Places
from bot.sim.github.store.state import State
from bot.sim.github.wire import gate, limits
from bot.sim.github.wire.call import Call, Reply
from bot.sim.github.wire.routing import Route, Table

log = logging.getLogger(__name__)
ENCODE = json.JSONEncoder(separators=(",", ":")).encode
Witness = Callable[[str, str, int, Any], None]
"""Gets method, path template, status and body of every reply: the tests' judge."""


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    target: str
    query: str
    headers: Mapping[str, str]
    data: bytes
    places: Places


@dataclass
class Answer:
    """A reply as it goes."""

    status: int
    headers: dict[str, str]
    data: bytes


class Api:
    """The REST API of one state."""

    def __init__(self, state: State, table: Table, witness: Witness | None = None) -> None:
        self.state, self.table, self.witness = state, table, witness

    def answer(self, asked: Asked) -> Answer:
        """Answer one request; called when it is its turn."""
        headers = {
            "X-GitHub-Request-Id": secrets.token_hex(12).upper(),
            "X-GitHub-Media-Type": "github.v3; format=json",
        }
        template = ""
        try:
            who = NOBODY
            who = gate.identify(self.state, asked.headers.get("authorization", ""))
            is_free = asked.target == "/rate_limit"
            window = limits.window_of(self.state, who) if is_free else limits.count(self.state, who)
            headers |= limits.headers(window)
            if who.kind == Kind.USER:
                headers["X-OAuth-Scopes"] = "admin:org, repo, workflow"
            route, path = self._find(asked)
            template = route.path.replace("...}", "}")
            reply = self._perform(who, asked, route, path)
        except Refusal as refusal:
            reply = Reply(refusal.body, refusal.status, refusal.headers)
        except Exception:
            log.exception("%s %s", asked.method, asked.target)
            reply = Reply({"message": "Server Error: a fault of the simulation; its log says more"}, 500)
        if self.witness:
            self.witness(asked.method, template, reply.status, reply.body)
        answer = _encode(reply, headers)
        if asked.method in ("GET", "HEAD") and reply.status == 200:
            etag = answer.headers["ETag"] = f'W/"{hashlib.sha256(answer.data).hexdigest()}"'
            if etag in asked.headers.get("if-none-match", "").split(", "):
                window.used -= 0 if is_free else 1
                answer.status, answer.data = 304, b""
                answer.headers |= limits.headers(window)
        return answer

    def perform(self, who: Who, asked: Asked) -> Reply:
        """Do what is asked as somebody who is known already (the pages): the same rights, handlers and events.

        Raise Refusal as the handlers do; called when it is its turn.
        """
        return self._perform(who, asked, *self._find(asked))

    def _find(self, asked: Asked) -> tuple[Route, dict[str, str]]:
        found = self.table.find("GET" if asked.method == "HEAD" else asked.method, asked.target)
        if found is None:
            raise unknown_endpoint(asked.method, asked.target)
        return found

    def _perform(self, who: Who, asked: Asked, route: Route, path: dict[str, str]) -> Reply:
        call = Call(
            self.state, who, asked.places, route.method, asked.target, path, asked.query, asked.headers, asked.data
        )
        gate.admit(call, route.right)
        try:
            with self.state.db.transaction() if route.method != "GET" else nullcontext():
                reply = route.handler(call)
        except Exception:
            self._settle(call)
            raise
        for wake in self.state.listeners if route.method != "GET" else ():
            wake()
        return reply

    def _settle(self, call: Call) -> None:
        """Tell the refs that a write moved before it failed: its rows are gone, git keeps what it did."""
        if call.method == "GET" or not call.repo:
            return
        try:
            with self.state.db.transaction():
                settle(call, call.repo)
        except Exception:
            log.exception("what a failed write left in git is told at the next start")


def _encode(reply: Reply, headers: dict[str, str]) -> Answer:
    headers |= reply.headers
    if reply.body is None:
        return Answer(reply.status, headers, b"")
    headers["Content-Type"] = reply.media_type
    data = reply.body if isinstance(reply.body, bytes) else ENCODE(reply.body).encode()
    return Answer(reply.status, headers, data)
