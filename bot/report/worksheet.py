"""The worksheet as the body of the QA pull request. Values and a template in, Markdown out, never longer than allowed.

What is too long is told in fewer words, step by step (VIEWS), and the body says what was left out. Every text from
files, headers and people goes through bot.formats.markdown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from urllib.parse import quote

from bot.formats.markdown import code, prose
from bot.model.plan import Plan
from bot.model.role import Role
from bot.model.scalars import one_line
from bot.model.worksheet import Reduced, Row, Worksheet
from bot.rules.commands import COMMANDS
from bot.rules.publicity import Exposure, without_numbers

TEMPLATE = "github/worksheet.md.j2"
LONGEST_BODY = 65_000
"""Characters; GitHub refuses more than 65,536."""
MOST_FAULTS, MOST_UNPROCESSED = 20, 30
WORTH_A_LOOK = 1
"""A suggestion of this grade or less."""

Links = Callable[[str], str] | None
"""Name of a unit -> address of its product page."""
Cells = Mapping[str, Mapping[str, str]]
"""Label of a row -> what it says in each column."""


COLUMNS = (
    "observed [UT]",
    "obsnum",
    "time [min]",
    "tau",
    "rms",
    "rms / radiometer",
    "grade",
    "state",
    "flags, note",
    "suggestion",
)
FEWER_COLUMNS = ("obsnum", "rms", "rms / radiometer", "state", "suggested")
MEASURED = frozenset(("time [min]", "tau", "rms", "rms / radiometer"))
"""Columns of what is not told where only states are."""

GRADED, FINE, TO_LOOK_AT, NOTHING = 0, 1, 2, 3
"""What kind of row it is; NOTHING is above all kinds."""


@dataclass(frozen=True, slots=True)
class View:
    """How much is told."""

    columns: tuple[str, ...]
    least: int
    """Rows of this kind and above stand in tables; the others are named in a list."""
    has_lists: bool = True
    """False: the others are only counted."""
    has_sources: bool = True
    """False: no word on single sources."""
    cut: str = ""
    """What the body says of what it leaves out."""


VIEWS = (
    View(COLUMNS, GRADED),
    View(COLUMNS, FINE, cut="graded obsnums are only named"),
    View(
        FEWER_COLUMNS,
        FINE,
        cut="graded obsnums are only named; date, time, tau, flags, notes and the reasons of good grades are left out",
    ),
    View(FEWER_COLUMNS, TO_LOOK_AT, cut="only ungraded obsnums to look at stand in tables; the others are named"),
    View(FEWER_COLUMNS, TO_LOOK_AT, has_lists=False, cut="only ungraded obsnums to look at are named"),
    View((), NOTHING, has_lists=False, cut="obsnums are only counted, source by source"),
    View((), NOTHING, has_lists=False, has_sources=False, cut="obsnums are only counted"),
)
"""From all to next to nothing; the first that is short enough is taken."""


@dataclass(frozen=True, slots=True)
class Section:
    """One source, or all combinations: a title, a table, and lists of what is not in it."""

    title: str
    summary: str
    rows: Sequence[Sequence[str]]
    lists: Sequence[str]


def worksheet_body(
    sheet: Worksheet,
    level2: Plan,
    *,
    render: Callable[..., str],
    full_list: str,
    faults: Sequence[str] = (),
    unprocessed: Mapping[int, str] | None = None,
    links: Links = None,
    exposure: Exposure = Exposure.NUMBERS,
    longest: int = LONGEST_BODY,
) -> str:
    """Return the Markdown of the worksheet, at most `longest` characters.

    `level2` is the plan that level2.yaml tells, `render(name, **values)` fills a template in, `full_list` says in
    Markdown where everything can be seen when the body had to be cut, `faults` what rules.grading.qa_faults says.
    """
    sheet = sheet if exposure.has_numbers else without_numbers(sheet)
    values = {
        "pid": code(sheet.pid),
        "counts": counts_of(sheet.rows),
        "commands": [rule.example for rule in COMMANDS if Role.DA in rule.roles],
        "faults": _some([prose(fault, 200) for fault in faults], MOST_FAULTS),
        "unprocessed": _some([prose(_unexplained(*one), 200) for one in (unprocessed or {}).items()], MOST_UNPROCESSED),
        "level2": _level2(level2, sheet),
        "full_list": full_list,
    }
    body, cells = "", {row.label: _cells(row, links) for row in (*sheet.rows, *sheet.combinations)}
    for view in VIEWS if exposure.has_numbers else map(_of_states, VIEWS):
        sections = [*_sections(sheet.rows, view, cells), *_combinations(sheet.combinations, view, cells)]
        body = render(TEMPLATE, **values, sections=sections, titles=view.columns, cut=view.cut)
        if len(body) <= longest:
            return body
    return body[:longest]


def _of_states(view: View) -> View:
    return replace(view, columns=tuple(column for column in view.columns if column not in MEASURED))


def counts_of(rows: Sequence[Row]) -> dict[str, int]:
    """Return how many rows there are, are graded, and want a look."""
    graded = sum(row.is_graded for row in rows)
    return {"all": len(rows), "graded": graded, "look": sum(_kind(row) == TO_LOOK_AT for row in rows)}


def _unexplained(obsnum: int, reason: str) -> str:
    return f"obsnum {obsnum}: {reason or 'nothing says why'}"


def _some(told: Sequence[str], most: int) -> list[str]:
    rest = len(told) - most
    return [*told[:most], *([f"and {rest} more"] if rest > 0 else [])]


def _level2(plan: Plan, sheet: Worksheet) -> dict[str, int]:
    runs = [unit for unit in plan.units if not unit.blocked]
    changed = {row.name for row in (*sheet.rows, *sheet.combinations) if row.is_changed}
    return {
        "lines": sum(len(unit.lines) for unit in runs),
        "obsnums": sum(not unit.blocked for unit in plan.chains),
        "combinations": sum(not unit.blocked for unit in plan.combinations),
        "blocked": len(plan.units) - len(runs),
        "changed": len(changed),
    }


def _sections(rows: Iterable[Row], view: View, cells: Cells) -> list[Section]:
    groups = [(source, list(its)) for source, its in groupby(rows, key=lambda row: row.source)]
    if not view.has_sources:
        return []
    return [
        _section(f"{code(one_line(source, 100))} {prose(its[0].mode)}".strip(), its, view, cells)
        for source, its in groups
    ]


def _combinations(rows: Sequence[Row], view: View, cells: Cells) -> list[Section]:
    return [_section("Combinations", rows, view, cells)] if rows and view.has_sources else []


def _section(title: str, rows: Sequence[Row], view: View, cells: Cells) -> Section:
    shown = [row for row in rows if _kind(row) >= view.least]
    table = [[cells[row.label][column] for column in view.columns] for row in shown]
    others = [row for row in rows if _kind(row) < view.least]
    return Section(title, _summary(rows), table, _lists(others) if view.has_lists else [])


def _kind(row: Row) -> int:
    if row.is_graded:
        return GRADED
    return TO_LOOK_AT if _is_worth_a_look(row) else FINE


def _is_worth_a_look(row: Row) -> bool:
    grade = row.suggestion.grade if row.suggestion else None
    return row.state is not Reduced.GOOD or grade is None or grade <= WORTH_A_LOOK


def _cells(row: Row, links: Links) -> dict[str, str]:
    """Return what a row says in each column."""
    suggestion = _suggestion(row)
    return {
        "observed [UT]": prose(row.date[:16].replace("T", " ")),
        "obsnum": f"[{row.label}]({quote(links(row.name), safe=':/?#=&%~+,;@')})" if links else row.label,
        "time [min]": f"{row.inttime_s / 60:.1f}" if row.inttime_s else "",
        "tau": f"{row.tau:.2f}" if row.tau else "",
        "rms": f"{row.rms:.3g}\N{NO-BREAK SPACE}{row.unit}" if row.rms else "",
        "rms / radiometer": f"{row.ratio:.2f}" if row.ratio else "",
        "grade": _grade(row),
        "state": _state(row),
        "flags, note": _words(row),
        "suggestion": suggestion,
        "suggested": _suggestion(row, 90) if _is_worth_a_look(row) else suggestion.partition(":")[0],
    }


def _grade(row: Row) -> str:
    shown = "" if row.grade is None else f"**{row.grade}**" if row.is_graded else "0"
    return shown if row.previous in (None, 0, row.grade) else f"{shown} (was {row.previous})".strip()


def _state(row: Row) -> str:
    told = "good" if row.state is Reduced.GOOD else f"**{row.state}** {prose(row.told, 120)}".strip()
    return told if row.is_accepted else f"{told}; not combined"


def _words(row: Row) -> str:
    flags = code(one_line(" ".join(row.flags), 120)) if row.flags else ""
    mark = " (acts at level 2)" if flags and row.is_changed else ""
    return " ".join(part for part in (f"{flags}{mark}", prose(row.note, 160)) if part)


def _suggestion(row: Row, longest: int = 260) -> str:
    if row.suggestion is None:
        return ""
    grade = "look" if row.suggestion.grade is None else str(row.suggestion.grade)
    told = f": {prose(row.suggestion.reason, longest)}" if row.suggestion.reason else ""
    return f"{f'**{grade}**' if _is_worth_a_look(row) else grade}{told}"


def _summary(rows: Sequence[Row]) -> str:
    counts = counts_of(rows)
    return f"{counts['graded']} of {counts['all']} graded" + (
        f", {counts['look']} to look at" if counts["look"] else ""
    )


def _lists(rows: Sequence[Row]) -> list[str]:
    """Name rows by their grade, or by the one that is suggested; an obsnum whose banks all agree by its number."""
    words: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        suggested = row.suggestion.grade if row.suggestion else None
        told = f"graded {row.grade}" if row.is_graded else f"not graded, suggested {suggested}"
        words.setdefault(told, {}).setdefault(row.name, []).append(row)
    return [
        f"{told}: {', '.join(name if len(its) == 2 else its[0].label for name, its in names.items())}"
        for told, names in sorted(words.items())
    ]
