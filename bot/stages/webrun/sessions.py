"""Webrun: a reduction with other parameters that a PI asked for, in a session of its own beside the official results.

A session is a WORK_LMT of its own below PID/Session-N, with ledger, work areas and products; it is run by what runs the
levels, so that it can be killed and gone on with like them. What it was made from is frozen in it when it is accepted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from bot.doors.clock import now
from bot.doors.git import describe_head
from bot.doors.ledger import LedgerDoor
from bot.doors.sessions import REQUEST, SessionStore
from bot.errors import Busy, DoorError, ProjectError
from bot.formats.project_file import PROJECT_FILE, QA_FILE, ProjectFolder
from bot.formats.project_text import project_text, qa_text
from bot.model.plan import Plan
from bot.model.record import RunState
from bot.model.role import Role
from bot.model.webrun import Session, SessionState, WebrunRequest
from bot.rules.webrun import (
    BEHIND,
    LEVEL,
    Estimate,
    Understood,
    estimate,
    over_quota,
    request_digest,
    understand,
)
from bot.settings import Site
from bot.stages.level1 import Request, run_project, settle_slurm
from bot.stages.local_crew import Progress
from bot.stages.planning import read_plan, read_project
from bot.stages.slurm.jobs import cancel_jobs

LOOK_S = 1.0
"""How often a run looks whether its session was cancelled."""


class Cancelled(DoorError):
    """The session was cancelled while it ran."""


@dataclass(frozen=True)
class Asked:
    """A request as it was understood, with what it costs and whether it needs a PO."""

    understood: Understood
    cost: Estimate
    over: tuple[str, ...]
    """What of the quota it would exceed."""
    who: str
    digest: str
    issue: int = 0


def store_of(site: Site, pid: str) -> SessionStore:
    """Return the sessions of a project."""
    return SessionStore(site.need_work(), pid)


def ask(site: Site, request: WebrunRequest, who: str, roles: Collection[Role], *, issue: int = 0) -> Asked:
    """Return what a request comes to, by main's files; raise ProjectError with every mistake. Changes nothing."""
    folder = read_project(site, request.project)
    sessions = store_of(site, folder.pid).all()
    understood = understand(request, folder, roles=roles, sessions=sessions)
    cost = estimate(understood.plan, LedgerDoor(site.need_work(), folder.pid).read())
    digest = request_digest(request)
    others = [one for one in sessions if (one.issue, one.digest) != (issue, digest)]
    return Asked(understood, cost, over_quota(site.settings.webrun, understood, cost, others, who), who, digest, issue)


def accept(site: Site, asked: Asked, *, by: str = "") -> Session:
    """Return the session of a request; the same request of the same issue has one, however often it is accepted.

    `by`: who accepted it; "": it is within the quota.
    """
    folder, pid = asked.understood.folder, asked.understood.folder.pid
    commit, _ = describe_head(site.root, f"projects/{pid}")

    def make(number: int) -> tuple[Session, dict[str, str]]:
        session = Session(
            pid=pid,
            number=number,
            request=asked.understood.request,
            digest=asked.digest,
            steps=asked.understood.steps,
            who=asked.who,
            accepted_by=by,
            issue=asked.issue,
            commit=commit,
            created=now(),
            expires=today() + timedelta(days=site.settings.webrun.expire_days),
        )
        return session, {PROJECT_FILE: project_text(folder.project), QA_FILE: qa_text(folder.qa)}

    return store_of(site, pid).create(lambda one: _is_same(one, asked), make)


def _is_same(session: Session, asked: Asked) -> bool:
    """Say whether a session is of this request; one that is gone can be asked for again."""
    return (session.issue, session.digest) == (asked.issue, asked.digest) and not session.state.is_gone


def today() -> date:
    """Return the day (UT)."""
    return datetime.now(UTC).date()


def session_site(site: Site, session: Session) -> Site:
    """Return the site whose results are the session's, and whose project files are those that were accepted."""
    folder = store_of(site, session.pid).folder(session.number)
    return replace(site, root=folder / REQUEST, work=folder, trusted=site.code, behind=BEHIND)


def session_plan(site: Site, session: Session) -> tuple[ProjectFolder, Plan]:
    """Return the session's own project and plan."""
    return read_plan(session_site(site, session), session.pid, LEVEL)


