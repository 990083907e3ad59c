"""Which source of a project a new observation belongs to. Pure; it leaves the question open rather than guess.

By name first: the source's own, a declared alias, or the name that the log gives to most of what the source lists
(Region_J-K_CO and Region_J-K_HCN hold one Region_J-K of the log, at two frequencies). Then by setup, mode and rest
frequency: a source that holds other setups only is none for this observation, because its combination would mix
lines or modes. Some do that on purpose (VX-Sgr of 2023S1SEQUOIACommissioning holds Ps, Bs and Map; 2 of about 300
real sources mix modes): a setup that the source already holds is taken, whatever else it holds; another one is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.model.observation import Observation
from bot.model.project import Project, Source

SAME_FREQUENCY_GHZ = 0.01


@dataclass(frozen=True, slots=True)
class Setup:
    """What two observations must share to be combined."""

    mode: str
    restfreq_ghz: float | None

    @classmethod
    def of(cls, row: Observation) -> Setup:
        """Return the setup of a row; RSR has no frequency, whatever its column says."""
        return cls(row.mode, None if row.instrument == "RSR" else row.restfreq_ghz or None)

    def is_like(self, other: Setup) -> bool:
        """Say whether both have one mode, and one frequency as far as it is known."""
        if self.mode != other.mode:
            return False
        if self.restfreq_ghz is None or other.restfreq_ghz is None:
            return True
        return abs(self.restfreq_ghz - other.restfreq_ghz) <= SAME_FREQUENCY_GHZ

    def __str__(self) -> str:
        return f"{self.mode} {self.restfreq_ghz:.4f} GHz" if self.restfreq_ghz else self.mode


@dataclass(frozen=True, slots=True)
class Candidate:
    """A source as the choice sees it."""

    name: str
    names: frozenset[str]
    """Names of the log that lead to it."""
    setups: tuple[Setup, ...]
    """What it holds already; () when nothing tells."""

    def may_hold(self, setup: Setup) -> bool:
        """Say whether the setup is among what the source holds; a source that holds nothing known may hold all."""
        return not self.setups or any(setup.is_like(held) for held in self.setups)


@dataclass(frozen=True, slots=True)
class Choice:
    """The source that an observation goes to, or why nobody can say."""

    source: str = ""
    is_new: bool = False
    doubt: str = ""
    """Not empty: nothing is chosen, a person has to."""
    other_setup: bool = False
    """True: one source has the name, but holds another setup."""


def candidates_of(project: Project, rows: Mapping[int, Observation]) -> tuple[Candidate, ...]:
    """Return the sources that can take obsnums; `rows` are the log's for the obsnums that they list."""
    return tuple(
        _candidate(name, source, project.mode, [rows[one.obsnum] for one in source.obsnums if one.obsnum in rows])
        for name, source in project.sources.items()
        if not source.mosaic
    )


def choose_source(row: Observation, candidates: Iterable[Candidate], taken: Iterable[str]) -> Choice:
    """Choose among the candidates; `taken` are all names that the project uses, mosaics included."""
    known = tuple(candidates)
    named = [one for one in known if row.source in one.names]
    setup = Setup.of(row)
    fitting = [one for one in named if one.may_hold(setup)]
    if len(fitting) == 1:
        return Choice(fitting[0].name)
    if fitting:
        return Choice(doubt=f"{_listed(one.name for one in fitting)} can all be {row.source} with {setup}")
    if named:
        holds = "; ".join(f"{one.name} holds {_listed(map(str, one.setups))}" for one in named)
        return Choice(doubt=f"it is {setup}, but {holds}", other_setup=True)
    alike = [name for name in taken if _loose(name) == _loose(row.source)]
    if alike:
        told = "is the name of a mosaic" if row.source in alike else f"is nearly the name of source {_listed(alike)}"
        return Choice(doubt=f"{row.source} {told}")
    return Choice(row.source, is_new=True)


def _candidate(name: str, source: Source, project_mode: str | None, rows: list[Observation]) -> Candidate:
    counted = Counter(row.source for row in rows)
    most = max(counted.values(), default=0)
    usual = {log_name for log_name, count in counted.items() if count == most}
    setups = tuple(sorted({Setup.of(row) for row in rows}, key=str))
    mode = source.mode or project_mode
    if not setups and mode:
        setups = (Setup(mode, None),)
    return Candidate(name, frozenset({name, *source.aliases, *usual}), setups)


def _loose(name: str) -> str:
    return name.casefold().replace("_", "-")


def _listed(names: Iterable[str]) -> str:
    *front, last = names
    return f"{', '.join(front)} and {last}" if front else last
