"""What a pull request makes run, in words: for a page on GitHub, and for a terminal.

Run lines hold words of a stranger. Here they are only chosen and shortened; whoever prints them makes them inert.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from bot.errors import Finding, Severity
from bot.formats.markdown import visible
from bot.report.check_text import WEIGHT
from bot.rules.plan_difference import Became, Kind, LineChange, PlanDifference, ProjectDifference

COUNTED = {
    Kind.NEW: ("{} run line is new", "{} run lines are new"),
    Kind.CHANGED: ("{} changes", "{} change"),
    Kind.AGAIN: ("{} runs again as it is, with its chain", "{} run again as they are, with their chains"),
    Kind.FOLLOWS: ("{} combination follows", "{} combinations follow"),
    Kind.GONE: ("{} goes away", "{} go away"),
}
"""Kind -> what is said of one line, and of several."""
PROJECTS_COUNTED = ("{} project differs", "{} projects differ")
ERRORS_COUNTED = ("{} error", "{} errors")
WARNINGS_COUNTED = ("{} warning", "{} warnings")
OTHERS_COUNTED = (
    "{} file outside projects/ differs; it is not looked at here",
    "{} files outside projects/ differ; they are not looked at here",
)
NOTES = {
    Became.NEW: "a new project",
    Became.GONE: "deleted",
    Became.CHANGED: "",
    Became.FOLLOWS: "its files stay; it takes obsnums from a project that changes",
}
NO_PLAN = "it cannot be planned; the errors say why"
SAME_AS_LEVEL_1 = "the same"
SAME = "the same run lines as before"
REORDERED = "the same run lines in another order"
SHORTENED = "the lines in full"
TOO_LONG = "the projects are too many for this page; `lmtbot check --base DIR` tells them"
LEFT_OUT = ("{} finding more is not shown here", "{} findings more are not shown here")
LONGEST, HEAD_KEPT, TAIL_KEPT = 150, 100, 40
"""Characters of a line; what is left of a longer one."""
NAMING_WORDS, DOTS = 4, "..."
"""SLpipeline.sh, obsnum, mode and source."""
MOST_LINES = 60
"""Lines that are shown before somebody asks for all of them."""
MOST_FINDINGS, MOST_WORDS = 200, 500
"""Findings in the table, and characters of one."""


class Detail(Enum):
    """How much a page tells."""

    FULL = 1
    SHORT = 2
    """Long lines and the rest of many are left out."""
    HEAD = 3
    """Findings, and how many projects differ."""


@dataclass(frozen=True)
class LevelView:
    """One level of a project, ready for a page."""

    level: int
    words: str
    short: tuple[str, ...]
    full: tuple[str, ...]
    remarks: tuple[str, ...]
    full_title: str = SHORTENED


@dataclass(frozen=True)
class ProjectView:
    """One project, ready for a page."""

    pid: str
    note: str
    levels: tuple[LevelView, ...]


@dataclass(frozen=True)
class FindingView:
    """One finding, ready for a page."""

    severity: str
    place: str
    what: str
    cure: str


def counted(number: int, forms: tuple[str, str]) -> str:
    """Return a number with its noun or verb."""
    return forms[number != 1].format(number)


def difference_words(difference: PlanDifference) -> str:
    """Return how many run lines are new, change, run again, follow, go away."""
    told = [counted(len(found), forms) for kind, forms in COUNTED.items() if (found := difference.of(kind))]
    return ", ".join(told) or (REORDERED if difference.is_reordered else SAME)


def headline(findings: Sequence[Finding], projects: Sequence[ProjectDifference]) -> str:
    """Return the sum of it all in one line of our own words and numbers."""
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    warnings = sum(finding.severity is Severity.WARNING for finding in findings)
    parts = (counted(len(projects), PROJECTS_COUNTED), counted(errors, ERRORS_COUNTED))
    return ", ".join((*parts, counted(warnings, WARNINGS_COUNTED)))


def page_values(
    findings: Sequence[Finding], projects: Sequence[ProjectDifference], others: int, *, detail: Detail = Detail.FULL
) -> dict[str, object]:
    """Return what templates/github/pull_check.md.j2 asks for."""
    shown = () if detail is Detail.HEAD else projects
    closing = [TOO_LONG] if len(shown) < len(projects) else []
    closing += [counted(others, OTHERS_COUNTED)] if others else []
    graver_first = sorted(findings, key=lambda one: WEIGHT[one.severity])
    more = len(findings) - MOST_FINDINGS
    return {
        "headline": headline(findings, projects),
        "findings": tuple(map(_finding_view, graver_first[:MOST_FINDINGS])),
        "left_out": counted(more, LEFT_OUT) if more > 0 else "",
        "projects": tuple(_project_view(project, in_full=detail is Detail.FULL) for project in shown),
        "closing": "; ".join(closing),
    }


def report_as_text(projects: Iterable[ProjectDifference], others: int) -> str:
    """Return the difference for a terminal, every line in full."""
    told = []
    for project in projects:
        told.append(": ".join(part for part in (project.pid, NOTES[project.became]) if part))
        for view in _project_view(project, in_full=True).levels:
            told.append(f"  level {view.level}: {view.words}")
            told += [f"    {visible(row)}" for row in view.full or view.short]
            told += [f"    note: {visible(remark)}" for remark in view.remarks]
        told += ["" if project.levels else f"  {NO_PLAN}\n"]
    return "\n".join([*told, counted(others, OTHERS_COUNTED)] if others else told)


def as_json(project: ProjectDifference) -> dict[str, object]:
    """Return one project's difference as plain values."""
    levels = [
        {
            "level": one.level,
            "words": difference_words(one),
            "reordered": one.is_reordered,
            "remarks": list(one.remarks),
            "lines": [
                {"kind": str(c.kind), "name": c.name, "source": c.source, "tier": c.tier, "before": c.before,
                 "after": c.after, "blocked": c.blocked}
                for c in one.changes
            ],
        }
        for one in project.levels
    ]  # fmt: skip
    return {"pid": project.pid, "became": str(project.became), "levels": levels}


