"""The runner's part of a webrun on GitHub: run what was accepted in an issue, and tell the result there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bot.doors.github import GitHub
from bot.errors import ProjectError
from bot.model.webrun import Session, SessionState
from bot.settings import Site
from bot.stages.local_crew import Progress
from bot.stages.people import People
from bot.stages.planning import read_project
from bot.stages.webrun.issue import is_webrun
from bot.stages.webrun.sessions import Cancelled, run_session, store_of
from bot.stages.webrun.told import tell_result

NO_MORE = "{who} has no role in the project any more"


def run_accepted(site: Site, github: GitHub, number: int, pid: str, watch: Callable[[Progress], None]) -> list[Session]:
    """Run every accepted session of an issue, the oldest first; return them as they ended.

    What a dispatch says decides nothing: the sessions lie on the disk, and who asked is asked of GitHub again.
    """
    issue = github.topic(number)
    if not is_webrun(issue):
        raise ProjectError(f"#{number} is no issue of a webrun; it has not the label")
    project = read_project(site, pid).project
    people, ended = People(site, github), []
    for session in [one for one in store_of(site, pid).all() if one.issue == number]:
        if session.state is not SessionState.ACCEPTED:
            continue
        if not people.roles(session.who, project):
            told = {"state": SessionState.CANCELLED, "told": NO_MORE.format(who=session.who)}
            ended.append(store_of(site, pid).update(session, lambda _one, told=told: told))  # type: ignore[misc]
            continue
        try:
            session = run_session(site, session, watch, partial(tell_result, site, github))
        except Cancelled:
            session = store_of(site, pid).get(session.number)
            if not session.state.is_gone:
                tell_result(site, github, session)
        ended.append(session)
    return ended
