"""What is clearly not GitHub's: `/_sim/...`, for tests and practice. Faults, the clock, hosts that are killed.

    GET, POST, DELETE /_sim/faults      {"path": "/repos/*/pulls", "method": "POST", "count": 2, "status": 502}
                                        {"webhooks": "doubled", "count": 3}
    GET, POST /_sim/clock               {"forward_s": 3600}
    POST /_sim/hosts/NAME/kill          the host dies in the middle of its jobs

Refused unless the server was started for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Send

from bot.sim.github.store.faults import CallFault
from bot.sim.github.store.state import State
from bot.sim.github.workflows.foreman import Foreman

PREFIX = "/_sim/"


class Practice:
    """The doors of `/_sim/`."""

    def __init__(self, state: State, foreman: Foreman | None, *, is_open: bool) -> None:
        self.state, self.foreman, self.is_open = state, foreman, is_open

    async def serve(self, request: Request) -> Response:
        """Answer one request."""
        if not self.is_open:
            return _refused(403, "this server was not started for practice: /_sim/ is closed")
        words = request.url.path.removeprefix(PREFIX).split("/")
        doors: dict[str, Callable[[Request, list[str]], Awaitable[Response]]] = {
            "faults": self._faults,
            "clock": self._clock,
            "hosts": self._hosts,
        }
        if words[0] not in doors:
            return _refused(404, f"/_sim/ knows {', '.join(doors)}")
        try:
            return await doors[words[0]](request, words[1:])
        except (TypeError, ValueError) as error:
            return _refused(422, str(error))

    async def _faults(self, request: Request, _rest: list[str]) -> Response:
        if request.method == "DELETE":
            self.state.faults.clear()
        elif request.method == "POST":
            told: Any = json.loads(await request.body())
            for fault in told if isinstance(told, list) else [told]:
                self.state.faults.read(fault)
        return JSONResponse(self.state.faults.told())

    async def _clock(self, request: Request, _rest: list[str]) -> Response:
        if request.method == "POST":
            by = timedelta(seconds=float(json.loads(await request.body())["forward_s"]))
            forward_clock(self.state, by)
            if self.foreman:
                self.foreman.wake()
        return JSONResponse({"now": self.state.now()})

    async def _hosts(self, request: Request, rest: list[str]) -> Response:
        if self.foreman is None or len(rest) != 2 or rest[1] != "kill" or request.method != "POST":
            return _refused(404, "POST /_sim/hosts/NAME/kill, of a server that runs workflows")
        return JSONResponse({"jobs": await asyncio.to_thread(self.foreman.kill, rest[0])})


def _refused(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)


def forward_clock(state: State, by: timedelta) -> None:
    """Let the clock of the state go on from a later time."""
    before = state.clock

    def later() -> datetime:
        return before() + by

    state.clock = later


async def play(fault: CallFault, send: Send) -> Send | None:
    """Play a fault of a call; return the `send` by which the call may still be answered, None when it is over."""
    await asyncio.sleep(fault.delay_s)
    if fault.cut == "before":
        _abort(send)
        return None
    if fault.status:
        status, headers, body = fault.answer()
        response = JSONResponse(body, status, headers) if not isinstance(body, str) else Response(body, status, headers)
        await response({"type": "http"}, _nothing, send)
        return None
    return _spoilt(fault.cut, send) if fault.cut else send


def _spoilt(cut: str, send: Send) -> Send:
    async def spoil(message: Message) -> None:
        if cut == "half" and message["type"] == "http.response.start":
            await send(message)
            return
        if cut == "half":
            body = message.get("body", b"")
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        _abort(send, at_once=cut == "after")

    return spoil


def _abort(send: Send, *, at_once: bool = True) -> None:
    """Cut the connection; ASGI has no word for that, so uvicorn's own transport is asked."""
    transport = send.__self__.transport  # type: ignore[attr-defined]
    if at_once:
        transport.abort()
    else:
        transport.close()


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
