"""The page of a night: what was observed, what of it was reduced, what is held back and why. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bot.model.observation import Observation
from bot.model.site import Seen
from bot.report.site.words import GRADES, readable
from bot.rules.arrival import Held

SCIENCE = "Science"


@dataclass(frozen=True, slots=True)
class NightLine:
    """One obsnum of the night."""

    time: str
    obsnum: int
    pid: str
    source: str
    mode: str
    goal: str
    minutes: str
    state: str
    numbers: str
    grade: str
    told: str
    link: str
    project_link: str


@dataclass(frozen=True, slots=True)
class NightPage:
    """All that the page shows."""

    night: str
    before: str
    after: str
    lines: tuple[NightLine, ...]
    """Science, and what a project lists."""
    others: tuple[tuple[str, int], ...]
    """(goal, how many) of the rest."""
    held: tuple[tuple[int, str, str, str], ...]
    """(obsnum, source, why, what can be done)."""
    counts: Mapping[str, int]
    hours: str


def night_page(
    night: str,
    observed: Sequence[Observation],
    seen: Mapping[int, Seen],
    held: Sequence[Held] = (),
    *,
    known: frozenset[str] = frozenset(),
    before: str = "",
    after: str = "",
) -> NightPage:
    """Put the page together; `seen` {obsnum: where it stands}, `known`: projects that have a page."""
    rows = sorted(observed, key=lambda row: (row.date_obs, row.obsnum))
    science = [row for row in rows if row.goal == SCIENCE or row.obsnum in seen]
    numbers = {row.obsnum for row in rows}
    stopped = {one.obsnum: one for one in held if one.obsnum in numbers}
    lines = tuple(_line(row, seen.get(row.obsnum), stopped.get(row.obsnum), known) for row in science)
    told = {row.obsnum for row in science}
    rest: dict[str, int] = {}
    for row in rows:
        if row.obsnum not in told:
            rest[row.goal] = rest.get(row.goal, 0) + 1
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.state] = counts.get(line.state, 0) + 1
    hours = sum(row.tint_s or 0 for row in science) / 3600
    return NightPage(
        night=night,
        before=before,
        after=after,
        lines=lines,
        others=tuple(sorted(((readable(goal, 40), many) for goal, many in rest.items()), key=lambda one: -one[1])),
        held=tuple(
            (one.obsnum or 0, readable(one.source, 60), readable(one.told), readable(one.cure))
            for one in stopped.values()
        ),
        counts=counts,
        hours=f"{hours:.1f}",
    )


def _line(row: Observation, seen: Seen | None, held: Held | None, known: frozenset[str]) -> NightLine:
    state, told = (seen.state, seen.told) if seen else ("held back", held.told) if held else ("not listed", "")
    return NightLine(
        time=row.date_obs[11:16],
        obsnum=row.obsnum,
        pid=readable(row.pid, 60),
        source=readable(row.source, 60),
        mode=readable(row.mode, 30),
        goal=readable(row.goal, 30),
        minutes=f"{row.tint_s / 60:.1f}" if row.tint_s is not None else "",
        state=state,
        numbers=seen.numbers if seen else "",
        grade=GRADES.get(seen.grade, "") if seen and seen.grade else "",
        told=readable(told),
        link=f"../p/{quote(seen.pid)}/{seen.link}" if seen and seen.link else "",
        project_link=f"../p/{quote(row.pid)}/index.html" if row.pid in known else "",
    )
