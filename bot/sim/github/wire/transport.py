"""git over HTTP: `git http-backend` as CGI, for those whose token may; pushes are judged before git takes them.

While a push runs, its hook asks `/_push` with a word that only this push knows. Before the pusher hears that all is
well, `settle` has told the events of what moved.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Send

from bot.sim.github.deeds.pushes import Update, judge
from bot.sim.github.deeds.refs import settle
from bot.sim.github.git.program import environment
from bot.sim.github.refusals import Refusal
from bot.sim.github.rules.access import Right
from bot.sim.github.store.act import Act, Places
from bot.sim.github.store.database import Row
from bot.sim.github.store.state import State
from bot.sim.github.wire import gate
from bot.sim.github.wire.call import Call
from bot.sim.github.wire.desk import Desk

HOOK = Path(__file__).parents[1] / "git" / "pre_receive.py"
PIECE = 65536


@dataclass(frozen=True)
class Push:
    """A push that runs: whose, and into what."""

    act: Act
    repo: Row


class GitDoor:
    """Smart HTTP of one state."""

    def __init__(self, state: State, desk: Desk) -> None:
        self.state, self.desk = state, desk
        self._pushes: dict[str, Push] = {}
        hooks = state.folder / "hooks"
        shutil.copyfile(HOOK, hooks / "pre_receive.py")
        hook = hooks / "pre-receive"
        hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{hooks / "pre_receive.py"}"\n')
        hook.chmod(0o755)

    async def _in_state(self, deed: Callable[[], Any]) -> Any:
        return await self.desk.answer(deed, only_reads=False)

    async def serve(self, found: re.Match[str], request: Request, send: Send) -> None:
        """Answer one request of a git client."""
        is_push = "git-receive-pack" in (found["service"], request.query_params.get("service"))
        try:
            call = await self._in_state(lambda: self._admitted(found, request, is_push))
        except Refusal as refusal:
            ask = {"WWW-Authenticate": 'Basic realm="GitHub"'} if refusal.status == 401 else {}
            await PlainTextResponse(f"{refusal}\n", refusal.status, ask)(request.scope, request.receive, send)
            return
        word = secrets.token_hex(16)
        self._pushes[word] = Push(call, call.repo)
        try:
            await self._backend(found, request, send, call, word)
        finally:
            del self._pushes[word]

    def _admitted(self, found: re.Match[str], request: Request, is_push: bool) -> Call:
        host = request.headers.get("host", "")
        path = {"owner": found["owner"], "repo": found["repo"]}
        who = gate.identify(self.state, request.headers.get("authorization", ""))
        call = Call(self.state, who, Places(*[f"http://{host}"] * 3), request.method, "", path, "", {}, b"")
        try:
            gate.admit(call, Right("contents", "write" if is_push else "read"))
        except Refusal as refusal:
            if who.account is None:  # git asks for a name and a token only after 401
                raise Refusal(401, "Authentication required") from refusal
            raise
        return call

    async def _backend(self, found: re.Match[str], request: Request, send: Send, call: Call, word: str) -> None:
        process = await asyncio.create_subprocess_exec(
            "git", "http-backend", env=self._variables(found, request, call, word),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdin and process.stdout  # noqa: S101  (both are pipes)
        feeding = asyncio.create_task(_feed(request, process.stdin))
        head = await process.stdout.readuntil(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode("latin-1").strip().split("\r\n")]
        status = next((int(value.split()[0]) for name, value in fields if name == "Status"), 200)
        headers = [(name.lower().encode(), value.encode()) for name, value in fields if name != "Status"]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        while piece := await process.stdout.read(PIECE):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await feeding
        await process.wait()
        if found["service"] == "git-receive-pack":
            await self._in_state(lambda: self._settle(call))
        await send({"type": "http.response.body", "body": b""})

    def _settle(self, call: Call) -> None:
        with self.state.db.transaction():
            settle(call, call.repo)
        for wake in self.state.listeners:
            wake()

    def _variables(self, found: re.Match[str], request: Request, call: Call, word: str) -> dict[str, str]:
        login = call.who.account["login"] if call.who.account else "anonymous"
        settings = {
            "http.receivepack": "true",
            "core.hooksPath": str(self.state.folder / "hooks"),
            "receive.hideRefs": "refs/pull",
            "uploadpack.allowAnySHA1InWant": "true",
            "uploadpack.allowFilter": "true",
            "safe.directory": "*",
        }
        told = {"GIT_CONFIG_COUNT": str(len(settings))}
        for number, (name, value) in enumerate(settings.items()):
            told |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        headers = request.headers
        return environment() | told | {
            "GIT_PROJECT_ROOT": str(self.state.folder / "repos"),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": headers.get("git-protocol", ""),
            "GIT_COMMITTER_NAME": login,
            "GIT_COMMITTER_EMAIL": f"{login}@users.noreply.github.localhost",
            "PATH_INFO": f"/{call.repo['id']}.git/{found['service']}",
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.scope["query_string"].decode("latin-1"),
            "CONTENT_TYPE": headers.get("content-type", ""),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
            "REMOTE_USER": login,
            "SIM_PUSH": word,
            "SIM_PORT": str(request.scope["server"][1]),
            "PYTHONDONTWRITEBYTECODE": "1",
        } | ({"CONTENT_LENGTH": headers["content-length"]} if "content-length" in headers else {})  # fmt: skip

    async def judge_push(self, request: Request) -> Response:
        """Answer the hook: 200 when every ref may move so, else 403 and why."""
        push = self._pushes.get(request.headers.get("x-push", ""))
        if push is None:
            return PlainTextResponse("no such push\n", 403)
        lines = (await request.body()).decode().splitlines()
        updates = [
            Update(name, old, new, forced == "1") for old, new, forced, name in (line.split(" ", 3) for line in lines)
        ]
        faults = await self._in_state(lambda: judge(push.act, push.repo, updates))
        return PlainTextResponse("".join(f"{fault}\n" for fault in faults), 403 if faults else 200)


async def _feed(request: Request, stdin: asyncio.StreamWriter) -> None:
    """Hand the request's body to git; git may end before it has read all."""
    try:
        async for piece in request.stream():
            if piece and not stdin.is_closing():
                stdin.write(piece)
                await stdin.drain()
    except (ConnectionResetError, BrokenPipeError):
        pass
    finally:
        stdin.close()
