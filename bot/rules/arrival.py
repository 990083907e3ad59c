"""What the observation log has that the projects do not: a set difference, whatever the order or repetition of rows.

Every valid Science obsnum of the log comes out once: listed, arriving, or held back with its reason and cure. Pure:
rows and projects in, Arrivals out. It never guesses; where it cannot tell, it holds back and says what to write.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from bot.formats.obslog import SCIENCE, Row, RowFault, group_rows
from bot.model.modes import MODES
from bot.model.observation import Observation
from bot.model.project import Project, Tiers
from bot.model.scalars import Pid
from bot.rules.source_choice import Candidate, Setup, candidates_of, choose_source
from bot.rules.starting import Starting, starting_tiers

_PID: TypeAdapter[str] = TypeAdapter(Pid)
_SOURCE = re.compile(r"[^\s\x00-\x1f\x7f]{1,100}")


class Why(StrEnum):
    """Why an obsnum is held back."""

    LEFT_OUT = "left out"
    INVALID = "invalid"
    CAL = "calibration"
    MODE = "unknown mode"
    NAME = "bad name"
    ROWS = "rows disagree"
    ELSEWHERE = "listed elsewhere"
    WHICH = "which source?"
    SETUP = "other setup"
    BROKEN = "project file broken"
    UNREADABLE = "unreadable row"


CURES = {
    Why.LEFT_OUT: "nothing to do; to reduce it after all, list it in a source and take it out of left_out",
    Why.INVALID: "nothing to do; or list it by hand in its source, or name it in left_out with the reason",
    Why.CAL: "nothing to do; a calibration is used by its science observation. Or name it in left_out",
    Why.MODE: "list it by hand in a source with `mode: ...` if it can be reduced, else name it in left_out",
    Why.NAME: "if it is a slip at the telescope, list it by hand in the right project with `project: ...`",
    Why.ROWS: "list it by hand in the right source, or name it in left_out with the reason",
    Why.ELSEWHERE: "if it belongs there, name it in left_out here; if to both, list it by hand",
    Why.WHICH: "list it by hand in the right one, or give that source `aliases: [...]`; or name it in left_out",
    Why.SETUP: "list it by hand there if mixing is meant, or in a new source with `aliases: [...]`; or left_out",
    Why.BROKEN: "mend the file: `lmtbot check` tells every fault in it",
    Why.UNREADABLE: "see the raw file; if it can be reduced, list it by hand, else name it in left_out",
}


@dataclass(frozen=True, slots=True)
class Held:
    """An observation that does not arrive by itself."""

    why: Why
    told: str
    """What was found, for people."""
    obsnum: int | None = None
    """None where an unreadable row does not tell."""
    pid: str = ""
    source: str = ""
    line: int = 0
    """Line of the log of an unreadable row."""

    @property
    def cure(self) -> str:
        """Return what a person can do."""
        return CURES[self.why]


@dataclass(frozen=True, slots=True)
class SourceArrival:
    """Obsnums that go into one source, in ascending order."""

    source: str
    obsnums: tuple[int, ...]
    is_new: bool = False
    mode: str = ""
    tiers: Tiers = field(default_factory=Tiers)
    """Of a new source."""


@dataclass(frozen=True, slots=True)
class ProjectArrival:
    """What arrives for one project."""

    pid: str
    sources: tuple[SourceArrival, ...]
    is_new: bool = False

    @property
    def count(self) -> int:
        """Return the number of arriving obsnums."""
        return sum(len(one.obsnums) for one in self.sources)


@dataclass(frozen=True)
class Arrivals:
    """The answer: what arrives, what is held back, and how much there is of the rest."""

    projects: tuple[ProjectArrival, ...] = ()
    held: tuple[Held, ...] = ()
    listed: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """ProjectId -> Science obsnums that it lists already."""
    other_goals: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Goal -> obsnums that are no Science and that no project lists."""


@dataclass(frozen=True)
class Known:
    """What the projects hold."""

    projects: Mapping[str, Project] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    """ProjectId -> why its file cannot be read."""
    listed_by: Mapping[int, Collection[str]] = field(default_factory=dict)
    """Obsnum -> projects that list it."""

    @classmethod
    def of(cls, projects: Mapping[str, Project], broken: Mapping[str, str] | None = None) -> Known:
        """Look up who lists what."""
        listed_by: dict[int, set[str]] = defaultdict(set)
        for pid, project in projects.items():
            for obsnum in listed_obsnums(project):
                listed_by[obsnum].add(pid)
        return cls(projects, broken or {}, listed_by)


def listed_obsnums(project: Project) -> set[int]:
    """Return the obsnums in the project's sources."""
    return {listing.obsnum for source in project.sources.values() for listing in source.obsnums}


def find_arrivals(rows: Iterable[Row], known: Known, starting: Starting | None = None) -> Arrivals:
    """Compare the rows of the log with the projects.

    `rows` must hold every row of the obsnums in question, and those of what the affected projects list already (names
    and setups of their sources are learnt from them).
    """
    groups, faults = group_rows(rows)
    firsts = {obsnum: group[0] for obsnum, group in groups.items()}
    deciding = _Deciding(known, firsts, starting or Starting())
    science = {obsnum: group for obsnum, group in groups.items() if any(row.goal == SCIENCE for row in group)}
    for obsnum, group in sorted(science.items()):
        deciding.decide(obsnum, group)
    deciding.hold_faults(fault for fault in faults if fault.obsnum is None or fault.obsnum not in groups)
    others: dict[str, list[int]] = defaultdict(list)
    for obsnum, row in sorted(firsts.items()):
        if obsnum not in science and not known.listed_by.get(obsnum):
            others[row.goal].append(obsnum)
    return Arrivals(
        projects=deciding.arriving(),
        held=tuple(sorted(deciding.held, key=_held_order)),
        listed={pid: tuple(obsnums) for pid, obsnums in sorted(deciding.listed.items())},
        other_goals={goal: tuple(obsnums) for goal, obsnums in sorted(others.items())},
    )


