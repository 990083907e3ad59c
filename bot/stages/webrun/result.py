"""What a session made, beside the official results or another session: the numbers, and a page with both pictures."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from bot.doors.files import write_whole
from bot.doors.ledger import LedgerDoor
from bot.doors.site_products import Showcase
from bot.doors.templates import render_page
from bot.errors import ProjectError
from bot.model.record import Ledger
from bot.model.webrun import OFFICIAL, Session
from bot.report.webrun import page_values
from bot.rules.comparison import Compared, compare
from bot.settings import Site
from bot.stages.webrun.sessions import session_plan, session_site, store_of

PAGE = "index.html"


def compared(site: Site, session: Session, other: Session | None = None) -> tuple[Compared, ...]:
    """Return a session's numbers beside another's, or the official ones; raise ProjectError where one is gone."""
    for one in (session, other):
        if one is not None and one.state.is_gone:
            raise ProjectError(f"{one.name} was {one.state}: its numbers went with it; `/run` makes a new one")
    _, plan = session_plan(site, session)
    theirs = _ledger(site, other) if other else LedgerDoor(site.need_work(), session.pid).read()
    return compare(plan, _ledger(site, session), theirs)


def _ledger(site: Site, session: Session) -> Ledger:
    return LedgerDoor(session_site(site, session).need_work(), session.pid).read()


def write_page(site: Site, session: Session, other: Session | None = None) -> Path:
    """Write the session's page beside its results; return its path."""
    folder = store_of(site, session.pid).folder(session.number)
    showcase = Showcase(site.need_work().resolve(), session.pid)
    _, plan = session_plan(site, session)

    def linked(path: Path) -> str:
        return quote(os.path.relpath(path, folder))

    values = page_values(
        session, plan, compared(site, session, other), lambda name: showcase.of(name, linked),
        other.name if other else OFFICIAL,
    )  # fmt: skip
    page = folder / PAGE
    write_whole(page, render_page(site.code, "session.html.j2", **values))
    return page
