"""What the bot tells on GitHub of sessions: where they stand, the numbers side by side, and where to look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.doors.github import GitHub
from bot.doors.ledger import LedgerDoor
from bot.doors.templates import render_template
from bot.formats.markdown import code, prose
from bot.formats.marker import marker
from bot.model.webrun import OFFICIAL, Session
from bot.report.webrun import comparison_table, session_links
from bot.rules.comparison import Compared
from bot.rules.publicity import is_public
from bot.rules.work import current_records
from bot.settings import Site
from bot.stages.exposing import exposure_of
from bot.stages.planning import read_project
from bot.stages.webrun.result import PAGE, compared, write_page
from bot.stages.webrun.sessions import today

RESULT, COMPARE = "webrun-result", "webrun-compare"
TAIL = "The official results are untouched. `/compare N`, `/promote`, `/extend`, `/delete`, `/help`."
PROPRIETARY = "Pictures and spectra of this project are not public yet, and are not shown here."


def tell_result(site: Site, github: GitHub, session: Session) -> None:
    """Have the session's page, and one comment with its numbers beside the official ones."""
    write_page(site, session)
    text = comparison_text(site, session, compared(site, session))
    github.ensure_comment(session.issue, RESULT, text, session=session.number)


def comparison_text(site: Site, session: Session, rows: Sequence[Compared], other: Session | None = None) -> str:
    """Return the comment with a session's numbers beside another session's, or the official ones."""
    good = sum(one.state == "good" for one in rows)
    beside = other.name if other else OFFICIAL
    told = f": {prose(session.told)}" if session.told and other is None else ""
    title = f"{session.name} of {prose(session.pid)} is {session.state}, beside {beside}"
    mark = (
        marker(COMPARE, session=session.number, other=other.number) if other
        else marker(RESULT, session=session.number)
    )  # fmt: skip
    return render_template(
        site.code,
        "github/webrun_result.md.j2",
        marker=mark,
        title=f"{title}: {good} of {len(rows)} good{told}",
        table=comparison_table(rows, exposure_of(site, read_project(site, session.pid))),
        links=session_links(site.settings.products, session),
        tail=TAIL if _may_be_shown(site, session) else f"{PROPRIETARY} {TAIL}",
        page=code(f"{session.pid}/{session.name}/{PAGE}"),
    )


def _may_be_shown(site: Site, session: Session) -> bool:
    project = read_project(site, session.pid).project
    records = current_records(LedgerDoor(site.need_work(), session.pid).read()).values()
    observed = [str(numbers.get("date_obs", "")) for one in records for numbers in one.metrics.values()]
    return is_public(project, observed, today())


def sessions_text(sessions: Iterable[tuple[Session, bool]]) -> str:
    """Return where sessions stand, in plain words; with each whether it runs now."""
    told = [
        f"{one.name} is {'running' if runs else one.state}"
        + ("" if one.state.is_gone else f", kept until {one.expires}")
        for one, runs in sessions
    ]
    return "; ".join(told) or "there is no session yet"
