"""The summary page of projects: what was done, how good it is, pictures to look at. Values in, template values out.

Numbers come from typed records; what has no good record says so and inherits nothing from its neighbour (pains L40).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.model.plan import Chain, Plan, Unit
from bot.model.record import Ledger, Record
from bot.report.dotplot import Dot, dot_plot
from bot.rules import work
from bot.rules.radiometer import expectation_ratio, positive, rms_unit
from bot.rules.state import Standing


@dataclass(frozen=True)
class Row:
    """One obsnum or combination on the page."""

    name: str
    state: str
    is_good: bool
    bank: str
    rms: str
    ratio: str
    minutes: str
    tau: str
    words: str
    folder: str
    pictures: tuple[str, ...]


@dataclass(frozen=True)
class ProjectSummary:
    """One project on the page."""

    standing: Standing
    rows: Mapping[str, Sequence[Row]]
    """{source: rows}."""
    plots: Sequence[str]
    """SVG texts."""
    remarks: Sequence[str]


def summarise(
    plan: Plan, ledger: Ledger, standing: Standing, pictures: Callable[[str], tuple[str, Sequence[str]]]
) -> ProjectSummary:
    """Put a project together; `pictures` gives a unit's folder and its pictures, as links from the page."""
    rows: dict[str, list[Row]] = {}
    present = {unit.name for unit in plan.units if pictures(unit.name)[0]}
    for unit in plan.units:
        record = work.current_record(ledger, unit.name)
        folder, images = pictures(unit.name)
        is_good = work.is_done(unit, plan.level, ledger, present)
        last = work.last_attempt(ledger, unit, plan.level)
        state = "good" if is_good else str(last.state) if last else "not run yet"
        words = unit.blocked or (last.verdict if last and not is_good else "")
        if record and not is_good:
            words = f"products of earlier parameters; {words}".rstrip("; ")
        rows.setdefault(unit.source, []).extend(_rows(unit, record, state, is_good, words, folder, images))
    return ProjectSummary(standing, rows, _plots(plan, ledger), plan.remarks)


def _rows(
    unit: Unit, record: Record | None, state: str, is_good: bool, words: str, folder: str, images: Sequence[str]
) -> list[Row]:
    """Return one row a bank; a unit without metrics has one row that says why."""
    metrics: Mapping[str, Mapping[str, Any]] = record.metrics if record else {}
    found = []
    for bank, numbers in (metrics or {"": {}}).items():
        seconds = numbers.get("inttime")
        shown = [image for image in images if f"__{bank}" in image or "__" not in image or not bank.isdecimal()]
        found.append(
            Row(
                name=unit.name,
                state=state,
                is_good=is_good,
                bank="" if bank == "all" else bank,
                rms=_rms_words(numbers),
                ratio=f"{ratio:.2f}" if (ratio := expectation_ratio(numbers)) is not None else "",
                minutes=f"{seconds / 60:.1f}" if seconds else "",
                tau=f"{numbers['tau']:.2f}" if "tau" in numbers else "",
                words=words,
                folder=folder,
                pictures=tuple(shown[:2]),
            )
        )
    return found


def _rms_words(numbers: Mapping[str, Any]) -> str:
    """Return rms with its unit: mK for SEQ/Map, K else (contract README); small K values read better in mK."""
    rms = positive(numbers, "rms")
    if rms is None:
        return ""
    return f"{rms if rms_unit(numbers) == 'mK' else rms * 1000:.3g} mK"


def _plots(plan: Plan, ledger: Ledger) -> list[str]:
    ratios: list[Dot] = []
    levels: list[Dot] = []
    for chain in plan.chains:
        record = work.current_record(ledger, chain.name)
        for bank, numbers in record.metrics.items() if record else ():
            ratio = expectation_ratio(numbers)
            if ratio is not None:
                ratios.append(Dot(chain.source, _label(chain, bank), ratio, bank == "1"))
            elif numbers.get("rms"):
                levels.append(Dot(chain.source, _label(chain, bank), float(numbers["rms"]) * 1000, bank == "1"))
    plots = [
        dot_plot(ratios, axis="rms / radiometer expectation", wanted=1.0),
        dot_plot(levels, axis="rms [mK]"),
    ]
    return [plot for plot in plots if plot]


def _label(chain: Chain, bank: str) -> str:
    return chain.name if bank in ("all", "0") else f"{chain.name}__{bank}"