def _finding_view(finding: Finding) -> FindingView:
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    what = finding.what if len(finding.what) <= MOST_WORDS else f"{finding.what[:MOST_WORDS]} {DOTS}"
    return FindingView(str(finding.severity), place, f"{what} [{finding.code}]", finding.cure)


def _project_view(project: ProjectDifference, *, in_full: bool) -> ProjectView:
    if not project.levels:
        return ProjectView(project.pid, NO_PLAN, ())
    first, second = project.levels
    views = [_level_view(first, first.changes, difference_words(first), in_full)]
    known = set(first.changes)
    more = tuple(change for change in second.changes if change not in known)
    if more or second.is_reordered != first.is_reordered:
        views.append(_level_view(second, more, difference_words(second), in_full))
    else:
        views.append(LevelView(second.level, SAME_AS_LEVEL_1, (), (), ()))
    return ProjectView(project.pid, NOTES[project.became], tuple(views))


def _level_view(difference: PlanDifference, changes: Sequence[LineChange], words: str, in_full: bool) -> LevelView:
    full = tuple(row for change in changes for row in _rows(change, change.before, change.after))
    shorter = (row for change in changes for row in _rows(change, *_shortened(change)))
    short = tuple(islice(shorter, MOST_LINES))
    return LevelView(difference.level, words, short, full if in_full and short != full else (), difference.remarks)


def _rows(change: LineChange, before: str, after: str) -> Iterator[str]:
    """Yield a change as lines of a diff."""
    tier = change.tier or ""
    if change.before == change.after:
        yield f"  {change.name}{tier}  {after}"
    else:
        yield from [f"- {change.old_name}{tier}  {before}"] if change.before else ()
        yield from [f"+ {change.name}{tier}  {after}"] if change.after else ()
    if change.blocked:
        yield f"! {change.name}{tier}  it will not run: {change.blocked}"


def _shortened(change: LineChange) -> tuple[str, str]:
    """Return both lines, long ones by the words in which they differ."""
    before, after = change.before, change.after
    if max(len(before), len(after)) > LONGEST and before and after and before != after:
        before, after = _differing(before.split(), after.split()), _differing(after.split(), before.split())
    return _cut(before), _cut(after)


def _differing(words: Sequence[str], others: Sequence[str]) -> str:
    """Return the first words of a run line, which say of what it is, and those that the other line does not have."""
    pairs = list(zip(words, others, strict=False))
    same = next((i for i, (one, two) in enumerate(pairs) if one != two), len(pairs))
    ends = list(zip(words[same:][::-1], others[same:][::-1], strict=False))
    same_at_end = next((i for i, (one, two) in enumerate(ends) if one != two), len(ends))
    middle = words[same : len(words) - same_at_end]
    head = words[: min(same, NAMING_WORDS)]
    return " ".join((*head, *[DOTS] * (same > NAMING_WORDS), *middle, *[DOTS] * (same_at_end > 0)))


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:HEAD_KEPT]} {DOTS} {line[-TAIL_KEPT:]}"
