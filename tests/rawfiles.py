"""Small raw files for tests, written by the netCDF library: true names and header variables, next to no data.

    write_ifproc(root, 112139)                                   a SEQ map of one band
    write_ifproc(root, 112140, pgm="Cal", goal="Calibration")
    write_ifproc(root, 112141, receiver="Msip1mm", pgm="Ps", drop=("Header.Dcs.ObsGoal",))
    write_ifproc(root, 112142, header={"Header.Sky.AzOff": (0.0, 0.001)}, form="NETCDF4")
    write_seq(root, 112143, numbands=2, calobsnum=112139)        the ifproc file and all eight roaches
    write_rsr(root, 112144)                                      all four chassis

`root` is DATA_LMT; folders are made. All return the path or paths. `at` is the time of the observation, UT.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from bot.formats.rawname import file_name, folder_of

CLASSIC = "NETCDF3_64BIT_OFFSET"
FORMS = ("NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_CLASSIC", CLASSIC, "NETCDF3_64BIT_DATA")
AT = "2024-03-06T11:21:31"
_LENGTHS = {"Header.Source.SourceName": 32, "Header.Dcs.ProjectId": 32}


def utdate_of(at: str) -> float:
    """Return the fractional year in the middle of a second, so that cutting it cannot end a second early."""
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    start, end = (datetime(moment.year + more, 1, 1, tzinfo=UTC) for more in (0, 1))
    return moment.year + ((moment - start).total_seconds() + 0.5) / (end - start).total_seconds()


def common_header(obsnum: int, scan: tuple[int, int], at: str, **told: Any) -> dict[str, Any]:
    """Return what the headers of all instruments have."""
    return {
        "Header.Dcs.ObsNum": obsnum,
        "Header.Dcs.SubObsNum": scan[0],
        "Header.Dcs.ScanNum": scan[1],
        "Header.Dcs.Receiver": told["receiver"],
        "Header.Dcs.ObsPgm": told["pgm"],
        "Header.Dcs.ObsGoal": told["goal"],
        "Header.Dcs.ProjectId": told["pid"],
        "Header.Dcs.IntegrationTime": told["tint_s"],
        "Header.Radiometer.Tau": 0.12,
        "Header.ScanFile.Valid": told["valid"],
        "Header.Source.SourceName": told["source"],
        "Header.Source.Ra": (2.6179938779914944, 2.6179938779914944),
        "Header.Source.Dec": (0.20943951023931953, 0.20943951023931953),
        "Header.TimePlace.UTDate": utdate_of(at),
        "Header.Sky.AzReq": (2.0943951023931953, 2.0943951023931953),
        "Header.Sky.ElReq": (1.0471975511965976, 1.0471975511965976),
        **({"Header.Map.MapCoord": "Ra", "Header.Map.MapMotion": "Continuous"} if told["pgm"] == "Map" else {}),
    }


def ifproc_header(
    obsnum: int,
    *,
    scan: tuple[int, int] = (0, 1),
    at: str = AT,
    receiver: str = "Sequoia",
    pgm: str = "Map",
    goal: str = "Science",
    source: str = "SYN1",
    pid: str = "2024-S1-MX-2",
    tint_s: float = 32.0,
    valid: int = 1,
    numbands: int = 1,
    calobsnum: int = -1,
) -> dict[str, Any]:
    """Return the header of an ifproc file: name of the variable -> text, number or tuple of numbers."""
    banded = receiver if receiver == "Msip1mm" else "Sequoia"
    common = common_header(
        *(obsnum, scan, at),
        **{"receiver": receiver, "pgm": pgm, "goal": goal, "source": source, "pid": pid},
        **{"tint_s": tint_s, "valid": valid},
    )
    frequencies = (230.538, 220.398) if banded == "Msip1mm" else (115.271204, 110.201353)
    return common | {
        "Header.Source.Velocity": 20.0,
        "Header.Sky.AzOff": (0.0, 0.0),
        "Header.Sky.ElOff": (0.0, 0.0),
        f"Header.{banded}.NumBands": numbands,
        f"Header.{banded}.SkyFreq": frequencies,
        f"Header.{banded}.LineFreq": frequencies,
        "Header.SpecBackend.Bandwidth": (0.8, 0.8),
        "Header.IfProc.CalObsNum": calobsnum,
    }


def chassis_header(
    obsnum: int,
    chassis: int,
    *,
    scan: tuple[int, int] = (0, 1),
    at: str = AT,
    receiver: str = "RedshiftReceiver",
    pgm: str = "Bs",
    goal: str = "Science",
    source: str = "I10565",
    pid: str = "2024-S1-US-5",
    tint_s: float = 300.0,
    valid: int = 1,
    calobsnum: int = -1,
) -> dict[str, Any]:
    """Return the header of a chassis' file."""
    common = common_header(
        *(obsnum, scan, at),
        **{"receiver": receiver, "pgm": pgm, "goal": goal, "source": source, "pid": pid},
        **{"tint_s": tint_s, "valid": valid},
    )
    return common | {
        "Header.Radiometer.UpdateDate": "06/03/2024 11:21:31",
        "Header.RedshiftReceiver.NumBeams": 2,
        "Header.Bs.Beam": (0, 1),
        f"Header.RedshiftChassis_{chassis}_.ChassisNumber": chassis,
        f"Header.RedshiftChassis_{chassis}_.CalObsNum": calobsnum,
    }


