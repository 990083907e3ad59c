"""The hidden truth about an observation: what the sky, the beams and the boards really do.

Drawn from the obsnum, so that it is the same in every call; `$DATA_LMT/sim_truth.yaml` can fix it:
`{OBSNUM: {bad_beams: [2], birdies: [1100], bad_boards: ["3/0"], line_peak_mk: 800, tsys: 140, ...}}`,
any field of Truth, also `numbands`, `calobsnum`, `restfreqs`, and `bank: {0: {...}, 1: {...}}` for one bank.
Must not know what a data analyst flagged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Truth:
    """What is true of one bank of one observation."""

    seed: int
    tsys: float = 150.0
    tau: float = 0.12
    bad_beams: tuple[int, ...] = ()
    birdies: tuple[int, ...] = ()  # raw channels
    bad_boards: tuple[str, ...] = ()  # chassis/board
    line_peak_mk: float = 800.0
    line_offset_kms: float = 0.0
    line_fwhm_kms: float = 10.0
    source_fwhm_arcsec: float = 50.0


def read_overrides(path: Path) -> dict[int, dict[str, Any]]:
    """Read `sim_truth.yaml`; nothing when there is none."""
    if not path.exists():
        return {}
    import yaml  # only where needed: a call is to take a tenth of a second

    return {int(obsnum): dict(values) for obsnum, values in (yaml.safe_load(path.read_text()) or {}).items()}


def draw(obsnum: int, bank: int, instrument: str, nchan0: int) -> Truth:
    """Draw a truth: half of the observations have no bad beam, most no birdie."""
    seed = obsnum * 10 + bank
    rng = np.random.default_rng(seed)
    n_bad = int(rng.choice([0, 1, 2], p=[0.5, 0.3, 0.2]))
    beams = tuple(sorted(int(b) for b in rng.choice(16, n_bad, replace=False)))
    boards = tuple(f"{cell // 6}/{cell % 6}" for cell in sorted(rng.choice(24, n_bad, replace=False).tolist()))
    n_birdies = int(rng.choice([0, 1, 2], p=[0.6, 0.3, 0.1]))
    sides = rng.choice([-1, 1], n_birdies)
    steps = rng.integers(130, 310, n_birdies) * (1 if nchan0 <= 2048 else 3)
    birdies = tuple(sorted(nchan0 // 2 + int(s * d) for s, d in zip(sides, steps, strict=True)))
    peak = float(rng.uniform(300, 1500)) if instrument != "RSR" else float(rng.uniform(2, 6))
    return Truth(
        seed=seed,
        tsys=float(rng.uniform(120, 180)) if instrument != "RSR" else 200.0,
        tau=round(float(rng.uniform(0.05, 0.25)), 2),
        bad_beams=beams if instrument == "SEQ" else (),
        birdies=birdies,
        bad_boards=boards,
        line_peak_mk=peak,
        line_offset_kms=float(rng.uniform(-5, 5)),
        line_fwhm_kms=float(rng.uniform(6, 18)),
        source_fwhm_arcsec=float(rng.uniform(35, 70)),
    )


def truth_of(
    obsnum: int, bank: int, instrument: str, overrides: Mapping[int, Mapping[str, Any]], nchan0: int = 2048
) -> Truth:
    """Return the truth of one bank, drawn and then corrected by the overrides."""
    fixed = dict(overrides.get(obsnum, {}))
    fixed.update(fixed.pop("bank", {}).get(bank, {}))
    known = {field.name for field in fields(Truth)}
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fixed.items() if k in known}
    return replace(draw(obsnum, bank, instrument, nchan0), **values)
