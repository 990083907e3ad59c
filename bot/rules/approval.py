"""May a merged QA pull request be run as level 2? Pure: facts in, reasons against it out; none means yes.

Counted is a DA's newest deciding review, at the very commit that was merged; GitHub's own rule of "approved by anybody
who may write" is not enough here (architecture.md section 5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.formats.project_file import ProjectFolder
from bot.model.github import Pull, Review, ReviewState
from bot.model.plan import Plan
from bot.model.project import Level2
from bot.model.role import Role
from bot.rules.level2 import is_current

QA_PREFIX = "qa/"
DECIDING = (ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED, ReviewState.DISMISSED)
MOST_NAMED = 8


@dataclass(frozen=True)
class Merge:
    """How the lines of level 2 came onto main. `pull` None: by no pull request."""

    pull: Pull | None
    reviews: tuple[Review, ...] = ()
    merger: Collection[Role] = ()
    """Roles of who merged."""
    analysts: Collection[str] = ()
    """Logins of the reviewers who are DAs."""
    approved: Level2 | None = None
    """level2.yaml at the pull request's last commit: what the reviewers looked at."""


def newest_reviews(reviews: Iterable[Review]) -> dict[str, Review]:
    """Return everybody's newest deciding review, {login: review}; `reviews` are oldest first."""
    return {review.author: review for review in reviews if review.state in DECIDING}


def approvers(merge: Merge) -> set[str]:
    """Return the DAs who approved the very commit that was merged; who wrote the pull request cannot."""
    if merge.pull is None:
        return set()
    newest = newest_reviews(merge.reviews)
    return {
        login
        for login, review in newest.items()
        if review.state is ReviewState.APPROVED
        and review.commit == merge.pull.head
        and login in merge.analysts
        and login != merge.pull.author
    }


def refusals(
    folder: ProjectFolder,
    plan: Plan,
    merge: Merge,
    *,
    approvals: int,
    unlisted: Collection[int] = (),
    log_fault: str = "",
) -> tuple[str, ...]:
    """Return why level 2 must not run, all reasons at once.

    `unlisted`: obsnums of the log that main does not have; `log_fault`: why nobody knows whether there are any.
    """
    told = list(_refusals(folder, plan, merge, approvals, sorted(unlisted)))
    if log_fault:
        told.append(f"whether the observation log has more of {folder.pid} than main is not known: {log_fault}")
    return tuple(told)


def _refusals(folder: ProjectFolder, plan: Plan, merge: Merge, approvals: int, unlisted: list[int]) -> Iterable[str]:
    pull = merge.pull
    if pull is None or pull.branch != QA_PREFIX + folder.pid or not pull.is_own:
        yield f"level2.yaml came onto main without a QA pull request ({QA_PREFIX}{folder.pid})"
    else:
        yield from _review_faults(merge, approvals)
        if Role.PO not in merge.merger:
            yield f"{pull.merged_by or 'somebody'} merged #{pull.number} and is no pipeline operator (PO)"
        if merge.approved != folder.level2:
            yield f"level2.yaml on main is not what stands in #{pull.number}: the merge brought other lines"
    if not is_current(folder.level2, plan):
        yield "main has changed under the plan: level2.yaml is not what project.yaml and qa.yaml make now"
    if plan.chains and (blocked := [unit.name for unit in plan.units if unit.blocked]):
        yield f"{len(blocked)} units cannot run: {_some(blocked)}; `lmtbot check {folder.pid}` says why"
    if unlisted:
        yield f"the observation log has {len(unlisted)} obsnums that main does not list: {_some(unlisted)}"


def _review_faults(merge: Merge, approvals: int) -> Iterable[str]:
    good = approvers(merge)
    newest = newest_reviews(merge.reviews)
    against = [one for one in newest if newest[one].state is ReviewState.CHANGES_REQUESTED and one in merge.analysts]
    if against:
        yield f"{', '.join(sorted(against))} asked for changes"
    if len(good) >= approvals:
        return
    older = [one for one in newest if newest[one].state is ReviewState.APPROVED and one in merge.analysts]
    others = [one for one in newest if newest[one].state is ReviewState.APPROVED and one not in merge.analysts]
    told = f"{len(good)} of {approvals} approvals by a data analyst (DA) at the commit that was merged"
    if outdated := sorted(set(older) - good):
        told += f"; {', '.join(outdated)} approved an older commit, or wrote it"
    if others:
        told += f"; {', '.join(sorted(others))} approved and is no DA"
    yield told


def _some(names: Collection[object]) -> str:
    shown = ", ".join(map(str, list(names)[:MOST_NAMED]))
    return shown + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
