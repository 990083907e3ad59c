"""The installation over HTTP: routes of the native API, its envelope, its token, and the faults that were ordered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.sim.dataverse.installation import Fault, Installation, Refusal

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


def make_app(installation: Installation) -> App:
    """Return the ASGI application."""

    async def app(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        with installation.lock:
            installation.calls.append(f"{request.method} {request.url.path}")
            fault = installation.faults.get(len(installation.calls))
        body = await request.body() if fault in (Fault.CUT, Fault.BROKEN, Fault.BUSY, Fault.REFUSED) else b""
        answer = _struck(fault) or await _answer(installation, request, fault)
        if fault in (Fault.CUT, Fault.LOST):
            del body
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"99")]})
            return  # the server closes a connection whose answer does not end
        await answer(scope, receive, send)

    return app


def _struck(fault: Fault | None) -> Response | None:
    if fault is Fault.BROKEN:
        return _error(500, "Internal server error")
    if fault is Fault.BUSY:
        return Response("<html>Service Unavailable</html>", 503, media_type="text/html")
    if fault is Fault.REFUSED:
        return _error(403, "User is not permitted to perform requested action.")
    return Response() if fault is Fault.CUT else None


async def _answer(installation: Installation, request: Request, fault: Fault | None) -> Response:
    if request.headers.get("x-dataverse-key") != installation.token:
        return _error(401, "Bad API key")
    try:
        data = await _deed(installation, request, is_spoilt=fault is Fault.SPOILT)
    except Refusal as refusal:
        return _error(refusal.status, refusal.message)
    return JSONResponse({"status": "OK", "data": data})


def _error(status: int, message: str) -> Response:
    return JSONResponse({"status": "ERROR", "message": message}, status)


async def _deed(installation: Installation, request: Request, *, is_spoilt: bool) -> Any:
    words = request.url.path.removeprefix("/api/v1/").removeprefix("/api/").strip("/").split("/")
    doi = request.query_params.get("persistentId", "")
    form = await request.form() if words[-1] == "add" else None
    body = json.loads(await request.body() or b"{}") if form is None else None
    match request.method, words:
        case "GET", ["dataverses", alias]:
            return installation.collection(alias)
        case "GET", ["dataverses", alias, "contents"]:
            return installation.contents(alias)
        case "POST", ["dataverses", alias, "datasets"]:
            return installation.create(alias, body)
        case "GET", ["datasets", ":persistentId", "versions", which]:
            return installation.show(doi, which)
        case "PUT", ["datasets", ":persistentId", "versions", ":draft"]:
            return installation.edit(doi, body)
        case "GET", ["datasets", ":persistentId", "locks"]:
            return installation.locks(doi)
        case "POST", ["datasets", ":persistentId", "actions", ":publish"]:
            return installation.publish(doi, request.query_params.get("type", ""))
        case "DELETE", ["files", number]:
            return installation.delete(int(number))
    if form is not None and words[:2] == ["datasets", ":persistentId"]:
        file: Any = form["file"]
        content = await file.read()
        told = json.loads(str(form.get("jsonData") or "{}"))
        return installation.add(doi, file.filename, content, told, is_spoilt=is_spoilt)
    raise Refusal(501, f"{request.method} {request.url.path} is not simulated")
