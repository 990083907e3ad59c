"""Products of a unit -> did it succeed? The exit code of the pipeline does not tell (contract README).

What tells: a number behind `rms=` in the rc file of every bank that was asked for, written by this very call and not
inherited from another bank or from a combination's first member; the metadata; the main files. SEQ/Bs writes neither
rms nor metadata: there the spectra must do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from bot.formats.rcfile import Products, RcFile
from bot.model.plan import Chain, Unit
from bot.model.project import Parameters

METRICS = ("rms", "rms0", "inttime", "tau", "nchan", "vlsr")
FACTS = ("instrument", "obspgm", "src", "restfreq", "date_obs", "date", "numbands", "qagrade")

MAIN_FILES: Mapping[str, str] = {
    "SEQ/Map": "*_{name}__{bank}.fits",
    "SEQ/Ps": "*_{name}__{bank}.txt",
    "SEQ/Bs": "*_{name}__{bank}.txt",
    "1MM/Ps": "*_{name}__{bank}.txt",
    "RSR/Bs": "rsr.{name}.driver.sum.txt",
}
"""What a unit must leave behind, by mode."""


@dataclass(frozen=True)
class Judgement:
    """The verdict: no faults means good."""

    faults: tuple[str, ...]
    metrics: dict[str, dict[str, Any]]
    pipeline: str = ""

    @property
    def is_good(self) -> bool:
        """Say whether the products may replace the official ones."""
        return not self.faults


def judge(unit: Unit, products: Products | None) -> Judgement:
    """Judge a unit by what it left behind; None: it left no directory."""
    if products is None:
        return Judgement((f"the pipeline left no directory {unit.name}",), {})
    mode = _mode(products, unit)
    if mode not in MAIN_FILES:
        return Judgement((f"mode {mode or 'unknown'}: nobody has said yet what its products are",), {})
    faults: list[str] = []
    metrics: dict[str, dict[str, Any]] = {}
    if mode == "RSR/Bs":
        faults += _judge_bank(unit, mode, products.rc, "", metrics)
        faults += _judge_files(mode, products, "")
    else:
        for bank in _banks(unit, products):
            faults += _judge_bank(unit, mode, products.banks.get(bank, RcFile(())), str(bank), metrics)
            faults += _judge_files(mode, products, str(bank))
    if mode != "SEQ/Bs" and not products.has_metadata and not _without_metadata(unit):
        faults.append("no metadata YAML was written, as in every hollow run")
    if not isinstance(unit, Chain):
        faults += _judge_members(unit, products)
    return Judgement(tuple(faults), metrics, products.rc.get("lmtoy_version") or "")


def _mode(products: Products, unit: Unit) -> str:
    instrument, pgm = products.rc.get("instrument"), products.rc.get("obspgm")
    return f"{instrument}/{pgm}" if instrument and pgm else unit.mode


def _banks(unit: Unit, products: Products) -> list[int]:
    """Return the banks that were asked for: those of the lines, all that the data have if a line names none."""
    asked = [Parameters(line.words).get("bank") for line in unit.lines]
    if all(bank in ("0", "1") for bank in asked):
        return sorted({int(str(bank)) for bank in asked})
    return list(range(int(products.rc.number("numbands") or 1)))


def _judge_bank(unit: Unit, mode: str, rc: RcFile, bank: str, metrics: dict[str, dict[str, Any]]) -> list[str]:
    """Return the faults of one bank (bank "": RSR); note its metrics."""
    name = f"lmtoy_{unit.name}__{bank}.rc" if bank else f"lmtoy_{unit.name}.rc"
    if not rc.assignments:
        return [f"{name} is missing or empty"]
    own: RcFile | None = rc
    if not isinstance(unit, Chain):
        own = rc.after("obsnum", unit.name)
    elif bank == "1":
        own = rc.of_bank(1)
    if mode == "SEQ/Bs":
        metrics[bank] = _metrics(rc)
        return []
    if own is None or own.number("rms") is None:
        return [f"{name} has no number behind rms= that belongs to {unit.name}{f' bank {bank}' if bank else ''}"]
    metrics[bank or "all"] = {**_metrics(rc), "rms": own.number("rms")}
    if own.number("rms") == 0 or own.number("nchan") == 0:
        return [f"{name}: rms or nchan is zero"]
    return []


def _judge_files(mode: str, products: Products, bank: str) -> list[str]:
    if mode == "SEQ/Bs" and not bank:
        return []
    wanted = MAIN_FILES[mode].format(name=products.name, bank=bank)
    if any(fnmatchcase(name, wanted) for name in products.files):
        return []
    return [f"{wanted} is missing or empty"]


def _judge_members(unit: Unit, products: Products) -> list[str]:
    """A combination can leave a member out without a word (pains L32): its own list must be ours."""
    wanted = ",".join(str(member.obsnum) for member in getattr(unit, "members", ()))
    found = products.rc.get("obsnum_list")
    return [] if found == wanted else [f"it combined {found or 'nothing'}, asked was {wanted}"]


def _without_metadata(unit: Unit) -> bool:
    return any(Parameters(line.words).get("meta") == "0" for line in unit.lines)


def _metrics(rc: RcFile) -> dict[str, Any]:
    numbers = {key: rc.number(key) for key in METRICS}
    facts = {key: rc.get(key) for key in FACTS}
    return {key: value for key, value in {**numbers, **facts}.items() if value not in (None, "")}
