"""Sessions in the course of time: a warning before one expires, its end, new data that it does not cover."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from bot.doors.github import GitHub
from bot.doors.github.session import MISSING, GitHubRefused
from bot.errors import Busy, LmtBotError
from bot.formats.marker import marker
from bot.model.label import WEBRUN as LABEL
from bot.model.webrun import Session, SessionState
from bot.report.webrun import taken_words
from bot.rules.webrun import covered_by, uncovered
from bot.settings import Site
from bot.stages.planning import project_ids, read_project
from bot.stages.webrun.issue import attend
from bot.stages.webrun.sessions import session_plan, store_of, take_away, today

EXPIRY, NEW_DATA = "webrun-expiry", "webrun-data"
WARNING = (
    "**{name} is deleted on {day}.** `/extend` keeps it for {days} more days, `/promote` takes its parameters over."
)
GONE = "**{name} has expired and was deleted:** {what}. What was asked for stays on record; `/run` makes it again."
LATER = "**{name} no longer covers all:** {obsnums} came later. `/run` makes a new session with them."
MOST_NAMED = 20


@dataclass
class Swept:
    """What a sweep found."""

    news: list[str] = field(default_factory=list)
    hindered: list[str] = field(default_factory=list)
    """What could not be looked at, and why; it keeps nobody from looking at the others."""

    def look(self, about: str, look: Callable[[], Iterable[str]]) -> None:
        """Gather the news of one issue or session; raise DoorError where GitHub is away."""
        try:
            for what in look():
                self.news.append(f"{about}: {what}")
        except (LmtBotError, OSError) as error:
            if isinstance(error, GitHubRefused) and error.is_away:
                raise
            self.hindered.append(f"{about}: {error}")


def sweep(site: Site, github: GitHub | None, *, day: date | None = None) -> Swept:
    """Look at every session of every project once, and at open issues of webruns whose event was lost.

    Without GitHub nobody is told, and all is done.
    """
    now, swept = day or today(), Swept()
    if github is not None:
        for issue in [one for one in github.topics("open", label=LABEL.name) if not one.is_pull]:
            swept.look(f"#{issue.number}", partial(_attend, site, github, issue.number))
    for pid in project_ids(site):
        for session in store_of(site, pid).all():
            swept.look(f"{pid} {session.name}", partial(_look, site, github, session, now))
    return swept


def _attend(site: Site, github: GitHub, number: int) -> Iterator[str]:
    if done := attend(site, github, number).answers:
        yield f"{len(done)} commands answered"


def _look(site: Site, github: GitHub | None, session: Session, now: date) -> Iterator[str]:
    if session.state.is_gone and _is_over(site, session):
        return
    if session.state.is_gone or now >= session.expires:
        yield _end(site, github, session)
        return
    warns = timedelta(days=site.settings.webrun.warn_days)
    if now >= session.expires - warns and not session.warned:
        days = site.settings.webrun.expire_days
        _tell(github, session, EXPIRY, WARNING.format(name=session.name, day=session.expires, days=days))
        store_of(site, session.pid).update(session, lambda _one: {"warned": True})
        yield "expires soon"
    yield from _new_data(site, github, session)


def _end(site: Site, github: GitHub | None, session: Session) -> str:
    """Take away what has expired, and what an earlier pass could not delete because it still ran."""
    try:
        session = take_away(site, session, SessionState.EXPIRED)
    except Busy:
        return "has expired, and still runs"
    if session.state is SessionState.EXPIRED:
        _tell(github, session, EXPIRY, GONE.format(name=session.name, what=taken_words(session)))
        store_of(site, session.pid).update(session, lambda _one: {"is_buried": True})
    return f"is {session.state}"


def _is_over(site: Site, session: Session) -> bool:
    """Say whether nothing is left of a session that is gone, and that was told."""
    is_told = session.is_buried or session.state is not SessionState.EXPIRED
    return is_told and store_of(site, session.pid).is_empty(session)


def _new_data(site: Site, github: GitHub | None, session: Session) -> Iterator[str]:
    if session.state is SessionState.CANCELLED:
        return
    folder = read_project(site, session.pid)
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
    if github is None or not session.issue:
        return
    body = f"{marker(kind, session=session.number)}\n{text}\n"
    try:
        github.ensure_comment(session.issue, kind, body, session=session.number)
    except GitHubRefused as refused:
        if refused.status not in MISSING or github.has_topic(session.issue):
            raise
        logging.info("%s %s: issue #%d is gone, so nobody is told: %s", session.pid, session.name, session.issue, text)
