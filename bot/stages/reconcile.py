"""Make the results of a project what main says: level 2 where it is approved, else level 1, then the QA pull request.

Nothing here replays an event. It looks at main, ledger and GitHub, does what is missing, and tells it; so it may be
called twice, late, by a timer, or after a crash, and ends the same.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bot.doors.files import read_text, write_whole
from bot.doors.git import blob_name, changed_between, last_change
from bot.doors.github import GitHub
from bot.doors.ledger import LedgerDoor
from bot.errors import DoorError, ProjectError
from bot.formats.project_file import MODELS, ProjectFolder
from bot.model.plan import Plan
from bot.model.trail import Proposal
from bot.rules.level2 import is_current
from bot.rules.plan import digest_of
from bot.settings import Site
from bot.stages.level1 import Outcome, Request, run_project, survey
from bot.stages.level2 import Promotion, is_asked_for, merge_commit, promotion_of
from bot.stages.local_crew import Progress
from bot.stages.planning import project_ids, read_plan
from bot.stages.qa import renew_qa
from bot.stages.reporting import RunReporter, Target

EVENT = "project"
"""Name of the dispatch that makes a runner reconcile one project."""
SETTLED = "settled"
Watch = Callable[[Progress], None]


@dataclass(frozen=True)
class Reconciled:
    """What came of one project."""

    pid: str
    level: int
    outcome: Outcome | None
    refused: tuple[str, ...] = ()
    qa: Proposal | None = None
    is_told: bool = True
    """The report reached GitHub; if not, the next pass makes it."""

    @property
    def is_good(self) -> bool:
        """Say whether nothing of it wants a person."""
        outcome = self.outcome
        return not self.refused and not (outcome and (outcome.failed or outcome.blocked))


def reconcile(
    site: Site, github: GitHub, pid: str, watch: Watch, *, retry: bool = False, run_url: str = ""
) -> Reconciled:
    """Bring one project to what main says. Raise Busy when another runner works on it, DoorError when main moved on.

    What failed before with the same run lines is left alone unless `retry` says so.
    """
    need_main(site, github, pid)
    folder, second = read_plan(site, pid, 2)
    if is_asked_for(site, folder, second):
        done = _level2(site, github, folder, second, watch, retry, run_url)
    elif is_current(folder.level2, second):  # all is done, and may not be told yet
        target = _target(github, merge_commit(site, pid), run_url)
        done = _run(site, github, second, target, watch, retry)
    else:
        done = _level1(site, github, folder, watch, retry, run_url)
    if done.is_told:
        _settle(site, pid)
    return done


def need_main(site: Site, github: GitHub, pid: str) -> None:
    """Raise DoorError unless this checkout has the project as GitHub's main has it: a late run must undo nothing."""
    main = github.blobs(f"projects/{pid}", github.place.main)
    paths = [site.projects / pid / name for name in MODELS]
    if any(main.get(path.name) != (blob_name(path.read_bytes()) if path.is_file() else None) for path in paths):
        raise DoorError(f"{pid} is not here what it is on {github.place.main} now: pull, then run again")


def wanting(site: Site, pids: Iterable[str] | None = None) -> Iterator[str]:
    """Yield the projects for which something may be left to do, of these or of all; wrong files are only logged."""
    for pid in project_ids(site) if pids is None else pids:
        if not (site.projects / pid).is_dir():
            continue
        try:
            if not _is_settled(site, pid) or _has_work(site, pid):
                yield pid
        except ProjectError as error:
            logging.warning("%s cannot be reconciled: %s", pid, error)


def touched(site: Site, event: str) -> list[str] | None:
    """Return the projects that a push (its event as JSON) changed; None: it does not tell, look at all."""
    told = json.loads(event) if event else {}
    before, after = str(told.get("before", "")), str(told.get("after", ""))
    paths = changed_between(site.root, before, after, "projects") if before and after else None
    return None if paths is None else sorted({path.split("/")[1] for path in paths if path.count("/") > 1})


def asked_for(event: str) -> tuple[tuple[str, ...], bool]:
    """Return the project that a dispatch (its event as JSON) names, and whether what failed is to be tried again.

    Raise ProjectError when it names none: a name is data, and is looked up among the projects of main.
    """
    told = json.loads(event) if event else {}
    named = told.get("client_payload") or told.get("inputs") or {}
    pid = named.get("pid") if isinstance(named, dict) else None
    if not isinstance(pid, str) or not pid:
        raise ProjectError("the event of this workflow run names no project")
    return (pid,), named.get("retry") in (True, "true")


