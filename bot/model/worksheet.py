"""The worksheet of a project's quality assurance: a row per obsnum and bank, and per combination. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.model.project import Bank, Parameters


class Reduced(StrEnum):
    """What stands in the official directory of a unit, measured by what level 1 was to make."""

    GOOD = "good"
    STALE = "stale"
    """Products of other run lines."""
    FAILED = "failed"
    RUNNING = "running"
    BLOCKED = "blocked"
    NEVER = "never run"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the numbers suggest; the DA decides."""

    grade: int | None
    """None: the numbers do not tell."""
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """One obsnum and bank, or one combination and bank. None: not known, or nobody defined it."""

    name: str
    """OBSNUM or FIRST_LAST, the name of its directory."""
    bank: Bank | None
    source: str
    mode: str
    state: Reduced
    told: str = ""
    """Why it is not good."""
    date: str = ""
    """UT, when it was observed."""
    inttime_s: float | None = None
    tau: float | None = None
    rms: float | None = None
    unit: str = ""
    """Of rms: mK or K."""
    ratio: float | None = None
    """rms over what the radiometer equation expects."""
    grade: int | None = None
    """What qa.yaml says."""
    previous: int | None = None
    """The grade that the products carry."""
    is_accepted: bool = True
    """It goes into its source's combination, where there is one."""
    flags: Parameters = field(default_factory=Parameters)
    note: str = ""
    is_changed: bool = False
    """Level 2 will run other lines, grades aside, than level 1 was to: what the DA has asked for acts only then."""
    members: tuple[int, ...] = ()
    """Of a combination, in order."""
    suggestion: Suggestion | None = None

    @property
    def label(self) -> str:
        """Return OBSNUM or OBSNUM__BANK, as commands name it."""
        return self.name if self.bank is None else f"{self.name}__{self.bank}"

    @property
    def is_graded(self) -> bool:
        """Say whether somebody has given a grade; 0 is none."""
        return self.grade not in (None, 0)


@dataclass(frozen=True, slots=True)
class Worksheet:
    """All rows of a project, source by source, by date."""

    pid: str
    rows: tuple[Row, ...]
    combinations: tuple[Row, ...]

    @property
    def banks(self) -> Mapping[int, frozenset[int]]:
        """Return obsnum -> the banks that its products have, where they have any."""
        found: dict[int, set[int]] = {}
        for row in self.rows:
            if row.bank is not None and row.rms is not None:
                found.setdefault(int(row.name), set()).add(row.bank)
        return {obsnum: frozenset(banks) for obsnum, banks in found.items()}