def _held_order(held: Held) -> tuple[str, str, int, int]:
    return held.why, held.pid, held.obsnum or 0, held.line


class _Deciding:
    """Goes through the Science obsnums once; keeps the candidates of each project."""

    def __init__(self, known: Known, rows: Mapping[int, Observation], starting: Starting) -> None:
        self.known, self.rows, self.starting = known, rows, starting
        self.held: list[Held] = []
        self.listed: dict[str, list[int]] = defaultdict(list)
        self.taken: dict[tuple[str, str, bool], list[Observation]] = defaultdict(list)
        self.candidates: dict[str, tuple[Candidate, ...]] = {}

    def decide(self, obsnum: int, group: list[Observation]) -> None:
        """Put one Science obsnum where it belongs."""
        row = group[0]
        lister = next((one.pid for one in group if one.pid in self.known.listed_by.get(obsnum, ())), None)
        if lister is not None:
            self.listed[lister].append(obsnum)
            return
        reason = self._reason(obsnum, group)
        if reason:
            self.held.append(Held(reason[0], reason[1], obsnum, row.pid, row.source))
            return
        project = self.known.projects.get(row.pid) or Project(pid=row.pid)
        choice = choose_source(row, self._candidates(project), project.sources)
        if choice.doubt:
            why = Why.SETUP if choice.other_setup else Why.WHICH
            self.held.append(Held(why, choice.doubt, obsnum, row.pid, row.source))
        else:
            self.taken[row.pid, choice.source, choice.is_new].append(row)

    def _reason(self, obsnum: int, group: list[Observation]) -> tuple[Why, str] | None:
        """Return why the obsnum is held back whatever source it would go to."""
        row, project = group[0], self.known.projects.get(group[0].pid)
        if project and obsnum in project.left_out:
            return Why.LEFT_OUT, project.left_out[obsnum]
        if len({(one.pid, one.source, one.goal, one.mode) for one in group}) > 1:
            return Why.ROWS, "its rows in the log do not agree: " + "; ".join(sorted(map(_shown, group)))
        if not _is_pid(row.pid):
            return Why.NAME, f"{row.pid!r} cannot be a ProjectId"
        if row.pid in self.known.broken:
            return Why.BROKEN, self.known.broken[row.pid]
        if any(one.valid is False for one in group):
            return Why.INVALID, "the telescope marked it as not valid"
        if row.pgm.partition("(")[0] == "Cal":
            return Why.CAL, "goal Science, but the program is Cal"
        if row.mode not in MODES:
            return Why.MODE, f"the mode is {row.mode or f'?/{row.pgm}'}; known are {', '.join(sorted(MODES))}"
        if not _SOURCE.fullmatch(row.source):
            return Why.NAME, f"{row.source!r} cannot be the name of a source"
        owners = sorted(self.known.listed_by.get(obsnum, ()))
        return (Why.ELSEWHERE, f"{', '.join(owners)} lists it") if owners else None

    def _candidates(self, project: Project) -> tuple[Candidate, ...]:
        if project.pid not in self.candidates:
            self.candidates[project.pid] = candidates_of(project, self.rows)
        return self.candidates[project.pid]

    def hold_faults(self, faults: Iterable[RowFault]) -> None:
        """Hold back what could not be read, unless a project knows the obsnum."""
        left_out = {obsnum for project in self.known.projects.values() for obsnum in project.left_out}
        once = {(fault.obsnum, fault.reason, fault.text): fault for fault in sorted(faults, key=lambda one: -one.line)}
        for fault in once.values():
            if not self.known.listed_by.get(fault.obsnum or 0) and fault.obsnum not in left_out:
                told = f"{fault.reason}: {fault.text}"
                self.held.append(Held(Why.UNREADABLE, told, fault.obsnum, line=fault.line))

    def arriving(self) -> tuple[ProjectArrival, ...]:
        """Return what was taken, by project and source; a new name with several setups is held back whole."""
        by_project: dict[str, list[SourceArrival]] = defaultdict(list)
        for (pid, name, is_new), rows in sorted(self.taken.items(), key=lambda item: item[1][0].obsnum):
            odd = next((row for row in rows if is_new and not Setup.of(row).is_like(Setup.of(rows[0]))), None)
            if odd:
                told = f"source {name} is new and comes with {Setup.of(rows[0])} and {Setup.of(odd)}"
                self.held.extend(Held(Why.SETUP, told, row.obsnum, pid, name) for row in rows)
                continue
            by_project[pid].append(self._arrival(name, is_new, rows))
        return tuple(
            ProjectArrival(pid, tuple(sources), is_new=pid not in self.known.projects)
            for pid, sources in sorted(by_project.items())
        )

    def _arrival(self, name: str, is_new: bool, rows: list[Observation]) -> SourceArrival:
        obsnums = tuple(sorted(row.obsnum for row in rows))
        if not is_new:
            return SourceArrival(name, obsnums, mode=rows[0].mode)
        first = min(rows, key=lambda row: row.date_obs)
        tiers = starting_tiers(self.starting, first.instrument, first.date_obs)
        return SourceArrival(name, obsnums, is_new=True, mode=first.mode, tiers=tiers)


def _is_pid(pid: str) -> bool:
    try:
        return _PID.validate_python(pid) == pid
    except ValidationError:
        return False


def _shown(row: Observation) -> str:
    return f"{row.pid} {row.source} {row.goal} {row.mode}"
