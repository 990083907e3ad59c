"""All pages put together: addresses, the session, the answer as HTTP. The pages' own words are in `templates/`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import jinja2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.sim.github.pages import editing, files, history, home, issues, pulls, raw, releases, reviewing, runs, threads
from bot.sim.github.pages.differences import lines_of
from bot.sim.github.pages.markdown import render
from bot.sim.github.pages.session import LOOPBACK_HOSTS, Session, cookie_name, people, session_of, who_is
from bot.sim.github.pages.visit import Answer, Away, Data, Shown, View, Visit
from bot.sim.github.refusals import Refusal
from bot.sim.github.resources import ROUTES
from bot.sim.github.store.act import Places
from bot.sim.github.store.state import State
from bot.sim.github.wire.api import Api
from bot.sim.github.wire.desk import Desk
from bot.sim.github.wire.routing import Table

log = logging.getLogger(__name__)
FOLDER = Path(__file__).parent
STYLE = "/-/style.css"
MODULES = (raw, home, editing, history, reviewing, pulls, threads, issues, releases, runs, files)
"""In the order in which their addresses are tried: `raw` knows its own by their ends."""
BIGGEST_FORM = 8 * 1024 * 1024
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data: http://127.0.0.1:*; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def make_pages(state: State) -> ASGIApp:
    """Return the application that answers what is neither API nor git."""
    door = _Door(state)
    views = [view for module in MODULES for view in module.VIEWS]
    routes = [Route(STYLE, _style), Route("/-/who", door.choose, methods=["POST"])]
    return Starlette(routes=[*routes, *(Route(v.path, door.opened(v), methods=[v.method]) for v in views),
                             Route("/{rest:path}", door.lost)])  # fmt: skip


async def _style(_request: Request) -> Response:
    return Response((FOLDER / "style.css").read_bytes(), media_type="text/css", headers={"Cache-Control": "no-cache"})


class _Door:
    """Lets visitors in, and their answers out."""

    def __init__(self, state: State) -> None:
        self.state, self.api, self.words = state, Api(state, Table(ROUTES)), _environment()
        self.desk = Desk(state)

    def opened(self, view: View) -> Callable[[Request], Any]:
        """Return what starlette calls for a view."""

        async def answer(request: Request) -> Response:
            return await self._answer(request, view.answer)

        return answer

    async def lost(self, request: Request) -> Response:
        """Answer an address that we do not know."""
        return await self._answer(request, _unknown)

    async def choose(self, request: Request) -> Response:
        """Become somebody else."""
        session, form = session_of(request), await _form(request)
        back = form.get("back", ["/"])[0]
        if refused := _foreign(request, session, form):
            return Response(refused, 403, SAFE, "text/plain")
        reply = RedirectResponse(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/", 303)
        _keep(request, reply, Session(session.key, form.get("login", [""])[0]))
        return reply

    async def _answer(self, request: Request, view: Callable[[Visit], Answer]) -> Response:
        session, form = session_of(request), await _form(request)
        if refused := _foreign(request, session, form):
            return Response(refused, 403, SAFE, "text/plain")
        only_reads = request.method in ("GET", "HEAD")
        reply = await self.desk.answer(lambda: self._visit(request, session, form, view), only_reads=only_reads)
        if cookie_name(request) not in request.cookies:
            _keep(request, reply, session)
        return reply

    def _visit(
        self, request: Request, session: Session, form: dict[str, list[str]], view: Callable[[Visit], Answer]
    ) -> Response:
        """Answer one visit, when it is its turn."""
        places = Places(*[f"http://{request.headers.get('host', '')}"] * 3)
        query = dict(request.query_params)
        who = who_is(self.state.db, session.login)
        path = {name: str(value) for name, value in request.path_params.items()}
        visit = Visit(self.state, who, places, self.api, path, query, form)
        try:
            return self._respond(visit, session, request, view(visit))
        except Refusal as refusal:
            return self._respond(visit, session, request, _refused(refusal))
        except Exception:
            log.exception("%s %s", request.method, request.url.path)
            return self._respond(visit, session, request, _refused(Refusal(500, "a fault of ours; see the log")))

    def _respond(self, visit: Visit, session: Session, request: Request, answer: Answer) -> Response:
        if isinstance(answer, Away):
            return RedirectResponse(answer.location, 303)
        if isinstance(answer, Data):
            return Response(answer.data, 200, SAFE | dict(answer.headers), answer.media_type)
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        about = {"visit": visit, "people": people(visit.db), "token": session.token, "address": address}
        page = self.words.get_template(answer.template).render(about | dict(answer.values))
        return Response(page, answer.status, SAFE, "text/html")


def _unknown(visit: Visit) -> Answer:
    rest = visit.path["rest"]
    if rest.endswith("/") and rest.strip("/"):
        return Away(f"/{quote(rest.strip('/'))}")
    raise Refusal(501, f"the page /{rest} is not simulated here")


def _refused(refusal: Refusal) -> Shown:
    return Shown("refused.html.j2", {"refusal": refusal}, refusal.status)


def _foreign(request: Request, session: Session, form: Mapping[str, list[str]]) -> str:
    """Return why this request is not taken; empty: it is one of our pages'."""
    if request.url.hostname not in LOOPBACK_HOSTS:
        return f"this practice GitHub answers at {', '.join(LOOPBACK_HOSTS)} only\n"
    if request.method == "POST" and not session.fits(form.get("token", [""])[0]):
        return "this form is none of this session's: go back, load the page again, and send it once more\n"
    return ""


async def _form(request: Request) -> dict[str, list[str]]:
    if request.method != "POST":
        return {}
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > BIGGEST_FORM:
            return {}
    return parse_qs(data.decode("utf-8", "replace"), keep_blank_values=True)


def _keep(request: Request, reply: Response, session: Session) -> None:
    reply.set_cookie(cookie_name(request), session.cookie, httponly=True, samesite="lax", max_age=365 * 86400)


def _environment() -> jinja2.Environment:
    words = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words.filters |= {"markdown": render, "when": _when, "path": _quoted, "lines": lines_of}
    words.globals["style"] = STYLE
    return words


def _quoted(text: str) -> str:
    """Return a text as part of an address."""
    return quote(text)


def _when(text: str | None) -> str:
    """Show a time as people read it."""
    return f"{text[:10]} {text[11:16]} UT" if text else ""
