"""The numbers of one reduction beside those of another: a session and the official results, or two sessions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.model.plan import Plan
from bot.model.record import Ledger, Record, RunState
from bot.rules.radiometer import expectation_ratio, positive, rms_unit
from bot.rules.work import current_record, last_attempt


@dataclass(frozen=True, slots=True)
class Numbers:
    """What one reduction measured; None where it did not."""

    rms: float | None
    ratio: float | None
    """rms over what the radiometer equation expects."""
    inttime_s: float | None
    tau: float | None
    unit: str = ""
    """Of rms."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One bank of one unit in both reductions."""

    name: str
    source: str
    bank: str
    """"" where there are no banks."""
    state: str
    """"good", or why not."""
    own: Numbers
    other: Numbers

    @property
    def change(self) -> float | None:
        """Return by which part the noise differs from the other's: -0.1 is a tenth less."""
        if self.own.rms is None or self.other.rms is None:
            return None
        return self.own.rms / self.other.rms - 1


def compare(plan: Plan, own: Ledger, other: Ledger) -> tuple[Compared, ...]:
    """Return the plan's units, bank by bank, as `own` has them now and as `other` has them."""
    found = []
    for unit in plan.units:
        mine, theirs = last_attempt(own, unit, plan.level), current_record(other, unit.name)
        for bank in sorted({**_metrics(theirs), **_metrics(mine)}) or ["all"]:
            shown = "" if bank == "all" else bank
            numbers = (_numbers(_metrics(one).get(bank, {})) for one in (mine, theirs))
            found.append(Compared(unit.name, unit.source, shown, _state(mine), *numbers))
    return tuple(found)


def _metrics(record: Record | None) -> Mapping[str, Mapping[str, Any]]:
    return record.metrics if record else {}


def _numbers(metrics: Mapping[str, Any]) -> Numbers:
    rms = positive(metrics, "rms")
    inttime, tau = positive(metrics, "inttime"), positive(metrics, "tau")
    return Numbers(rms, expectation_ratio(metrics), inttime, tau, rms_unit(metrics) if rms else "")


def _state(record: Record | None) -> str:
    if record is None:
        return "not run"
    return "good" if record.state is RunState.GOOD else f"{record.state}: {record.verdict}"
