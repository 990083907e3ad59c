"""Level 2: asks GitHub how the lines on main came there, and lets them run only if that was as it must be."""

from __future__ import annotations

from dataclasses import dataclass

from bot.doors.git import last_change
from bot.doors.github import GitHub
from bot.doors.ledger import LedgerDoor
from bot.errors import LmtBotError
from bot.formats.project_file import LEVEL2_FILE, ProjectFolder, read_level2
from bot.model.plan import Plan
from bot.model.project import Level2
from bot.model.record import Ledger
from bot.model.role import Role
from bot.rules import work
from bot.rules.approval import Merge, approvers, refusals
from bot.rules.level2 import is_current
from bot.settings import Site
from bot.stages.arrival import default_log, look
from bot.stages.level1 import foreign_ledgers
from bot.stages.people import People


@dataclass(frozen=True)
class Promotion:
    """What may be run as level 2, and who decided it."""

    commit: str
    """The commit of main that brought level2.yaml as it is."""
    merge: Merge
    refused: tuple[str, ...]
    log_fault: str = ""
    """Why nobody knows whether the observation log has more; one of the refusals where it is asked."""

    @property
    def needs_approval(self) -> bool:
        """Say whether people have to decide anew; a log that cannot be read is mended without them."""
        return len(self.refused) > bool(self.log_fault)

    @property
    def who(self) -> str:
        """Return who merged and who approved, for the record."""
        pull = self.merge.pull
        by = ", ".join(sorted(approvers(self.merge)))
        return f"{pull.merged_by} merged #{pull.number}, approved by {by}" if pull else ""


def is_asked_for(site: Site, folder: ProjectFolder, plan: Plan) -> bool:
    """Say whether main asks for a level 2 that is not done: `plan` is that of level 2.

    Asked for are lines that were merged and are not all done, and lines that were merged and are not main's: those are
    refused, also when main moved only after the merge.
    """
    if folder.level2 is None:
        return False
    door = LedgerDoor(site.need_work(), folder.pid)
    ledger = door.read()
    if not is_current(folder.level2, plan):
        is_newest = merge_commit(site, folder.pid) == last_change(site.root, f"projects/{folder.pid}")
        return is_newest or not _was_run(folder.level2, ledger)
    return bool(work.divide(plan, ledger, door.present(), foreign_ledgers(site, plan)).todo)


def _was_run(level2: Level2, ledger: Ledger) -> bool:
    """Say whether all these lines were run once: then what is on main since then is the next round's."""
    return set(level2.lines) <= {line for one in ledger.records if one.level == 2 for line in one.lines}


def merge_commit(site: Site, pid: str) -> str:
    """Return the commit of main that brought level2.yaml as it is, "" if git does not tell."""
    return last_change(site.root, f"projects/{pid}/{LEVEL2_FILE}")


def promotion_of(site: Site, github: GitHub, folder: ProjectFolder, plan: Plan) -> Promotion:
    """Look how level2.yaml came onto main: pull request, reviews, who merged, and whether the log has more."""
    commit = merge_commit(site, folder.pid)
    merge = _merge(site, github, folder.pid, commit)
    is_asked = site.settings.policies.new_data_stop_level2
    unlisted, fault = unlisted_or_fault(site, folder.pid) if is_asked else ((), "")
    approvals = site.settings.policies.approvals
    refused = refusals(folder, plan, merge, approvals=approvals, unlisted=unlisted, log_fault=fault)
    return Promotion(commit, merge, refused, fault)


def _merge(site: Site, github: GitHub, pid: str, commit: str) -> Merge:
    found = next(iter(github.pulls_of_commit(commit)), None) if commit else None
    if found is None:
        return Merge(None)
    pull, people = github.pull(found.number), People(site, github)  # lists do not say who merged
    reviews = tuple(github.reviews(pull.number))
    analysts = {one.author for one in reviews if _is_analyst(people, one.author)}
    approved = read_level2(github.text(f"projects/{pid}/{LEVEL2_FILE}", pull.head), pid)
    return Merge(pull, reviews, people.roles(pull.merged_by), analysts, approved)


def _is_analyst(people: People, login: str) -> bool:
    return Role.DA in people.roles(login)


def unlisted_obsnums(site: Site, pid: str) -> tuple[int, ...]:
    """Return the obsnums of the log that the project on main does not list; LmtBotError when the log cannot be read."""
    arriving = next((one for one in look(site, default_log(site)).projects if one.pid == pid), None)
    return tuple(obsnum for source in arriving.sources for obsnum in source.obsnums) if arriving else ()


def unlisted_or_fault(site: Site, pid: str) -> tuple[tuple[int, ...], str]:
    """Return the same, and why nobody knows, "" where it is known."""
    try:
        return unlisted_obsnums(site, pid), ""
    except LmtBotError as error:
        return (), str(error)