def _level1(
    site: Site, github: GitHub, folder: ProjectFolder, watch: Watch, retry: bool, run_url: str, after: str = ""
) -> Reconciled:
    pid = folder.pid
    commit = last_change(site.root, f"projects/{pid}")
    _, plan = read_plan(site, pid)
    target = _target(github, commit, run_url)
    who = f"{target.pull.merged_by} merged #{target.pull.number}" if target.pull else ""
    done = _run(site, github, plan, target, watch, retry, who)
    return replace(done, qa=renew_qa(site, github, pid, after=after))


def _level2(
    site: Site, github: GitHub, folder: ProjectFolder, plan: Plan, watch: Watch, retry: bool, run_url: str
) -> Reconciled:
    promotion = promotion_of(site, github, folder, plan)
    target = Target(promotion.commit, promotion.merge.pull, run_url)
    if not promotion.refused:
        return _run(site, github, plan, target, watch, retry, promotion.who)
    reporter = RunReporter(site, github, target, plan)
    reporter.tell(is_over=True, refused=promotion.refused)
    after = _after(promotion) if promotion.needs_approval and is_current(folder.level2, plan) else ""
    if after and not _todo(site, folder.pid, 1):
        qa = renew_qa(site, github, folder.pid, after=after)
        return Reconciled(folder.pid, 2, None, promotion.refused, qa, reporter.is_told)
    # what arrived or was flagged meanwhile still has to be reduced before it can be graded
    done = _level1(site, github, folder, watch, retry, run_url, after)
    return replace(done, refused=promotion.refused, is_told=done.is_told and reporter.is_told)


def _after(promotion: Promotion) -> str:
    pull = promotion.merge.pull
    return f"{f'#{pull.number}' if pull else 'a change'} ({promotion.commit[:12]}) was refused and nothing was run"


def _run(
    site: Site, github: GitHub, plan: Plan, target: Target, watch: Watch, retry: bool, who: str = ""
) -> Reconciled:
    """Run a level and report it, from "queued" to its end."""
    reporter = RunReporter(site, github, target, plan)
    request = Request(
        plan.pid, site.settings.jobs, level=plan.level, spare_failed=not retry, again=retry, who=who,
        executor=site.machine.executor,
    )  # fmt: skip

    def both(progress: Progress) -> None:  # first of all when the project is held: who finds it busy tells nothing
        watch(progress)
        reporter.progress(progress)

    outcome = run_project(site, request, both)
    reporter.tell(is_over=not (outcome.left or outcome.unsent), parted=survey(site, request)[1])
    return Reconciled(plan.pid, plan.level, outcome, is_told=reporter.is_told)


def _target(github: GitHub, commit: str, run_url: str) -> Target:
    found = next(iter(github.pulls_of_commit(commit)), None) if commit else None
    return Target(commit, github.pull(found.number) if found else None, run_url)  # lists do not say who merged


def _has_work(site: Site, pid: str) -> bool:
    """Say whether a run would run something now."""
    folder, second = read_plan(site, pid, 2)
    is_open = any(record.state.is_open for record in LedgerDoor(site.need_work(), pid).read().records)
    return is_open or _todo(site, pid, 2 if is_asked_for(site, folder, second) else 1)


def _todo(site: Site, pid: str, level: int) -> bool:
    """Say whether a level has something left that would be run now."""
    return bool(survey(site, Request(pid, 1, level=level, spare_failed=True))[1].todo)


def _settled(site: Site, pid: str) -> Path:
    return LedgerDoor(site.need_work(), pid).home / SETTLED


def _is_settled(site: Site, pid: str) -> bool:
    """Say whether everything was done and told for the project as it is now."""
    return _mark(site, pid) == read_text(_settled(site, pid))


def _settle(site: Site, pid: str) -> None:
    """Note that everything was done and told for the project as it is now."""
    write_whole(_settled(site, pid), _mark(site, pid))


def _mark(site: Site, pid: str) -> str:
    """Return the digest of all that a project's results and reports follow from."""
    files = [read_text(site.projects / pid / name) for name in MODELS]
    ledger = LedgerDoor(site.need_work(), pid).read()
    records = [[one.name, one.digest, one.level, one.attempt, str(one.state)] for one in ledger.records]
    return digest_of([files, records])
