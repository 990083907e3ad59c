"""The metadata YAML that goes with an archive package.

Reads rc files only, and like the real one describes a combination by its first member. Must not write any file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from . import clock
from .physics import LIGHT_KMS
from .rcwriter import VERSION
from .settings import read_float, read_floats

LINES = {
    115.2712: ("CO", "1-0"), 110.2014: ("13CO", "1-0"), 109.7822: ("C18O", "1-0"), 230.538: ("CO", "2-1"),
    220.398: ("13CO", "2-1"), 219.560: ("C18O", "2-1"), 88.6316: ("HCN", "1-0"), 89.1885: ("HCO+", "1-0"),
    97.981: ("CS", "2-1"), 86.2434: ("SiO", "2-1"), 93.1737: ("N2H+", "1-0"),
}  # fmt: skip
BEAM_DEG_GHZ = 0.395067  # 1.15 lambda / D with D = 50 m
INSTRUMENTS = {"SEQ": "SEQUOIA", "1MM": "MSIP1MM", "RSR": "RSR"}
Rc = Mapping[str, str]


def galactic(ra_deg: float, dec_deg: float) -> tuple[float, float]:
    """Turn J2000 into galactic longitude and latitude."""
    ra, dec = math.radians(ra_deg - 192.859508), math.radians(dec_deg)
    pole = math.radians(27.128336)
    sin_b = math.sin(dec) * math.sin(pole) + math.cos(dec) * math.cos(pole) * math.cos(ra)
    y = math.cos(dec) * math.sin(ra)
    x = math.sin(dec) * math.cos(pole) - math.cos(dec) * math.sin(pole) * math.cos(ra)
    lon = (122.931918 - math.degrees(math.atan2(y, x))) % 360
    return lon, math.degrees(math.asin(sin_b))


def is_complete(main: Rc, banks: Sequence[Rc]) -> bool:
    """Tell whether metadata can be made: every bank has its numbers (RSR's may be empty)."""
    if main.get("instrument") == "RSR":
        return "nchan" in main
    return len(banks) == int(main.get("numbands", "1")) and all(rc.get("rms") and rc.get("nchan") for rc in banks)


def _line(frequency: float) -> tuple[str, str]:
    return next((found for rest, found in LINES.items() if abs(rest - frequency) < 0.001), ("''", "''"))


def _band(number: int, rc: Rc, grade: int) -> dict[str, Any]:
    rest, sky = read_floats(rc["restfreq"])[0], read_floats(rc["skyfreq"])[0]
    formula, transition = _line(rest)
    nchan = int(rc["nchan"])
    nchan0 = int(rc.get("nchan0", "2048"))
    return {
        "bandName": "OTHER",
        "bandNum": number,
        "bandwidth": 0.8 * nchan / nchan0 if number == 1 else 0.8,
        "beam": BEAM_DEG_GHZ / sky,
        "formula": formula,
        "frequencyCenter": rest,
        "nchan": nchan,
        "qaGrade": grade,
        "transition": transition,
        "velocityCenter": float(rc["vlsr"]),
        "winrms": float(rc["rms"]) / 1000,
    }


def _rsr_band(main: Rc, grade: int) -> dict[str, Any]:
    rms = main.get("rms")
    return {
        "bandName": "OTHER",
        "bandNum": 1,
        "bandwidth": 40.0,
        "beam": BEAM_DEG_GHZ / 90.0,
        "formula": "''",
        "frequencyCenter": 90.0,
        "nchan": int(main["nchan"]),
        "qaGrade": grade,
        "transition": "''",
        "velocityCenter": 0.0,
        "winrms": float(rms) if rms else -1.0,
    }


def _nested(items: list[dict[str, Any]]) -> str:
    rows = ["".join(f"    {key}: {value}\n" for key, value in item.items()) for item in items]
    return "\n" + "".join(f"  - {row[4:]}" for row in rows).rstrip("\n")


def document(main: Rc, banks: Sequence[Rc], *, public: str = "") -> str:
    """Return the YAML text."""
    is_rsr = main["instrument"] == "RSR"
    ra, dec, time = float(main["ra"]), float(main["dec"]), float(main["inttime"])
    lon, lat = galactic(ra, dec)
    velocity = 0.0 if is_rsr else float(main["vlsr"])
    grade = int(read_float(main.get("qagrade", "0"), 0))
    bands = [_rsr_band(main, grade)] if is_rsr else [_band(n, rc, grade) for n, rc in enumerate(banks, 1)]
    observed = {
        "intTime": time, "obsComment": "None", "obsDate": f"'{main['date_obs']}'", "obsGoal": "SCIENCE",
        "obsNum": main["rawnc"].rsplit("_", 3)[-3].lstrip("0"), "opacity225": main["tau"], "scanNum": 1, "subObsNum": 0,
    }  # fmt: skip
    fields: dict[str, Any] = {
        "DEC": dec, "LMTInstrument": INSTRUMENTS[main["instrument"]], "PIName": f"'{main['PIName']}'", "RA": ra,
        "band": _nested(bands), "calibrationLevel": 1.0, "galLat": lat, "galLon": lon, "halfWavePlateMode": "ABSENT",
        "isCombined": 0.0, "isPolarimetry": 0.0, "obsInfo": _nested([observed]), "observatory": "LMT",
        "pipeVersion": VERSION, "processingLevel": 1.0, "projectID": main["ProjectId"],
        "projectTitle": f"'{main['projectTitle']}'", "publicDate": f"'{public or clock.in_a_year()}'",
        "referenceID": f"'{observed['obsNum']}'", "targetName": f"'{main['src']}'", "totalIntTime": time,
        "velDef": "RADIO", "velFrame": "SRC" if is_rsr else "LSR", "velType": "FREQUENCY", "velocity": velocity,
        "z": velocity / LIGHT_KMS,
    }  # fmt: skip
    lines = [f"{key}:{value}" if "\n" in str(value) else f"{key}: {value}" for key, value in fields.items()]
    return "# LMTData metadata block version 1.3.0\n" + "\n\n".join(lines) + "\n"
