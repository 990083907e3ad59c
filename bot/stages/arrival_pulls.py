"""Arrival on GitHub: one pull request a project with new observations, renewed in place, closed when main has all.

The state is in git: main, the branch arrival/PID, and the hidden marker in the body, which says what the body was made
from. Where all three say what they should, nothing is written. A pass that is cut off anywhere is gone on with by the
next, and what people changed on the branch stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.doors.files import read_text
from bot.doors.git import describe_head
from bot.doors.github import GitHub
from bot.doors.templates import render_template
from bot.errors import DoorError, ProjectError, SettingsError
from bot.formats.marker import marker
from bot.formats.project_file import PROJECT_FILE, QA_FILE, ProjectFolder, parse_folder
from bot.model.github import Pull
from bot.model.label import ARRIVAL
from bot.model.plan import Unit
from bot.model.trail import Became, Proposal
from bot.report.arrival_pull import ArrivalShown, body_values, held_values, title_of
from bot.rules.arrival import Arrivals, Held, ProjectArrival, listed_obsnums
from bot.rules.lint import Checked, LogView, findings_of
from bot.rules.plan import digest_of, plan_project
from bot.settings import QuietHours, Site
from bot.stages.arrival import added, look
from bot.stages.check import read_rows
from bot.stages.planning import read_others, read_project
from bot.stages.proposing import Branch

PREFIX = "arrival/"
KIND, HELD_KIND = "arrival", "held"
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Pass:
    """What one pass over the log did."""

    arrivals: Arrivals
    proposals: tuple[Proposal, ...]


def propose_arrivals(site: Site, github: GitHub, log: Path, *, pids: Iterable[str] = (), now: datetime) -> Pass:
    """Have one pull request for each project with new observations, and none for the others.

    Raise DoorError when the checkout is not what GitHub's main is; with nothing new there is one call and no write.
    """
    arrivals, wanted = look(site, log), set(pids)
    known = {one.branch.removeprefix(PREFIX): one for one in github.open_pulls(PREFIX)}
    proposer = _Proposer(site, github, arrivals, log)
    waits = _is_quiet(site.settings.policies.quiet_hours, now)
    proposals = []
    for arrival in arrivals.projects:
        if not wanted or arrival.pid in wanted:
            proposals.append(proposer.propose(arrival, known.get(arrival.pid), waits=waits))
    arriving = {one.pid for one in arrivals.projects}
    for pid, pull in sorted(known.items()):
        if pid not in arriving and (not wanted or pid in wanted) and github.own(pull.author):
            proposals.append(proposer.close(pid, pull))
    return Pass(arrivals, tuple(proposals))


class _Proposer:
    """Brings one project after the other to what the log says."""

    def __init__(self, site: Site, github: GitHub, arrivals: Arrivals, log: Path) -> None:
        self.site, self.github, self.arrivals, self.log = site, github, arrivals, log
        self._main = ""

    @property
    def main(self) -> str:
        """Return the commit that this checkout stands on, once it is known to be the tip of main."""
        if not self._main:
            commit, _ = describe_head(self.site.root, "projects")
            tip = self.github.tip(self.github.place.main)
            if commit != tip:
                told = "has changes that are not committed" if commit.endswith("+") else "is not the tip of main"
                raise DoorError(f"this checkout ({commit[:7] or 'no git'}) {told} ({tip[:7]}): pull, then run again")
            self._main = commit
        return self._main

    def propose(self, arrival: ProjectArrival, known: Pull | None, *, waits: bool) -> Proposal:
        """Open or renew one pull request."""
        key = self._key(arrival)
        branch = self._branch(arrival.pid)
        if known and ARRIVAL.name in known.labels and branch.mark(known) == {"key": key, "head": known.head}:
            return Proposal(arrival.pid, Became.UNCHANGED, known.number, known.url, known.title)
        if known is None and (closed := self._closed_by_people(arrival, key)):
            return closed
        if known is None and waits:
            return Proposal(arrival.pid, Became.WAITING, told="quiet hours: opened when they are over")
        try:
            return branch.renew(known, lambda pull: self._renew(arrival, pull, key))
        except ProjectError as error:  # of one project, which must not hold up the others
            number, url = (known.number, known.url) if known else (0, "")
            return Proposal(arrival.pid, Became.WAITING, number, url, f"its files cannot be read: {error}")

    def _branch(self, pid: str) -> Branch:
        return Branch(self.github, PREFIX + pid, KIND)

    def close(self, pid: str, pull: Pull) -> Proposal:
        """Close a pull request whose observations main has, or leaves out."""
        told = f"main has, or leaves out, all observations of {pid}: nothing is left to be merged here."
        self.github.close_pull(pull, f"{marker(KIND, key='done', head=pull.head)}\n{told}\n")
        return Proposal(pid, Became.CLOSED, pull.number, pull.url, "main has all")

    def _renew(self, arrival: ProjectArrival, known: Pull | None, key: str) -> Proposal:
        branch = PREFIX + arrival.pid
        head = self._head(arrival, known)
        texts = self._texts(arrival.pid, head)
        after = added(self.site, arrival, texts)
        files = {_path(arrival.pid, name): text for name, text in after.items() if text != texts[name]}
        if files:
            head = self.github.commit(branch, (head,), files, _message(arrival))
        shown = self._shown(arrival, parse_folder(after[PROJECT_FILE], after[QA_FILE], pid=arrival.pid))
        values = body_values(shown) | {"marker": marker(KIND, key=key, head=head)}
        body = render_template(self.site.code, "github/arrival.md.j2", **values)
        pull = known or self.github.ensure_pull(None, branch, title_of(arrival), body)
        self._surround(pull, shown)
        pull = self.github.ensure_pull(pull, branch, title_of(arrival), body)
        became = Became.UPDATED if known else Became.OPENED
        return Proposal(arrival.pid, became, pull.number, pull.url, pull.title)

    def _surround(self, pull: Pull, shown: ArrivalShown) -> None:
        """Have reviewers, the one comment on what is held back, and the label: with it all of that is there.

        Before the body of an older pull request is renewed, for its marker says that nothing is left to do.
        """
        holders = self.site.settings.roles.po
        self.github.ensure_reviewers(pull, holders.users, holders.teams)
        values = held_values(shown.arrival.pid, shown.held) | {"marker": marker(HELD_KIND)}
        if pull.number:
            comment = render_template(self.site.code, "github/held.md.j2", **values)
            self.github.ensure_comment(pull.number, HELD_KIND, comment)
        self.github.ensure_labels(pull, (ARRIVAL.name,))

    def _head(self, arrival: ProjectArrival, known: Pull | None) -> str:
        """Return the commit to go on from: main, or the branch with all of main in it."""
        branch = self._branch(arrival.pid)
        head, stuck = branch.head(known, self._base(arrival.pid), self.main)
        if stuck:  # people edited the same lines on both sides: main's stay, theirs are in the branch's history
            message = f"{arrival.pid}: main's files again, its lines and the branch's did not go together"
            return self.github.commit(branch.name, (self.main, stuck), self._own_texts(arrival.pid), message)
        return head

    def _texts(self, pid: str, commit: str) -> dict[str, str]:
        if commit == self.main:
            return self._own_texts(pid)
        return self.github.texts(f"projects/{pid}", (QA_FILE, PROJECT_FILE), commit)

    def _own_texts(self, pid: str) -> dict[str, str]:
        return {name: read_text(self.site.projects / pid / name) for name in (QA_FILE, PROJECT_FILE)}

    def _base(self, pid: str) -> str:
        """Return the digest of main's files of a project."""
        return digest_of(self._own_texts(pid))

    def _key(self, arrival: ProjectArrival) -> str:
        """Return the digest of all that a pull request follows from: main's files, what arrives, what is held back."""
        sources = [[one.source, list(one.obsnums), one.mode] for one in arrival.sources]
        held = [[str(one.why), one.obsnum or 0] for one in self._held(arrival.pid)]
        return f"{self._base(arrival.pid)}.{digest_of([sources, held])}"

    def _held(self, pid: str) -> list[Held]:
        return [one for one in self.arrivals.held if one.pid == pid]

    def _closed_by_people(self, arrival: ProjectArrival, key: str) -> Proposal | None:
        """Return the answer when the last pull request of just these observations was closed and not merged."""
        last = next(iter(self.github.pulls_of_branch(PREFIX + arrival.pid)), None)
        if last is None or last.is_open or last.is_merged or self._branch(arrival.pid).mark(last).get("key") != key:
            return None
        told = f"#{last.number} was closed without merging; reopen it to take these {arrival.count} observations"
        return Proposal(arrival.pid, Became.WAITING, last.number, last.url, told)

    def _shown(self, arrival: ProjectArrival, folder: ProjectFolder) -> ArrivalShown:
        obsnums = [obsnum for source in arrival.sources for obsnum in source.obsnums]
        rows = read_rows(self.log, [*obsnums, *listed_obsnums(folder.project)], [arrival.pid])
        others = read_others(self.site, folder)
        plan = plan_project(folder, others=others)
        main = {} if arrival.is_new else _units(self.site, arrival.pid)
        listed = self.arrivals.listed.get(arrival.pid, ())
        checked = Checked(folder, LogView({obsnum: tuple(found) for obsnum, found in rows.items()}), others)
        return ArrivalShown(
            arrival=arrival,
            rows={obsnum: found[0] for obsnum, found in rows.items()},
            new=[unit for unit in plan.units if main.get(unit.name) != unit.digest],
            plan=plan,
            findings=findings_of(checked),
            listed=len(listed),
            held=self._held(arrival.pid),
            others=len(listed_obsnums(folder.project) - set(listed) - set(obsnums)),
        )


def _units(site: Site, pid: str) -> dict[str, str]:
    """Return the units of main's plan, {name: digest}; of a project that cannot be read there are none."""
    try:
        folder = read_project(site, pid)
    except ProjectError:
        return {}
    units: tuple[Unit, ...] = plan_project(folder, others=read_others(site, folder)).units
    return {unit.name: unit.digest for unit in units}


def _path(pid: str, name: str) -> str:
    return f"projects/{pid}/{name}"


def _message(arrival: ProjectArrival) -> str:
    obsnums = sorted(obsnum for source in arrival.sources for obsnum in source.obsnums)
    return f"{title_of(arrival)}\n\nobsnums {obsnums[0]} to {obsnums[-1]}"


def _is_quiet(hours: QuietHours | None, now: datetime) -> bool:
    """Say whether no pull request is to be opened now; hours may go over midnight."""
    if hours is None:
        return False
    try:
        here = now.astimezone(ZoneInfo(hours.zone)).time()
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(f"policies.quiet_hours.zone: there is no time zone {hours.zone!r}") from error
    begin, end = time.fromisoformat(hours.begin), time.fromisoformat(hours.end)
    return begin <= here < end if begin <= end else here >= begin or here < end
