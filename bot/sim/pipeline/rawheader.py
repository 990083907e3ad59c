"""What the header of a raw file tells of an observation, read as the existing tool reads it.

A reader of its own, apart from the bot's: a mistake there cannot hide here. Must not look for files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import netcdf
from .facts import Facts, UnknownObservation

INSTRUMENTS = {"Sequoia": "SEQ", "Msip1mm": "1MM", "RedshiftReceiver": "RSR"}
Array = NDArray[Any]
CHASSIS = re.compile(r"RedshiftChassis(\d)_")


class Unsupported(Exception):
    """The header is there and makes no sense."""


class _Header:
    """The variables of one file; `X[0]` and joined characters, as the existing tool takes them."""

    def __init__(self, variables: Mapping[str, Array]) -> None:
        self._variables = variables

    def text(self, name: str, absent: str | None = None) -> str:
        """Return a text without the blanks that fill it up; NULs stay, as with the existing tool."""
        if absent is not None and name not in self._variables:
            return absent
        return self._told(name).tobytes().decode().strip()

    def number(self, name: str, place: int = 0, absent: float | None = None) -> float:
        """Return one number."""
        if absent is not None and name not in self._variables:
            return absent
        return float(self._told(name)[place])

    def _told(self, name: str) -> Array:
        if name not in self._variables:
            raise Unsupported(f"{name} is missing")
        return self._variables[name]


def read_facts(path: Path) -> Facts | None:
    """Return what a header tells; None where the file is no netCDF; raises UnknownObservation for a corrupt one."""
    data = path.read_bytes()
    if not data.startswith((netcdf.MAGIC, netcdf.MAGIC_HDF5)):
        return None
    try:
        variables = netcdf.decode(data) if data.startswith(netcdf.MAGIC) else _decode_netcdf4(path)
        return _facts(_Header(variables), path.name)
    except (netcdf.NotReadable, Unsupported, UnicodeDecodeError, IndexError, OSError) as error:
        raise UnknownObservation(f"a unsupported receiver was reported, probably corrupted data: {error}") from error


def _decode_netcdf4(path: Path) -> dict[str, Array]:
    import netCDF4  # only where needed: a call is to take a tenth of a second

    with netCDF4.Dataset(path) as file:
        names = [name for name in file.variables if name.startswith("Header.")]
        return {name: np.asarray(file.variables[name][...]).ravel() for name in names}


def _facts(header: _Header, name: str) -> Facts:
    receiver = header.text("Header.Dcs.Receiver")
    if receiver not in INSTRUMENTS:
        raise Unsupported(f"receiver {receiver!r}")
    lines = _lines(header, receiver)
    chassis = CHASSIS.match(name)
    whose = f"Header.RedshiftChassis_{chassis[1]}_" if chassis else "Header.IfProc"
    program = header.text("Header.Dcs.ObsPgm")
    is_map = program == "Map"
    return Facts(
        date_obs=_date_obs(header.number("Header.TimePlace.UTDate")),
        obsnum=int(header.number("Header.Dcs.ObsNum")),
        instrument=INSTRUMENTS[receiver],
        goal=header.text("Header.Dcs.ObsGoal", "Unknown"),
        program=program,
        map_coord=header.text("Header.Map.MapCoord") if is_map else "Ra",
        map_motion=header.text("Header.Map.MapMotion", "Continuous") if is_map else "Continuous",
        source=header.text("Header.Source.SourceName"),
        pid=header.text("Header.Dcs.ProjectId", "Unknown"),
        restfreq_ghz=round(lines[0], 4),
        vlsr=header.number("Header.Source.Velocity", absent=0.0),
        tint_s=header.number("Header.Dcs.IntegrationTime"),
        ra_deg=np.degrees(header.number("Header.Source.Ra")).item(),
        dec_deg=np.degrees(header.number("Header.Source.Dec")).item(),
        is_valid=header.number("Header.ScanFile.Valid") != 0,
        calobsnum=int(header.number(f"{whose}.CalObsNum", absent=-1)),
        numbands=sum(line > 0 for line in lines) or 1,
    )


def _lines(header: _Header, receiver: str) -> Sequence[float]:
    """Return the line frequency of each band, GHz; a band without one does not count. RSR has none."""
    if receiver == "RedshiftReceiver":
        return (0.0,)
    count = int(header.number(f"Header.{receiver}.NumBands"))
    return [header.number(f"Header.{receiver}.LineFreq", band) for band in range(count)]


def _date_obs(fractional_year: float) -> str:
    """Turn a fractional year into YYYY-MM-DDTHH:MM:SS, cut to the second."""
    start, end = (datetime(int(fractional_year) + more, 1, 1, tzinfo=UTC).timestamp() for more in (0, 1))
    moment = start + (fractional_year % 1) * (end - start)
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S")
