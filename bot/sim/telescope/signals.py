"""What a recording's files hold along the time axis. Small or full in number, right in layout; the sky is noise.

Every program is four looks of equal length (`LOOKS`): on the source, on a reference, at the sky, at the hot load.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.sim.pipeline.physics import map_side

from .header import ARCSEC, beams_of
from .recording import Recording

ON, REFERENCE, SKY, HOT = range(4)
"""Values of BufPos."""
LOOKS = {
    "Map": (REFERENCE, ON, ON, REFERENCE),
    "Ps": (REFERENCE, ON, REFERENCE, ON),
    "Bs": (REFERENCE, ON, REFERENCE, ON),
    "Cal": (HOT, HOT, SKY, SKY),
}
ALWAYS_ON = (ON,) * 4
LEVELS = np.array([1.001, 1.0, 1.0, 2.4])
"""Power of each BufPos, relative to the sky."""
INPUTS = 4
"""A roach records so many beams, one after the other."""
CHANNELS = 2048
"""The existing reader looks at channel 1024."""
COUNTS = 1e5
LAGS, BOARDS = 256, 6
SUBSCANS = np.array([2.4, 1.0, 1.0, 0.6, 0.6, 0.4])
"""Power in a calibration of RSR: hot, sky, and four with the blanking switched, of which 1 - 2 - 3 + 4 is used."""
ACF_COUNTS = 1e6
READ_S = 0.01
Array = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Size:
    """How much data a file holds."""

    samples: int
    """Of the ifproc a look."""
    dumps: int
    """Of the roach a look and input."""
    repeats: int
    """Of RSR."""


SIZES = {"small": Size(8, 1, 4), "full": Size(80, 80, 20)}


def ifproc(recording: Recording, size: Size) -> tuple[dict[str, int], dict[str, Any]]:
    """Return axes and values of the ifproc file: pointing and total power."""
    looks = np.repeat(_looks(recording), size.samples)
    step = recording.seconds / len(looks)
    time = recording.start.timestamp() + step * np.arange(len(looks))
    row, beams = recording.observation, beams_of(recording)
    side = map_side(recording.seconds) * ARCSEC if recording.program == "Map" else 0.0
    across = side * (np.linspace(0, 4, len(looks)) % 1 - 0.5)
    along = side * np.linspace(-0.5, 0.5, len(looks))
    dec = np.radians(row.dec_deg or 0.0)
    level = LEVELS[looks, None] * _noise((len(looks), beams), 0.001)
    return {"time": len(looks), "Data.IfProc.BasebandLevel_xlen": beams}, {
        "Data.TelescopeBackend.TelTime": time,
        "Data.TelescopeBackend.BufPos": looks,
        "Data.TelescopeBackend.TelAzMap": across,
        "Data.TelescopeBackend.TelElMap": along,
        "Data.TelescopeBackend.SourceRaAct": np.radians(row.ra_deg or 0.0) + across / np.cos(dec),
        "Data.TelescopeBackend.SourceDecAct": dec + along,
        "Data.TelescopeBackend.SourceLAct": across,
        "Data.TelescopeBackend.SourceBAct": along,
        "Data.IfProc.BasebandLevel": level,
        "Data.IfProc.BasebandTime": time,
    }


def roach(recording: Recording, size: Size) -> tuple[dict[str, int], dict[str, Any]]:
    """Return axes and values of a roach's file: the spectra of its inputs, in turn."""
    looks = _looks(recording)
    middles = (np.arange(len(looks) * size.dumps) + 0.5) / (len(looks) * size.dumps)
    time = np.repeat(recording.start.timestamp() + recording.seconds * middles, INPUTS)
    return {"time": len(time), "chan": CHANNELS}, {
        "Header.Telescope.ObsNum": recording.observation.obsnum,
        "Header.Mode.numchannels": CHANNELS,
        "Data.Integrate.time": time + READ_S,
        "Data.Integrate.Inputs": np.tile(np.arange(INPUTS), len(middles)),
        "Data.Integrate.sync_time": time,
        "Data.Integrate.read_time": READ_S,
        "Data.Integrate.Data": _spectra(looks, size.dumps),
    }


def chassis(recording: Recording, size: Size, number: int) -> tuple[dict[str, int], dict[str, Any]]:
    """Return axes and values of an RSR chassis: autocorrelations of its boards, source minus reference but in Cal."""
    is_cal = recording.program == "Cal"
    count = len(SUBSCANS) if is_cal else size.repeats
    lags = ACF_COUNTS * _noise((BOARDS, LAGS), 0.02)
    difference = ACF_COUNTS * (_noise((count, BOARDS, LAGS), 0.001) - 1)
    own = f"Data.RedshiftChassis_{number}_"
    return {"time": count, "board": BOARDS, "lag": LAGS}, {
        f"{own}.AccData": SUBSCANS[:, None, None] * lags if is_cal else difference,
        f"{own}.RefData": lags,
        "Data.Dcs.BufPos": np.arange(count) if is_cal else ON,
        "Data.Sky.Time": recording.start.timestamp() + recording.seconds / count * np.arange(count),
    }


def _looks(recording: Recording) -> tuple[int, ...]:
    return LOOKS.get(recording.program, ALWAYS_ON)


@lru_cache(maxsize=8)
def _noise(shape: tuple[int, ...], scatter: float) -> NDArray[np.float64]:
    """Return numbers around 1; the same for every file, for the sake of speed."""
    return 1 + scatter * np.random.default_rng(1).standard_normal(shape)


@lru_cache(maxsize=8)
def _spectra(looks: tuple[int, ...], dumps: int) -> Array:
    level = np.repeat(LEVELS[list(looks)], dumps * INPUTS)
    return (COUNTS * level[:, None] * _noise((len(level), CHANNELS), 0.01)).astype(">f4")