def run_session(
    site: Site, session: Session, watch: Callable[[Progress], None], tell: Callable[[Session], None] = lambda _: None
) -> Session:
    """Run what of a session has no good record; return it as it ended.

    `tell` hears of the end before that is on record: where the telling fails, the next run of it tells. Raise Busy when
    another runner works on it, Cancelled when it was cancelled meanwhile.
    """
    store = store_of(site, session.pid)
    session = store.get(session.number)
    if session.is_off:
        return session
    own = session_site(site, session)
    who = f"{session.who} by {session.name}" + (f" of #{session.issue}" if session.issue else "")
    request = Request(
        session.pid, site.settings.jobs, level=LEVEL, who=who, executor=site.machine.executor, commit=session.commit,
        only_failed=False, again=True,
    )  # fmt: skip
    watching = _Watching(store, session, watch)
    outcome = run_project(own, request, watching)
    bad = [f"{one.name}: {one.verdict}" for one in outcome.failed] + [
        f"{name}: {why}" for name, why in outcome.blocked.items()
    ]
    state = SessionState.FAILED if bad else SessionState.DONE
    end = {"state": state, "told": "; ".join(bad)[:2000]}
    watching.look()
    tell(session.model_copy(update=end))
    return store.update(session, lambda one: {} if one.is_off else end)


class _Watching:
    """Passes progress on, and ends the run of a session that is cancelled or taken away."""

    def __init__(self, store: SessionStore, session: Session, watch: Callable[[Progress], None]) -> None:
        self.store, self.session, self.watch = store, session, watch
        self.looked = 0.0

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self.looked > LOOK_S:
            self.looked = time.monotonic()
            self.look()
        self.watch(progress)

    def look(self) -> None:
        """Raise Cancelled where the session was cancelled or taken away."""
        now = self.store.get(self.session.number)
        if now.is_off:
            raise Cancelled(f"{now.pid} {now.name} was {now.state} meanwhile")


def is_running(site: Site, session: Session) -> bool:
    """Say whether a runner works on the session now."""
    return LedgerDoor(session_site(site, session).need_work(), session.pid).is_locked()


def is_finished(site: Site, session: Session) -> bool:
    """Say whether every unit of the session has good products."""
    if session.state.is_gone:
        return True
    own = session_site(site, session)
    _, plan = read_plan(own, session.pid, LEVEL)
    good = {one.key for one in LedgerDoor(own.need_work(), session.pid).read().records if one.state is RunState.GOOD}
    return all((unit.name, unit.digest, LEVEL) in good for unit in plan.units)


def cancel(site: Site, session: Session) -> Session:
    """End a session that is not done: nothing more of it is run, what is made stays until it expires."""
    store = store_of(site, session.pid)
    session = store.update(
        session, lambda one: {"state": SessionState.CANCELLED} if one.state is SessionState.ACCEPTED else {}
    )
    if session.state is SessionState.CANCELLED:
        _end_jobs(site, session)
    return session


def _end_jobs(site: Site, session: Session) -> None:
    """Take the session's jobs away from Slurm; a runner of ours that still waits ends by itself."""
    if site.machine.executor != "slurm":
        return
    own = session_site(site, session)
    cancel_jobs(own, session.pid, dry_run=False)
    try:
        settle_slurm(own, session.pid)
    except Busy:
        return


def extend(site: Site, session: Session) -> Session:
    """Let a session live as long from today on as a new one would; raise ProjectError when it is gone."""
    if session.state.is_gone:
        raise ProjectError(f"{session.name} was {session.state} already; `/run` makes a new one")
    expires = today() + timedelta(days=site.settings.webrun.expire_days)
    return store_of(site, session.pid).update(
        session, lambda one: {"expires": max(expires, one.expires), "warned": False}
    )


def take_away(site: Site, session: Session, state: SessionState = SessionState.DELETED) -> Session:
    """Delete a session's results; return it with what went. What was asked for stays on record.

    Raise Busy when a run of it does not end.
    """
    store = store_of(site, session.pid)
    if session.state.is_gone and store.is_empty(session):
        return session
    session = store.update(session, lambda one: {} if one.state.is_gone else {"state": state})
    own = session_site(site, session)
    _end_jobs(site, session)
    ends = time.monotonic() + 30
    while is_running(site, session):
        if time.monotonic() > ends:
            raise Busy(f"{session.pid} {session.name} still runs; it is deleted when that has ended")
        time.sleep(LOOK_S / 2)
    with LedgerDoor(own.need_work(), session.pid).lock("lmtbot webrun"):
        session = store.update(session, lambda one: {"taken": one.taken or store.measure(one)})
        store.clear(session)
    return session
