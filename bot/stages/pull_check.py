"""Check a pull request: what it would make of the projects, held against what they are. Changes nothing.

`site.root` holds the files as they would be after the merge. They are a stranger's: read as data, never followed,
never run. Settings and templates come from `site.code`, which is the base.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from bot.doors.files import read_bytes
from bot.doors.git import commit_of_head, parents_of_head
from bot.doors.templates import render_markdown
from bot.doors.trees import read_trees
from bot.errors import Finding, ProjectError, Severity
from bot.formats.project_file import ARCHIVE_FILE, LEVEL2_FILE, PROJECT_FILE
from bot.formats.validation import read_model, validate
from bot.formats.yaml_text import parse_document
from bot.model.deposit import Manifest
from bot.model.plan import Plan
from bot.model.project import Archive
from bot.model.tree import Entry, Trees
from bot.report.plan_difference import Detail, page_values
from bot.rules import pull_files as rules
from bot.rules.archive import ARCHIVE_PREFIX, parse_tag
from bot.rules.level2 import level2_of
from bot.rules.plan import needed_projects, plan_project
from bot.rules.plan_difference import Became, ProjectDifference, difference_of, empty_plan, seems_renamed
from bot.settings import SETTINGS_FILE, Settings, Site
from bot.stages.check import CheckReport, check_projects
from bot.stages.planning import read_project

LEVELS = (1, 2)
PAGE = "github/pull_check.md.j2"
SUMMARY_BYTES = 1_000_000
"""GitHub takes a step summary of at most 1 MiB, and shows nothing of a larger one."""
Manifests = Callable[[str], Manifest | None]
"""The tag of a release -> its manifest, None where it has none."""
Plans = Mapping[int, Plan]
"""level -> plan."""


@dataclass(frozen=True)
class PullReport:
    """What the check of a pull request found."""

    check: CheckReport
    """The rules of `lmtbot check`, for the projects that differ."""
    findings: tuple[Finding, ...]
    """What is wrong with the pull request itself."""
    projects: tuple[ProjectDifference, ...] = ()
    others: int = 0
    """Files outside the projects that differ."""

    @property
    def has_errors(self) -> bool:
        """Say whether the pull request must not be merged as it is."""
        return any(finding.severity is Severity.ERROR for finding in (*self.findings, *self.check.findings))


def check_pull(
    site: Site, base: Path, *, branch: str = "", log: Path | None = None, archive: Manifests | None = None
) -> PullReport:
    """Check what differs between the checkout `base` and `site.root`; `branch` is the pull request's.

    `archive`: where the pull request is the bot's own, how to get the manifest of a release.
    """
    trees = read_trees(base, site.root)
    if refused := rules.no_files(trees):
        return PullReport(CheckReport((), (), log), tuple(refused))
    before, after = _Side(replace(site, root=base), trees.base), _Side(site, trees.head)
    pull = _Pull(before, after, rules.changed_projects(trees), branch)
    check = pull.check(log)
    archiving = branch.removeprefix(ARCHIVE_PREFIX) if archive and branch.startswith(ARCHIVE_PREFIX) else ""
    of_files = (
        *_moved(before.site, site), *rules.file_findings(trees, archiving=archiving), *_settings(site, trees),
        *(_archive(site, trees, archiving, archive) if archive and archiving else ()),
    )  # fmt: skip
    findings = (*of_files, *pull.findings(check))
    inside = sum(len(names) for names in pull.changed.values())
    return PullReport(check, findings, tuple(pull.projects()), len(trees.differing) - inside)


def summary_page(site: Site, report: PullReport, shown: Sequence[Finding], *, most: int = SUMMARY_BYTES) -> str:
    """Return the report as Markdown of at most so many bytes: all of it, or without long lines, or only its head."""
    page = ""
    for detail in Detail:
        values = page_values(shown, report.projects, report.others, detail=detail)
        page = render_markdown(site.code, PAGE, **values)
        if len(page.encode()) <= most:
            return page
    return page[:most]


@dataclass(frozen=True)
class _Planned:
    """The plans of one side, empty ones where there is no project or where it has a fault."""

    plans: Plans
    fault: str = ""


@dataclass(frozen=True)
class _Side:
    """The projects before the change, or after it."""

    site: Site
    tree: Mapping[str, Entry]

    @cached_property
    def pids(self) -> frozenset[str]:
        """Return the folders below projects/ that hold something."""
        places = (path.split("/", 2) for path in self.tree if path.startswith(f"{rules.PROJECTS}/"))
        return frozenset(place[1] for place in places if len(place) > 2)

    def plans(self, pid: str) -> Plans:
        """Return the plans of a project, empty ones where there is none; raise ProjectError for what has none."""
        if pid not in self.pids:
            return _no_plans(pid)
        folder = read_project(self.site, pid)
        others = {other: read_project(self.site, other) for other in needed_projects(folder.project)}
        return {level: plan_project(folder, level, others=others) for level in LEVELS}

    def takes_from(self, pid: str, pids: Collection[str]) -> bool:
        """Say whether a mosaic of the project takes from one of these; what cannot be read takes from none."""
        path = f"{rules.PROJECTS}/{pid}/{PROJECT_FILE}"
        if path not in self.tree:
            return False
        text = read_bytes(self.site.root / path, cure="it must be a readable file")
        if b"mosaic" not in text or not any(other.encode() in text for other in pids):
            return False  # most projects have no mosaic, and are not worth the parsing
        try:
            return not set(needed_projects(read_project(self.site, pid).project)).isdisjoint(pids)
        except ProjectError:
            return False


@dataclass(frozen=True)
class _Pull:
    """One pull request: both sides, and which projects it touches."""

    before: _Side
    after: _Side
    changed: Mapping[str, Sequence[str]]
    """pid -> names of its files that differ."""
    branch: str

    @cached_property
    def followers(self) -> tuple[str, ...]:
        """Return the projects whose own files stay, and that take from changed ones."""
        pids = [pid for pid in self.changed if rules.is_pid(pid)]
        others = sorted(filter(rules.is_pid, self.after.pids - set(self.changed)))
        return tuple(pid for pid in others if self.after.takes_from(pid, pids))

    @cached_property
    def pids(self) -> tuple[str, ...]:
        """Return every project that the change touches."""
        return (*sorted(filter(rules.is_pid, self.changed)), *self.followers)

    @cached_property
    def plans(self) -> Mapping[str, tuple[_Planned, _Planned]]:
        """Return pid -> its plans before and after."""
        return {pid: (_planned(self.before, pid), _planned(self.after, pid)) for pid in self.pids}

    def check(self, log: Path | None) -> CheckReport:
        """Apply the rules of `lmtbot check`; of a project whose files stay, tell only what is new."""
        report = check_projects(self.after.site, [pid for pid in self.pids if pid in self.after.pids], log)
        known = set(check_projects(self.before.site, self.followers, log).findings) if self.followers else set()
        return replace(report, findings=tuple(finding for finding in report.findings if finding not in known))

    def projects(self) -> Iterator[ProjectDifference]:
        """Yield what becomes of every project."""
        for pid, (before, after) in self.plans.items():
            levels = [difference_of(before.plans[level], after.plans[level]) for level in LEVELS]
            yield ProjectDifference(pid, self.became(pid), () if after.fault else tuple(levels))

    def became(self, pid: str) -> Became:
        """Return what becomes of a project."""
        if pid not in self.changed:
            return Became.FOLLOWS
        if pid not in self.after.pids:
            return Became.GONE
        return Became.CHANGED if pid in self.before.pids else Became.NEW

    def findings(self, check: CheckReport) -> Iterator[Finding]:
        """Yield what is said of each project as a whole: gone, renamed, without a plan, with another level2.yaml."""
        faulty = {finding.pid for finding in check.findings if finding.severity is Severity.ERROR}
        for pid, (before, after) in self.plans.items():
            path = f"{rules.PROJECTS}/{pid}/{PROJECT_FILE}"
            if before.fault:
                yield rules.BASE_UNREADABLE.finding(path, before.fault)
            if after.fault and pid not in faulty:
                yield rules.NO_PLAN.finding(path, after.fault)
            elif after.fault:
                continue
            elif self.became(pid) is Became.GONE:
                yield rules.PROJECT_GONE.finding(path, f"{pid} is deleted{self._renamed(before)}")
            else:
                yield from self._level2(pid, after.plans[2])

    def _renamed(self, gone: _Planned) -> str:
        """Return words on the new project that reduces the same obsnums, if there is one."""
        for pid, (_, after) in self.plans.items():
            if self.became(pid) is Became.NEW and seems_renamed(gone.plans[1], after.plans[1]):
                return f", and {pid} is new with the same obsnums: it seems to be renamed"
        return ""

    def _level2(self, pid: str, plan: Plan) -> Iterator[Finding]:
        path = f"{rules.PROJECTS}/{pid}/{LEVEL2_FILE}"
        text = None
        if path in self.after.tree:
            text = read_bytes(self.after.site.root / path, cure="it must be a readable file").decode("utf-8", "replace")
        names = self.changed.get(pid, ())
        branch = self.branch if names else ""
        yield from rules.level2_findings(pid, text, level2_of(plan), is_changed=LEVEL2_FILE in names, branch=branch)


def _planned(side: _Side, pid: str) -> _Planned:
    try:
        return _Planned(side.plans(pid))
    except ProjectError as error:
        return _Planned(_no_plans(pid), fault=str(error).partition("\n")[0])


def _no_plans(pid: str) -> Plans:
    return {level: empty_plan(pid, level) for level in LEVELS}


def _archive(site: Site, trees: Trees, pid: str, manifests: Manifests) -> Iterator[Finding]:
    """Hold archive.yaml against the manifest of the release that it names."""
    path = f"{rules.PROJECTS}/{pid}/{ARCHIVE_FILE}"
    if path not in trees.differing or path not in trees.head:
        return
    text = read_bytes(site.root / path, cure="it must be a readable file").decode("utf-8", "replace")
    try:
        tag = validate(parse_document(text, path), Archive).tag
        named = parse_tag(tag).pid == pid
    except ProjectError:
        named, tag = False, ""
    yield from rules.archive_findings(pid, text, manifests(tag) if named else None)


def _settings(site: Site, trees: Trees) -> Sequence[Finding]:
    """Tell when the new settings could not be read after the merge; here they are not used."""
    name = SETTINGS_FILE.as_posix()
    if name in trees.differing and name in trees.head:
        try:
            read_model(site.root / name, Settings, shown=name)
        except ProjectError as error:
            return error.findings
    return ()


def _moved(before: Site, after: Site) -> Iterator[Finding]:
    """Tell when the merge that is checked was made with another commit of the base than the one beside it."""
    parents, ours, theirs = parents_of_head(after.root), commit_of_head(before.root), commit_of_head(after.root)
    if len(parents) > 1 and ours and ours not in (theirs, *parents):
        yield rules.BASE_MOVED.finding(rules.PROJECTS, f"merged with {parents[0][:12]}, held against {ours[:12]}")
