"""One address for all: API, git over HTTP, and pages. An ASGI application; decides only who answers.

The API answers at `/`, at `/api/v3` (as GitHub Enterprise) and at hosts that begin with `api.`; a client behind
HTTP_PROXY sends absolute-form targets: httptools hands on their path, and their Host header names the host.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.sim.github.deeds.refs import settle_all
from bot.sim.github.events.deliveries import Postman
from bot.sim.github.graphql import door as graphql
from bot.sim.github.resources import ROUTES
from bot.sim.github.store.act import Places
from bot.sim.github.store.state import State
from bot.sim.github.wire.api import Answer, Api, Asked, Witness
from bot.sim.github.wire.desk import Desk
from bot.sim.github.wire.practice import PREFIX, Practice, play
from bot.sim.github.wire.routing import Table
from bot.sim.github.wire.transport import GitDoor
from bot.sim.github.workflows.foreman import Foreman
from bot.sim.github.workflows.hosts import Host

READING = ("GET", "HEAD")
GIT_PATH = re.compile(
    r"/(?P<owner>[^/]+)/(?P<repo>[^/]+?)(?:\.git)?/(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)


class App:
    """The ASGI application. `pages` answers what is neither API nor git; `hosts` run workflows (None: nobody does)."""

    def __init__(
        self,
        state: State,
        *,
        witness: Witness | None = None,
        pages: ASGIApp | None = None,
        hosts: Sequence[Host] | None = None,
        is_practice: bool = False,
    ) -> None:
        self.state = state
        self.api, self.desk = Api(state, Table(ROUTES), witness), Desk(state)
        self.api.table = Table((*ROUTES, graphql.route(self.api)))
        self.git = GitDoor(state, self.desk)
        self.postman = Postman(state)
        self.foreman = None if hosts is None else Foreman(state, hosts)
        self.practice = Practice(state, self.foreman, is_open=is_practice)
        self.pages = pages or _no_pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection's request, or start and stop."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._hand_on(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.state.do(lambda: settle_all(self.state)).result()
        self.postman.start()
        if self.foreman:
            await asyncio.to_thread(self.foreman.start)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self.foreman:
            await asyncio.to_thread(self.foreman.stop)
        await asyncio.to_thread(self.postman.stop)
        await asyncio.to_thread(self.state.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["raw_path"].decode("latin-1")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if path.startswith(PREFIX):
            await (await self.practice.serve(Request(scope, receive)))(scope, receive, send)
            return
        fault = self.state.faults.for_call(method, path)
        if fault is not None and (spoilt := await play(fault, send)) is None:
            return
        send = send if fault is None or spoilt is None else spoilt
        query = scope["query_string"].decode("latin-1")
        if path == "/_push":
            response: Response = await self.git.judge_push(Request(scope, receive))
            await response(scope, receive, send)
        elif found := GIT_PATH.fullmatch(path):
            await self.git.serve(found, Request(scope, receive), send)
        elif place := self._place(path, host, headers):
            asked = Asked(method, place[0], query, headers, await _body(receive), place[1])
            answer = await self.desk.answer(lambda: self.api.answer(asked), only_reads=method in READING)
            await _send(answer, send, is_head=method == "HEAD")
        else:
            await self.pages(scope, receive, send)

    def _place(self, path: str, host: str, headers: dict[str, str]) -> tuple[str, Places] | None:
        """Return what the API is asked for, and its addresses as the caller knows them; None: not the API."""
        if host.startswith(("api.", "uploads.")):
            return path, Places(f"http://{host}", f"http://{host.partition('.')[2]}", f"http://{host}")
        if path.startswith(("/api/v3/", "/api/uploads/")) or path == "/api/v3":
            places = Places(f"http://{host}/api/v3", f"http://{host}", f"http://{host}/api/uploads")
            return "/" + path.split("/", 3)[3] if path.count("/") > 2 else "/", places
        is_page = path == "/" and "text/html" in headers.get("accept", "")
        if path.split("/")[1] in self.api.table.first_words and not is_page:
            return path, Places(*[f"http://{host}"] * 3)
        return None


async def _body(receive: Receive) -> bytes:
    pieces, more = [], True
    while more:
        message = await receive()
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(pieces)


async def _send(answer: Answer, send: Send, *, is_head: bool) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
    if answer.status not in (204, 304):
        headers.append((b"content-length", str(len(answer.data)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else answer.data})


async def _no_pages(scope: Scope, receive: Receive, send: Send) -> None:
    text = f"{scope['path']} is not simulated here\n"
    await PlainTextResponse(text, 501)(scope, receive, send)
