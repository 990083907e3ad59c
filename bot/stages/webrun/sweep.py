"""Sessions in the course of time: a warning before one expires, its end, new data that it does not cover."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from bot.doors.github import GitHub
from bot.errors import Busy, ProjectError
from bot.formats.marker import marker
from bot.formats.project_file import ProjectFolder
from bot.model.label import WEBRUN as LABEL
from bot.model.webrun import Session, SessionState
from bot.rules.webrun import covered_by, uncovered
from bot.settings import Site
from bot.stages.planning import project_ids, read_project
from bot.stages.webrun.issue import attend
from bot.stages.webrun.sessions import session_plan, store_of, take_away, today

EXPIRY, NEW_DATA = "webrun-expiry", "webrun-data"
WARNING = (
    "**{name} is deleted on {day}.** `/extend` keeps it for {days} more days, `/promote` takes its parameters over."
)
GONE = (
    "**{name} has expired and was deleted:** {files} files. What was asked for stays on record; `/run` makes it again."
)
LATER = "**{name} no longer covers all:** {obsnums} came later. `/run` makes a new session with them."
MOST_NAMED = 20


def sweep(site: Site, github: GitHub | None, *, day: date | None = None) -> list[str]:
    """Look at every session of every project once, and at open issues of webruns whose event was lost; return the news.

    Without GitHub nobody is told, and all is done.
    """
    now = day or today()
    told: list[str] = []
    if github is not None:
        told += _attended(site, github)
    for pid in project_ids(site):
        store = store_of(site, pid)
        sessions = [one for one in store.all() if not one.state.is_gone or not store.is_empty(one)]
        if not sessions:
            continue
        try:
            folder = read_project(site, pid)
        except ProjectError:
            continue
        for session in sessions:
            told += [f"{pid} {session.name}: {what}" for what in _look(site, github, session, folder, now)]
    return told


def _attended(site: Site, github: GitHub) -> Iterator[str]:
    for issue in [one for one in github.topics("open", label=LABEL.name) if not one.is_pull]:
        if done := attend(site, github, issue.number).answers:
            yield f"#{issue.number}: {len(done)} commands answered"


def _look(site: Site, github: GitHub | None, session: Session, folder: ProjectFolder, now: date) -> Iterator[str]:
    if session.state.is_gone or now >= session.expires:
        yield _end(site, github, session)
        return
    warns = timedelta(days=site.settings.webrun.warn_days)
    if now >= session.expires - warns and not session.warned:
        days = site.settings.webrun.expire_days
        _tell(github, session, EXPIRY, WARNING.format(name=session.name, day=session.expires, days=days))
        store_of(site, session.pid).update(session, lambda _one: {"warned": True})
        yield "expires soon"
    yield from _new_data(site, github, session, folder)


def _end(site: Site, github: GitHub | None, session: Session) -> str:
    """Take away what has expired, and what an earlier pass could not delete because it still ran."""
    try:
        session, kept = take_away(site, session, SessionState.EXPIRED)
    except Busy:
        return "has expired, and still runs"
    if session.state is SessionState.EXPIRED:
        _tell(github, session, EXPIRY, GONE.format(name=session.name, files=kept.files))
    return f"is {session.state}"


def _new_data(site: Site, github: GitHub | None, session: Session, folder: ProjectFolder) -> Iterator[str]:
    if session.state is SessionState.CANCELLED:
        return
    _, plan = session_plan(site, session)
    later = uncovered(session, folder, covered_by(plan))
    if not set(later) - set(session.uncovered):
        return
    shown = ", ".join(map(str, later[:MOST_NAMED])) + (
        f" and {len(later) - MOST_NAMED} more" if len(later) > MOST_NAMED else ""
    )
    _tell(github, session, NEW_DATA, LATER.format(name=session.name, obsnums=shown))
    store_of(site, session.pid).update(session, lambda _one: {"uncovered": later})
    yield "no longer covers all"


def _tell(github: GitHub | None, session: Session, kind: str, text: str) -> None:
    if github is not None and session.issue:
        body = f"{marker(kind, session=session.number)}\n{text}\n"
        github.ensure_comment(session.issue, kind, body, session=session.number)
