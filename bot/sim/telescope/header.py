"""What a recording puts into the header of its files, by the names of the variables. No data along time here.

Angles are radians, texts are padded with blanks by the layout.
"""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime
from typing import Any

from bot.sim.pipeline.facts import line_frequencies
from bot.sim.pipeline.physics import LIGHT_KMS, map_side
from bot.sim.pipeline.truth import draw

from .recording import RECEIVERS, Recording

ARCSEC = math.pi / 180 / 3600
BEAM_ARCSEC = 13.0
ROW_S = 4.0
MOTIONS = {"C": "Continuous", "D": "Discrete"}
BEAMS = (10, 8)
"""The two beams of Sequoia that beam switching uses; RSR has 0 and 1."""


def fractional_year(moment: datetime) -> float:
    """Return Header.TimePlace.UTDate; half a second on, so that who cuts it to seconds gets back the second."""
    year = datetime(moment.year, 1, 1, tzinfo=UTC)
    length = datetime(moment.year + 1, 1, 1, tzinfo=UTC) - year
    return moment.year + ((moment - year).total_seconds() + 0.5) / length.total_seconds()


def corrupt_receiver(obsnum: int) -> bytes:
    """Return the garbage that stands for a receiver in a corrupt header."""
    return bytes(byte | 0x80 for byte in random.Random(obsnum).randbytes(20))  # noqa: S311


def values(recording: Recording) -> dict[str, Any]:
    """Return what every header says, whatever the instrument."""
    row, start = recording.observation, recording.start
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "Header.Dcs.ObsNum": row.obsnum,
        "Header.Dcs.SubObsNum": 0,
        "Header.Dcs.ScanNum": recording.scannum,
        "Header.Dcs.Receiver": RECEIVERS[row.instrument],
        "Header.Dcs.ObsPgm": recording.program,
        "Header.Dcs.ObsGoal": row.goal,
        "Header.Dcs.ProjectId": row.pid,
        "Header.Dcs.IntegrationTime": row.tint_s or 0.0,
        "Header.ScanFile.Valid": int(row.valid is not False),
        "Header.Radiometer.Tau": draw(row.obsnum, 0, row.instrument, 2048).tau,
        "Header.Radiometer.UpdateDate": start.strftime("%Y-%m-%d %H:%M:%S"),
        "Header.TimePlace.UTDate": fractional_year(start),
        "Header.TimePlace.UT1": (start - midnight).total_seconds() / 86400 * 2 * math.pi,
        "Header.Source.SourceName": row.source,
        "Header.Source.Ra": math.radians(row.ra_deg or 0.0),
        "Header.Source.Dec": math.radians(row.dec_deg or 0.0),
        "Header.Source.Velocity": row.vlsr_kms or 0.0,
        "Header.Sky.AzReq": math.radians(row.az_deg or 0.0),
        "Header.Sky.ElReq": math.radians(row.el_deg or 0.0),
        "Header.Sky.AzOff": (row.azoff_arcsec or 0.0) * ARCSEC,
        "Header.Sky.ElOff": (row.eloff_arcsec or 0.0) * ARCSEC,
    }


def heterodyne_values(recording: Recording) -> dict[str, Any]:
    """Return what the ifproc file of SEQ or 1MM says besides."""
    row = recording.observation
    receiver = f"Header.{RECEIVERS[row.instrument]}"
    lines = line_frequencies(row.restfreq_ghz or 0.0)
    shift = 1 - (row.vlsr_kms or 0.0) / LIGHT_KMS
    return {
        "Header.Telescope.AzDesPos": math.radians(row.az_deg or 0.0),
        "Header.Telescope.ElDesPos": math.radians(row.el_deg or 0.0),
        f"{receiver}.NumBands": recording.numbands,
        f"{receiver}.NumPixels": beams_of(recording),
        f"{receiver}.LineFreq": lines if recording.numbands == 2 else (lines[0], 0.0),
        f"{receiver}.SkyFreq": tuple(line * shift for line in lines),
        "Header.IfProc.CalObsNum": recording.calobsnum,
        "Header.Bs.Beam": BEAMS,
    }


def redshift_values(recording: Recording, chassis: int) -> dict[str, Any]:
    """Return what the file of an RSR chassis says besides."""
    own = f"Header.RedshiftChassis_{chassis}_"
    return {
        "Header.Bs.Beam": (0, 1),
        f"{own}.ChassisNumber": chassis,
        f"{own}.SlotNumber": (5, 8, 11, 14, 17, 20),
        f"{own}.BoardNumber": range(6),
        f"{own}.BandName": (1, 3, 2, 4, 6, 5),
        f"{own}.CalObsNum": recording.calobsnum,
    }


def map_values(recording: Recording) -> dict[str, Any]:
    """Return the parameters of a map; where a row of an old layout leaves them out, Az and Continuous."""
    coordinate, _, motion = recording.observation.pgm.partition("(")[2].rstrip(")").partition("/")
    side = map_side(recording.seconds) * ARCSEC
    return {
        "Header.Map.MapCoord": coordinate or "Az",
        "Header.Map.MapMotion": MOTIONS.get(motion, motion or MOTIONS["C"]),
        "Header.Map.XLength": side,
        "Header.Map.YLength": side,
        "Header.Map.HPBW": BEAM_ARCSEC * ARCSEC,
        "Header.Map.ScanRate": side / ROW_S,
    }


def beams_of(recording: Recording) -> int:
    """Return how many beams the receiver has."""
    return 16 if recording.observation.instrument == "SEQ" else 4