def write_ifproc(
    root: Path,
    obsnum: int,
    *,
    header: Mapping[str, Any] | None = None,
    drop: Iterable[str] = (),
    form: str = CLASSIC,
    samples: int = 20,
    unlimited: bool = False,
    **told: Any,
) -> Path:
    """Write an ifproc file; `told` as in ifproc_header, `header` replaces or adds variables, `drop` leaves some out."""
    values = ifproc_header(obsnum, **told) | dict(header or {})
    series = ("Data.TelescopeBackend.TelTime", "Data.TelescopeBackend.BufPos", "Data.IfProc.BasebandTime")
    path = _path(root, "ifproc", obsnum, told)
    return write_netcdf(path, _without(values, drop), dict.fromkeys(series, samples), form=form, unlimited=unlimited)


def write_chassis(
    root: Path,
    chassis: int,
    obsnum: int,
    *,
    header: Mapping[str, Any] | None = None,
    drop: Iterable[str] = (),
    form: str = CLASSIC,
    samples: int = 20,
    unlimited: bool = False,
    **told: Any,
) -> Path:
    """Write the file of one chassis, as write_ifproc does."""
    values = chassis_header(obsnum, chassis, **told) | dict(header or {})
    path = _path(root, f"chassis{chassis}", obsnum, told)
    series = {"Data.Sky.Time": samples, f"Data.RedshiftChassis_{chassis}_.AccSamples": samples}
    return write_netcdf(path, _without(values, drop), series, form=form, unlimited=unlimited)


def write_roach(
    root: Path,
    roach: int,
    obsnum: int,
    *,
    scan: tuple[int, int] = (0, 1),
    at: str = AT,
    source: str = "SYN1",
    form: str = CLASSIC,
    samples: int = 20,
) -> Path:
    """Write the file of one roach: its name tells all that matters."""
    part, hhmmss = f"roach{roach}", at[11:].replace(":", "")
    path = root / folder_of(part) / file_name(part, obsnum, scan, at[:10], source=source, hhmmss=hhmmss)
    return write_netcdf(path, {"Header.Telescope.ObsNum": obsnum}, {"Data.Integrate.time": samples}, form=form)


def write_seq(root: Path, obsnum: int, *, roaches: Iterable[int] | None = None, **told: Any) -> list[Path]:
    """Write all files of a SEQ obsnum, roaches 0 to 3, or 0 to 7 with numbands=2; `roaches` names them instead."""
    numbers = range(4 * told.get("numbands", 1)) if roaches is None else roaches
    return [write_ifproc(root, obsnum, **told), *_roaches(root, obsnum, numbers, told)]


def write_1mm(root: Path, obsnum: int, *, roaches: Iterable[int] = (0,), **told: Any) -> list[Path]:
    """Write all files of a 1MM obsnum: Ps, two bands, roach0, unless told otherwise."""
    told = {"receiver": "Msip1mm", "pgm": "Ps", "pid": "2024S1MSIP1mmCommissioning", "numbands": 2} | told
    return [write_ifproc(root, obsnum, **told), *_roaches(root, obsnum, roaches, told)]


def write_rsr(root: Path, obsnum: int, *, chassis: Iterable[int] = range(4), **told: Any) -> list[Path]:
    """Write the files of all four chassis, or of some."""
    return [write_chassis(root, number, obsnum, **told) for number in chassis]


def write_netcdf(
    path: Path,
    values: Mapping[str, Any],
    series: Mapping[str, int] | None = None,
    *,
    form: str = CLASSIC,
    unlimited: bool = False,
) -> Path:
    """Write variables (text, number, tuple of numbers, or a numpy array as it is) and time series of some length."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(path, "w", format=form) as file:
        file.set_fill_off()
        for name, value in values.items():
            array = _array(name, value)
            dimensions = []
            for axis, length in enumerate(array.shape):
                dimensions.append(f"{name}_len{axis}")
                file.createDimension(dimensions[-1], length)
            file.createVariable(name, array.dtype, dimensions)[...] = array
        for name, length in (series or {}).items():
            if "time" not in file.dimensions:
                file.createDimension("time", None if unlimited else length)
            file.createVariable(name, "f8", ("time",))[:] = np.arange(length) / 10
    return path


def _array(name: str, value: Any) -> np.ndarray[Any, Any]:
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return np.frombuffer(value.ljust(_LENGTHS.get(name, 20)), "S1")
    array = np.asarray(value)
    return array.astype("i4") if array.dtype == np.int64 else array


def _path(root: Path, part: str, obsnum: int, told: Mapping[str, Any]) -> Path:
    name = file_name(part, obsnum, told.get("scan", (0, 1)), told.get("at", AT)[:10])
    return root / folder_of(part) / name


def _roaches(root: Path, obsnum: int, numbers: Iterable[int], told: Mapping[str, Any]) -> list[Path]:
    named = {key: told[key] for key in ("scan", "at", "source", "form") if key in told}
    return [write_roach(root, number, obsnum, **named) for number in numbers]


def _without(values: dict[str, Any], drop: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in set(drop)}
