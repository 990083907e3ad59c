"""Promote: a session's parameters in main's own files, for a DA to review; by pull request, or printed."""

from __future__ import annotations

from dataclasses import dataclass

from bot.doors.github import GitHub
from bot.doors.templates import render_template
from bot.errors import ProjectError
from bot.formats.markdown import prose
from bot.formats.marker import marker
from bot.formats.project_file import PROJECT_FILE, QA_FILE, parse_folder
from bot.model.github import Pull
from bot.model.label import WEBRUN
from bot.model.webrun import Session, SessionState
from bot.report.webrun import comparison_table
from bot.rules.promotion import Promoted, promote
from bot.settings import Site
from bot.stages.exposing import exposure_of
from bot.stages.planning import read_project
from bot.stages.webrun.result import compared

PREFIX = "promote/"
KIND = "promote"


@dataclass(frozen=True)
class Proposed:
    """What became of a promotion."""

    pull: Pull | None
    """None: main says all of it already."""
    told: str


def promoted(site: Site, session: Session) -> Promoted:
    """Return the files of this checkout with a session's parameters; raise ProjectError where they cannot act."""
    return promote(session, read_project(site, session.pid))


def propose_promotion(site: Site, github: GitHub, session: Session) -> Proposed:
    """Have one pull request with a session's parameters, from main's files as they are; twice is once."""
    if session.state is not SessionState.DONE:
        raise ProjectError(f"{session.name} is {session.state}; a session is promoted when all of it is good")
    branch = f"{PREFIX}{session.pid}-{session.number}"
    known = next((one for one in github.pulls_of_branch(branch) if one.is_open or one.is_merged), None)
    if known is not None and known.is_merged:
        return Proposed(known, "was merged")
    pull = known or _opened(site, github, session, branch)
    if pull is None:
        return Proposed(None, "main says all of it already")
    da = site.settings.roles.da
    github.ensure_reviewers(pull, da.users, da.teams)
    github.ensure_labels(pull, (WEBRUN.name,))
    return Proposed(pull, "is open")


def _opened(site: Site, github: GitHub, session: Session, branch: str) -> Pull | None:
    """Return a new pull request, None where main needs none."""
    main, folder = github.tip(github.place.main), f"projects/{session.pid}"
    texts = github.texts(folder, (PROJECT_FILE, QA_FILE), main)
    made = promote(session, parse_folder(texts[PROJECT_FILE], texts[QA_FILE], pid=session.pid))
    if not made.texts:
        return None
    files = {f"{folder}/{name}": text for name, text in made.texts.items()}
    title = f"{session.pid}: the parameters of {session.name}"
    tip = github.tip(branch)
    if any(github.text(path, branch) != text for path, text in files.items()) if tip else True:
        parents = (main, tip) if tip else (main,)
        github.commit(branch, parents, files, f"{title}\n\nasked for by {session.who} in #{session.issue}")
    return github.ensure_pull(None, branch, title, _body(site, session, made))


def _body(site: Site, session: Session, made: Promoted) -> str:
    return render_template(
        site.code,
        "github/promote.md.j2",
        marker=marker(KIND, pid=session.pid, session=session.number),
        session=session,
        told=[prose(one) for one in made.told],
        table=comparison_table(compared(site, session), exposure_of(site, read_project(site, session.pid))),
    )
