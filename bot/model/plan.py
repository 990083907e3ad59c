"""The plan of a project: a graph of run lines. Values only; bot.rules.plan makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.model.project import Tier


@dataclass(frozen=True, slots=True)
class RunLine:
    """One call of the pipeline, as the words of its argument list."""

    words: tuple[str, ...]
    """Without the program: ("obsnum=112139", "_io=SEQ/Map", ..., "restart=1")."""
    tier: Tier | None = None
    """None for a combination."""
    blocked: str = ""
    """Why this line must not run (an unknown parameter, say); "" if it may."""

    def __str__(self) -> str:
        return " ".join(("SLpipeline.sh", *self.words))

    def get(self, key: str) -> str | None:
        """Return the value that acts: the last one, as the pipeline reads them."""
        words = (word.partition("=") for word in reversed(self.words))
        return next((value for name, _, value in words if name == key), None)


@dataclass(frozen=True, slots=True)
class Chain:
    """The run lines of one obsnum in order, from a clean directory: the unit of work."""

    obsnum: int
    source: str
    mode: str
    lines: tuple[RunLine, ...]
    digest: str

    @property
    def name(self) -> str:
        """Return the name of its directory."""
        return str(self.obsnum)

    @property
    def blocked(self) -> str:
        """Return why the chain cannot run, "" if it can."""
        return next((line.blocked for line in self.lines if line.blocked), "")


@dataclass(frozen=True, slots=True)
class Member:
    """An obsnum that goes into a combination, with the project and chain that reduce it."""

    obsnum: int
    pid: str
    digest: str
    """Digest of its chain; "" when nothing reduces it."""


@dataclass(frozen=True, slots=True)
class Combination:
    """All accepted obsnums of a source, reduced together after every last tier of its members."""

    source: str
    mode: str
    members: tuple[Member, ...]
    lines: tuple[RunLine, ...]
    digest: str

    @property
    def name(self) -> str:
        """Return FIRST_LAST in listed order, the name of its directory."""
        return f"{self.members[0].obsnum}_{self.members[-1].obsnum}"

    @property
    def blocked(self) -> str:
        """Return why the combination cannot run, "" if it can."""
        lost = [str(member.obsnum) for member in self.members if not member.digest]
        if lost:
            return f"nothing reduces its member {', '.join(lost)}"
        return next((line.blocked for line in self.lines if line.blocked), "")


Unit = Chain | Combination


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be run for a project at a level."""

    pid: str
    level: int
    chains: tuple[Chain, ...]
    combinations: tuple[Combination, ...]
    remarks: tuple[str, ...] = ()
    """What the plan leaves out, and why: sources without accepted obsnums, obsnums listed twice, ..."""
    digest: str = ""

    @property
    def units(self) -> tuple[Unit, ...]:
        """Return chains and combinations, chains first."""
        return (*self.chains, *self.combinations)
