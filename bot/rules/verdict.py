"""Products of a unit -> did it succeed? The exit code of the pipeline does not tell (contract README).

What tells: a number behind `rms=` in the rc file of every bank that was asked for, not inherited from another bank or
from a combination's first member, and one for every call, because rc files only grow and a hollow second call leaves
the first one's numbers; the metadata; the main files. SEQ/Bs writes neither rms nor metadata: its spectra must do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from bot.formats.rcfile import Products, RcFile
from bot.model.plan import Chain, RunLine, Unit

METRICS = ("rms", "rms0", "inttime", "tau", "nchan", "vlsr")
FACTS = ("instrument", "obspgm", "src", "restfreq", "date_obs", "date", "numbands", "qagrade")

MAIN_FILES: Mapping[str, str] = {
    "Map": "*_{name}__{bank}.fits",
    "Ps": "*_{name}__{bank}.txt",
    "Bs": "*_{name}__{bank}.txt",
    "RSR": "rsr.{name}.driver.sum.txt",
}
"""What a unit must leave behind: by obspgm, but RSR, which writes the same for all."""
SPECTRA_ONLY = "Bs"
"""SEQ/Bs writes neither rms nor metadata."""


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
    kind = _kind(products, unit)
    if kind not in MAIN_FILES:
        return Judgement((f"mode {unit.mode}: which products it leaves is not known",), {})
    judging = _Judging(unit, products, kind)
    judging.look_at_banks()
    judging.look_at_calls()
    if kind != SPECTRA_ONLY and not products.has_metadata and not _without_metadata(unit):
        judging.faults.append("no metadata YAML was written, as in every hollow run")
    if not products.has_tap and any(line.get("tap") == "1" for line in unit.lines):
        judging.faults.append("no TAP was made, and a quick look is nothing without")
    if not isinstance(unit, Chain):
        judging.faults += _judge_members(unit, products)
    return Judgement(tuple(judging.faults), judging.metrics, products.rc.get("lmtoy_version") or "")


def _kind(products: Products, unit: Unit) -> str:
    """Return what the products are of, by the data's own word; the plan's mode where the rc file does not say."""
    planned = unit.mode.partition("/")
    instrument = products.rc.get("instrument") or planned[0]
    return "RSR" if instrument == "RSR" else products.rc.get("obspgm") or planned[2]


class _Judging:
    """One look at a unit's banks; gathers faults and metrics."""

    def __init__(self, unit: Unit, products: Products, kind: str) -> None:
        self.unit = unit
        self.products = products
        self.kind = kind
        self.faults: list[str] = []
        self.metrics: dict[str, dict[str, Any]] = {}

    def look_at_banks(self) -> None:
        """Judge every bank that was asked for; RSR has none."""
        for bank in [""] if self.kind == "RSR" else _banks(self.unit, self.products):
            rc = self.products.banks.get(int(bank), RcFile(())) if bank else self.products.rc
            self._rc(rc, bank)
            wanted = MAIN_FILES[self.kind].format(name=self.products.name, bank=bank)
            if not any(fnmatchcase(name, wanted) for name in self.products.files):
                self.faults.append(f"{wanted} is missing or empty")

    def _rc(self, rc: RcFile, bank: str) -> None:
        name = f"lmtoy_{self.unit.name}__{bank}.rc" if bank else f"lmtoy_{self.unit.name}.rc"
        if self.kind == SPECTRA_ONLY:
            self.metrics[bank] = _metrics(self.products.rc)
            return
        if not rc.assignments:
            self.faults.append(f"{name} is missing or empty")
            return
        own = self._own(rc, bank)
        rms = own.number("rms") if own else None
        if own is None or rms is None:
            self.faults.append(f"{name} has no number behind rms= that belongs to {self.unit.name}")
            return
        self.metrics[bank or "all"] = {**_metrics(rc), "rms": rms}
        if rms == 0 or own.number("nchan") == 0:
            self.faults.append(f"{name}: rms or nchan is zero")

    def _own(self, rc: RcFile, bank: str) -> RcFile | None:
        """Return the part of an rc file that this unit and bank wrote, not what was copied into it."""
        if not isinstance(self.unit, Chain):
            return rc.after("obsnum", self.unit.name)
        return rc.of_bank(int(bank)) if bank else rc

    def look_at_calls(self) -> None:
        """Count the numbers that the calls left: a later call can do nothing and leave what an earlier one made.

        A later call for both banks at once writes into lmtoy_NAME.rc (LMTOY bin/seq_pipeline.sh, where `rc1` is there
        already), so that all rc files count together.
        """
        if self.faults or self.kind == SPECTRA_ONLY or not isinstance(self.unit, Chain):
            return
        parts = [self.products.rc, *(self._own(rc, str(bank)) for bank, rc in self.products.banks.items())]
        found = sum(part.count("rms") for part in parts if part)
        asked = [1 if self.kind == "RSR" else len(_banks_of(line, self.products)) for line in self.unit.lines]
        if found < sum(asked):
            told = f"{len(asked)} calls should have left {sum(asked)} numbers behind rms=, and left {found}"
            self.faults.append(f"{told}: the last call did nothing")


def _banks(unit: Unit, products: Products) -> list[str]:
    """Return the banks that were asked for."""
    return sorted({bank for line in unit.lines for bank in _banks_of(line, products)})


def _banks_of(line: RunLine, products: Products) -> list[str]:
    """Return the banks that a line asks for: the one it names, else all that the data have.

    Data with one band are bank 0, or the other when only that one's frequency was set (LMTOY bin/seq_pipeline.sh).
    """
    asked = line.get("bank")
    if asked in ("0", "1"):
        return [str(asked)]
    if (products.rc.number("numbands") or 1) >= 2:
        return ["0", "1"]
    return [products.rc.get("bank") or "0"] if products.rc.get("bank") in ("0", "1") else ["0"]


def _judge_members(unit: Unit, products: Products) -> list[str]:
    """A combination can leave a member out without a word (pains L32): its own list must be ours."""
    wanted = ",".join(str(member.obsnum) for member in getattr(unit, "members", ()))
    found = products.rc.get("obsnum_list")
    return [] if found == wanted else [f"it combined {found or 'nothing'}, asked was {wanted}"]


def _without_metadata(unit: Unit) -> bool:
    return any(line.get("meta") == "0" for line in unit.lines)


def _metrics(rc: RcFile) -> dict[str, Any]:
    numbers = {key: rc.number(key) for key in METRICS}
    facts = {key: rc.get(key) for key in FACTS}
    return {key: value for key, value in {**numbers, **facts}.items() if value not in (None, "")}
