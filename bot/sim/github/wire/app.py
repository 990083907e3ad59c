"""One address for all: API, git over HTTP, and pages. An ASGI application; decides only who answers.

The API answers at `/`, at `/api/v3` (as GitHub Enterprise) and at hosts that begin with `api.`; a client behind
HTTP_PROXY sends absolute-form targets: httptools hands on their path, and their Host header names the host.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.sim.github.deeds.refs import settle_all
from bot.sim.github.events.deliveries import Postman
from bot.sim.github.resources import ROUTES
from bot.sim.github.store.act import Places
from bot.sim.github.store.state import State
from bot.sim.github.wire.api import Api, Asked, Witness
from bot.sim.github.wire.practice import PREFIX, Practice, play
from bot.sim.github.wire.routing import Table
from bot.sim.github.wire.transport import GitDoor
from bot.sim.github.workflows.foreman import Foreman
from bot.sim.github.workflows.hosts import Host

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
        self.api = Api(state, Table(ROUTES), witness)
        self.git = GitDoor(state)
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
        await self._in_state(lambda: settle_all(self.state))
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

    async def _in_state(self, deed: Any) -> Any:
        return await asyncio.wrap_future(self.state.do(deed))

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        host, path = request.headers.get("host", ""), scope["raw_path"].decode("latin-1")
        if path.startswith(PREFIX):
            await (await self.practice.serve(request))(scope, receive, send)
            return
        fault = self.state.faults.for_call(request.method, path)
        if fault is not None and (spoilt := await play(fault, send)) is None:
            return
        send = send if fault is None or spoilt is None else spoilt
        if path == "/_push":
            response: Response = await self.git.judge_push(request)
            await response(scope, receive, send)
        elif found := GIT_PATH.fullmatch(path):
            await self.git.serve(found, request, send)
        elif host.startswith(("api.", "uploads.")):
            web = f"http://{host.partition('.')[2]}"
            await self._call(request, path, Places(f"http://{host}", web, f"http://{host}"), send)
        elif path.startswith(("/api/v3/", "/api/uploads/")) or path == "/api/v3":
            places = Places(f"http://{host}/api/v3", f"http://{host}", f"http://{host}/api/uploads")
            await self._call(request, "/" + path.split("/", 3)[3] if path.count("/") > 2 else "/", places, send)
        elif path.split("/")[1] in self.api.table.first_words and not _wants_page(request, path):
            await self._call(request, path, Places(*[f"http://{host}"] * 3), send)
        else:
            await self.pages(scope, receive, send)

    async def _call(self, request: Request, path: str, places: Places, send: Send) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = request.scope["query_string"].decode("latin-1")
        asked = Asked(request.method, path, query, headers, await request.body(), places)
        answer = await self._in_state(lambda: self.api.answer(asked))
        response = Response(answer.data if request.method != "HEAD" else b"", answer.status, answer.headers)
        await response(request.scope, request.receive, send)


def _wants_page(request: Request, path: str) -> bool:
    """Tell whether a browser asks for the front page, which is the API's root too."""
    return path == "/" and "text/html" in request.headers.get("accept", "")


async def _no_pages(scope: Scope, receive: Receive, send: Send) -> None:
    text = f"{scope['path']} is not simulated here\n"
    await PlainTextResponse(text, 501)(scope, receive, send)
