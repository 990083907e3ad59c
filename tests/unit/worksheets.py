"""Records as a run would leave them, for the tests of grading and of the worksheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.formats.project_file import ProjectFolder, parse_folder
from bot.model.plan import Chain, Plan, Unit
from bot.model.record import Ledger, Record, RunState
from bot.rules.plan import plan_project

Metrics = Mapping[str, Mapping[str, Any]]


def a_map(
    rms_mk: float = 60.0, ratio: float = 1.1, *, date: str = "2024-03-06T11:21:31", **more: Any
) -> dict[str, Any]:
    """Return what the rc file of a SEQ/Map tells of one bank."""
    numbers = {"instrument": "SEQ", "obspgm": "Map", "rms": rms_mk, "rms0": ratio, "inttime": 600.0, "tau": 0.1}
    return {**numbers, "date_obs": date, **more}


def record_of(
    unit: Unit, plan: Plan, metrics: Metrics | None = None, *, state: RunState = RunState.GOOD, at: int = 1, **more: Any
) -> Record:
    """Return an attempt at a unit that ended in minute `at`; chains before combinations."""
    minute = at + (0 if isinstance(unit, Chain) else 30)
    return Record(
        pid=plan.pid,
        name=unit.name,
        source=unit.source,
        level=plan.level,
        digest=unit.digest,
        attempt=1,
        state=state,
        lines=tuple(map(str, unit.lines)),
        members=() if isinstance(unit, Chain) else tuple(member.obsnum for member in unit.members),
        started=f"2026-01-01T00:{minute:02}:00.000Z",
        ended=f"2026-01-01T00:{minute:02}:30.000Z",
        metrics={bank: dict(numbers) for bank, numbers in (metrics or {}).items()},
        verdict="good" if state is RunState.GOOD else more.pop("verdict", "no rms"),
        **more,
    )


def all_good(plan: Plan, metrics: Metrics) -> Ledger:
    """Return a ledger in which everything of the plan went well, with the same numbers."""
    return Ledger(tuple(record_of(unit, plan, metrics) for unit in plan.units))


def project(sources: str, qa: str = "") -> ProjectFolder:
    """Return the project P-1 with these sources."""
    return parse_folder(f"pid: P-1\nmode: SEQ/Map\nsources:\n{sources}", qa, pid="P-1")


def plan_of(folder: ProjectFolder, level: int = 1) -> Plan:
    """Return its plan."""
    return plan_project(folder, level)


def but(ledger: Ledger, names: Iterable[str]) -> Ledger:
    """Return the ledger without the records of these units."""
    return Ledger(tuple(record for record in ledger.records if record.name not in names))
