"""What the archive is told of one observation or combination, and what of it nobody knows. Pure.

Of a combination its own rc file and our own member list tell; the pipeline's metadata YAML describes its first member.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from bot.formats.rcfile import Products, RcFile
from bot.model.deposit import Band, Metadata
from bot.model.observation import Observation
from bot.model.plan import Chain, Unit
from bot.model.project import Project
from bot.model.record import Record
from bot.model.worksheet import Row
from bot.rules.radiometer import positive, rms_unit
from bot.rules.spectral_lines import line_at
from bot.rules.verdict import Judgement

RSR_MIDDLE_GHZ, RSR_WIDTH_GHZ = 92.0, 38.0
"""The Redshift Search Receiver always sees 73 to 111 GHz."""
NEEDED = {
    "title": "the title",
    "pi": "the name of the PI",
    "source": "the name of the source",
    "observed": "when it was observed",
    "integration_s": "the integration time",
    "tau": "the opacity (tau)",
    "bands": "the frequency",
    "pipeline": "the version of the pipeline",
    "commit": "the commit that it was made from",
    "decided": "who decided",
    "made": "when it was made",
    "public": "the public date",
}
"""What must be known of every unit, and how it is called when it is not."""


@dataclass(frozen=True)
class Known:
    """Where the facts of one unit come from."""

    unit: Unit
    project: Project
    record: Record
    products: Products
    judgement: Judgement
    rows: Sequence[Row] = ()
    """Its rows of the worksheet, for the grades."""
    observed: Mapping[int, Observation] | None = None
    """The log's rows of its members."""
    pi: str = ""
    title: str = ""
    """What the site's table says, where project.yaml does not."""
    public: date | None = None
    """End of the project's proprietary time."""


def describe(known: Known) -> Metadata | tuple[str, ...]:
    """Return the metadata of a unit, or what of it nobody knows."""
    told = _told(known)
    lost = tuple(words for key, words in NEEDED.items() if told.get(key) in (None, "", ()))
    if lost:
        return lost
    try:
        return Metadata.model_validate(told)
    except ValidationError as error:
        return tuple(f"{'.'.join(map(str, one['loc']))} as it must be ({one['msg']})" for one in error.errors())


def _told(known: Known) -> dict[str, Any]:
    unit, rc, record = known.unit, known.products.rc, known.record
    members, numbers = _members(known), next(iter(known.judgement.metrics.values()), {})
    first = _row(known, members[0]["obsnum"])
    return {
        "identifier": f"{known.project.pid}/{unit.name}",
        "kind": "observation" if isinstance(unit, Chain) else "combination",
        "project": known.project.pid,
        "title": known.project.title or known.title or rc.get("projectTitle"),
        "pi": known.project.pi.name or known.pi or rc.get("PIName"),
        "source": unit.source,
        **position_of(rc, first),
        "velocity_kms": numbers.get("vlsr"),
        "instrument": unit.mode.partition("/")[0],
        "mode": unit.mode,
        "observed": min((one["observed"] for one in members), default=""),
        "integration_s": _first(positive(numbers, "inttime"), rc.number("inttime"), first and first.tint_s),
        "tau": _first(numbers.get("tau"), rc.number("tau")),
        "level": 2,
        "bands": tuple(_bands(known)),
        "members": members if all(one["observed"] for one in members) else (),
        "lines": record.lines,
        "pipeline": record.pipeline or known.judgement.pipeline,
        "commit": record.commit.rstrip("+"),
        "decided": record.who,
        "made": record.ended,
        "public": known.public,
    }


def position_of(rc: RcFile, row: Observation | None) -> dict[str, float]:
    """Return where the target is on the sky; nothing where both are 0, as in the log's rows of galactic maps (L/C)."""
    ra, dec = _first(rc.number("ra"), row and row.ra_deg), _first(rc.number("dec"), row and row.dec_deg)
    return {"ra_deg": ra, "dec_deg": dec} if ra is not None and dec is not None and (ra or dec) else {}


def _members(known: Known) -> tuple[dict[str, Any], ...]:
    unit, own = known.unit, known.project.pid
    listed = [(unit.obsnum, own)] if isinstance(unit, Chain) else [(one.obsnum, one.pid) for one in unit.members]
    return tuple({"obsnum": obsnum, "project": pid, "observed": _observed(known, obsnum)} for obsnum, pid in listed)


def _observed(known: Known, obsnum: int) -> str:
    row = _row(known, obsnum)
    own = (known.products.rc.get("date_obs") or "") if isinstance(known.unit, Chain) else ""
    return (row.date_obs if row else "") or own


def _row(known: Known, obsnum: int) -> Observation | None:
    return (known.observed or {}).get(obsnum)


def _bands(known: Known) -> list[Band]:
    grades: dict[int | None, int | None] = {row.bank: row.grade for row in known.rows}
    found = []
    for bank, numbers in known.judgement.metrics.items():
        rc = known.products.banks.get(int(bank), known.products.rc) if bank in ("0", "1") else known.products.rc
        frequency = _frequency(known, rc, bank)
        if frequency is None:
            return []
        rms = positive(numbers, "rms")
        grade = grades.get(int(bank) if bank in ("0", "1") else None, grades.get(None))
        found.append(Band(
            bank=bank or "all", frequency_ghz=frequency, bandwidth_ghz=_bandwidth(known, rc),
            line="" if _is_rsr(known) else line_at(frequency), channels=_channels(numbers), rms=rms,
            rms_unit=rms_unit(numbers) if rms else "", grade=grade or 0,
        ))  # fmt: skip
    return found


def _frequency(known: Known, rc: RcFile, bank: str) -> float | None:
    """Return the rest frequency of a bank; an rc file of the whole names those of both."""
    if _is_rsr(known):
        return RSR_MIDDLE_GHZ
    values = (rc.get("restfreq") or "").split(",")
    row = next(iter((known.observed or {}).values()), None)
    text = values[int(bank)] if bank in ("0", "1") and len(values) > 1 else values[0]
    return _number(text) or (row.restfreq_ghz if row else None)


def _bandwidth(known: Known, rc: RcFile) -> float | None:
    return RSR_WIDTH_GHZ if _is_rsr(known) else _number((rc.get("bandwidth") or "").split(",")[0])


def _is_rsr(known: Known) -> bool:
    return known.unit.mode.startswith("RSR")


def _channels(numbers: Mapping[str, Any]) -> int | None:
    found = positive(numbers, "nchan")
    return int(found) if found else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _first(*values: Any) -> Any:
    return next((one for one in values if one not in (None, "")), None)
