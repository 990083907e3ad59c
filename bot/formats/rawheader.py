"""The variables of a raw file's header -> Header (domain.md section 3).

Reported, never guessed: what is absent, no text, out of range or contradicts the file's name makes a RawDataError that
tells all faults at once. Nothing here reads files; bot.doors.rawdata does.

The observation is the one that its row in the log says: it is printed and read back, so that a header whose row could
not be read is refused here, and both ways to an obsnum give equal values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from bot.errors import RawDataError
from bot.formats.netcdf_classic import Value
from bot.formats.obslog import format_row, official_pid, parse_line
from bot.model.observation import Observation
from bot.model.raw import CHASSIS, IFPROC, Header, RawName
from bot.model.scalars import OBSNUM_MAX

T = TypeVar("T")

RECEIVERS = {"Sequoia": "SEQ", "Msip1mm": "1MM", "RedshiftReceiver": "RSR"}
"""What Header.Dcs.Receiver says -> instrument."""
UNKNOWN = "Unknown"
"""Goal and ProjectId of old files that do not name them, as the log has always had it."""
SOURCE_ALIASES = {"NGC6946_(CO)": "NGC6946"}
"""Sources that the log has always renamed."""
TINT_NOT_TOLD_S = 300.1
"""What the log has always had for old RSR files without an integration time."""

_BANDED = ("Sequoia", "Msip1mm")
_DEGREES = 57.2957795131
_ARCSEC = 206264.81
"""Both as the existing tool has them: the last digit of a row must come out the same."""
_YEARS = range(1990, 2100)
_COMMON = (
    *(f"Header.Dcs.{name}" for name in ("ObsNum", "SubObsNum", "ScanNum", "Receiver", "ObsPgm", "ObsGoal")),
    *("Header.Dcs.ProjectId", "Header.Dcs.IntegrationTime", "Header.ScanFile.Valid", "Header.TimePlace.UTDate"),
    *("Header.Source.SourceName", "Header.Source.Ra", "Header.Source.Dec", "Header.Sky.AzReq", "Header.Sky.ElReq"),
    "Header.Map.MapCoord",
)
_IFPROC = (
    *("Header.Map.MapMotion", "Header.Source.Velocity", "Header.Sky.AzOff", "Header.Sky.ElOff"),
    "Header.IfProc.CalObsNum",
    *(f"Header.{receiver}.{name}" for receiver in _BANDED for name in ("NumBands", "LineFreq")),
)


def wanted(part: str) -> tuple[str, ...]:
    """Return the names of the variables that header_of looks at; not every file has them all."""
    if part == IFPROC:
        return _COMMON + _IFPROC
    number = CHASSIS.index(part)
    return (*_COMMON, *(f"Header.RedshiftChassis_{number}_.{name}" for name in ("ChassisNumber", "CalObsNum")))


def header_of(values: Mapping[str, Value], name: RawName) -> Header:
    """Return what the header tells. RawDataError, with the file's name, for all that cannot be right.

    Strings may be filled up with blanks or NULs. A blank inside a source's name becomes an underscore, because the log
    is read word by word; a ProjectId is never changed so, it decides who may see the data. NaN is printed as nan and
    means that the header does not tell. Where a header names two bands but no frequency for the second, it has one:
    so does the pipeline.
    """
    told = _Told(values)
    _check_scan(told, name)
    receiver = _receiver(told, name)
    numbands, restfreq = (1, 0.0) if name.part in CHASSIS else _bands(told, receiver)
    calobsnum = _calobsnum(told, name.part)
    observation = _observation(told, name, RECEIVERS[receiver], restfreq)
    if told.faults:
        raise told.error(name)
    return Header(_as_logged(observation, name), name.subobsnum, name.scannum, numbands, calobsnum)


class _Told:
    """Takes values out of a header and collects what is wrong with them."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values = values
        self.faults: list[str] = []

    def error(self, name: RawName) -> RawDataError:
        return RawDataError(f"{name.name}: {'; '.join(self.faults)}")

    def text(self, key: str, absent: str | None = None) -> str:
        """Return the text without what fills it up; "" after a fault. Nothing but filling is as good as absent."""
        value = self.values.get(key, b"")
        if not isinstance(value, bytes):
            return self._wrong(f"{key} is no text", "")
        stripped = value.strip(b" \0\t\r\n")
        try:
            text = stripped.decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"
        if not text.isprintable():
            return self._wrong(f"{key} is no text: {_shown(stripped)}", "")
        if text or absent is not None:
            return text or absent or ""
        return self._wrong(f"{key} is {'empty' if key in self.values else 'missing'}", "")

    def number(self, key: str, place: int = 0, absent: float | None = None) -> float:
        """Return one of the numbers; nan where the header has it, and after a fault."""
        value = self.values.get(key)
        if value is None:
            return self._wrong(f"{key} is missing", math.nan) if absent is None else absent
        if isinstance(value, bytes) or len(value) <= place:
            return self._wrong(f"{key} has no number{f' at place {place + 1}' if place else ''}", math.nan)
        if math.isinf(value[place]):
            return self._wrong(f"{key} is {value[place]}", math.nan)
        return value[place]

    def whole(self, key: str, absent: int | None = None) -> int:
        """Return a whole number; 0 after a fault."""
        count = len(self.faults)
        number = self.number(key, absent=absent)
        if len(self.faults) > count:
            return 0
        return int(number) if number == number // 1 else self._wrong(f"{key} is {number}, no whole number", 0)

    def _wrong(self, fault: str, value: T) -> T:
        self.faults.append(fault)
        return value


def _check_scan(told: _Told, name: RawName) -> None:
    scan = tuple(told.whole(f"Header.Dcs.{key}") for key in ("ObsNum", "SubObsNum", "ScanNum"))
    if not told.faults and scan != (name.obsnum, *name.scan):
        told.faults.append("its header says obsnum {}, subobsnum {}, scannum {}".format(*scan))


def _receiver(told: _Told, name: RawName) -> str:
    """Return the receiver; without it no further fault can be told."""
    receiver = told.text("Header.Dcs.Receiver")
    possible = [key for key, value in RECEIVERS.items() if (value == "RSR") == (name.part in CHASSIS)]
    if receiver and receiver not in possible:
        told.faults.append(f"its receiver is {receiver!r}, {' or '.join(possible)} is wanted")
    if receiver not in possible:
        raise told.error(name)
    return receiver


def _observation(told: _Told, name: RawName, instrument: str, restfreq: float) -> Observation:
    """Return what the row of the log will say; the existing tool prints no velocity and no offsets for RSR."""
    is_rsr = instrument == "RSR"
    return Observation(
        obsnum=name.obsnum,
        date_obs=_date_obs(told),
        instrument=instrument,
        goal=" ".join(told.text("Header.Dcs.ObsGoal", UNKNOWN).split()),
        pgm=_program(told, is_rsr),
        source=_source(told),
        pid=_pid(told),
        restfreq_ghz=restfreq,
        vlsr_kms=0.0 if is_rsr else round(told.number("Header.Source.Velocity"), 0),
        tint_s=told.number("Header.Dcs.IntegrationTime", absent=TINT_NOT_TOLD_S if is_rsr else None),
        ra_deg=told.number("Header.Source.Ra") * _DEGREES,
        dec_deg=told.number("Header.Source.Dec") * _DEGREES,
        az_deg=told.number("Header.Sky.AzReq") * _DEGREES,
        el_deg=told.number("Header.Sky.ElReq") * _DEGREES,
        azoff_arcsec=0.0 if is_rsr else round(told.number("Header.Sky.AzOff", 1) * _ARCSEC, 1),
        eloff_arcsec=0.0 if is_rsr else round(told.number("Header.Sky.ElOff", 1) * _ARCSEC, 1),
        valid=_is_valid(told),
    )


def _bands(told: _Told, receiver: str) -> tuple[int, float]:
    """Return the number of bands and the first one's line frequency, GHz."""
    key = f"Header.{receiver}.LineFreq"
    numbands = told.whole(f"Header.{receiver}.NumBands")
    if numbands not in (1, 2):
        told.faults.append(f"Header.{receiver}.NumBands is {numbands}, 1 or 2 is wanted")
    first = told.number(key)
    return (1 if numbands == 2 and told.number(key, 1) == 0 else numbands), first


def _calobsnum(told: _Told, part: str) -> int | None:
    if part == IFPROC:
        key = "Header.IfProc.CalObsNum"
    else:
        number = CHASSIS.index(part)
        key = f"Header.RedshiftChassis_{number}_.CalObsNum"
        if (found := told.whole(f"Header.RedshiftChassis_{number}_.ChassisNumber", absent=number)) != number:
            told.faults.append(f"its header says chassis {found}")
    calobsnum = told.whole(key, absent=-1)
    if calobsnum > OBSNUM_MAX or calobsnum < -1:
        told.faults.append(f"{key} is {calobsnum}, no obsnum")
    return calobsnum if calobsnum > 0 else None


def _date_obs(told: _Told) -> str:
    """Return YYYY-MM-DDTHH:MM:SS from the fractional year, cut to the second, rounded as the existing tool does."""
    date = told.number("Header.TimePlace.UTDate")
    if not _YEARS.start <= date < _YEARS.stop:
        told.faults += [] if told.faults else [f"Header.TimePlace.UTDate is {date}, a year is wanted, e.g. 2024.1748"]
        return ""
    start, end = (datetime(int(date) + more, 1, 1, tzinfo=UTC).timestamp() for more in (0, 1))
    moment = datetime.fromtimestamp(start + (date - int(date)) * (end - start), UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _program(told: _Told, is_rsr: bool) -> str:
    """Return the observing program as the log has it: Bs, Map(Ra/C), for RSR Map(Az)."""
    pgm = told.text("Header.Dcs.ObsPgm")
    if pgm != "Map":
        return pgm
    coordinates = told.text("Header.Map.MapCoord")
    return f"Map({coordinates})" if is_rsr else f"Map({coordinates}/{told.text('Header.Map.MapMotion')[:1]})"


def _source(told: _Told) -> str:
    source = told.text("Header.Source.SourceName")
    return SOURCE_ALIASES.get(source) or "_".join(source.split())


def _pid(told: _Told) -> str:
    pid = told.text("Header.Dcs.ProjectId", UNKNOWN)
    if len(pid.split()) > 1:
        told.faults.append(f"Header.Dcs.ProjectId has a blank inside: {pid!r}")
    return official_pid(pid)


def _is_valid(told: _Told) -> bool:
    valid = told.whole("Header.ScanFile.Valid")
    if valid not in (0, 1):
        told.faults.append(f"Header.ScanFile.Valid is {valid}, 0 or 1 is wanted")
    return valid == 1


def _as_logged(observation: Observation, name: RawName) -> Observation:
    """Return the observation as its row in the log says it."""
    row = format_row(observation)
    found = parse_line(row.encode())
    if not isinstance(found, Observation):
        reason = found.reason if found else "it reads as a remark"
        raise RawDataError(f"{name.name}: its row in the observation log could not be read: {reason}")
    if _words(found) != _words(observation):
        raise RawDataError(f"{name.name}: its row in the observation log would be misread: {row.strip()}")
    return found


def _words(row: Observation) -> tuple[str, ...]:
    return row.date_obs, row.instrument, row.goal, row.pgm, row.source, row.pid


def _shown(value: bytes) -> str:
    return repr(value if len(value) <= 40 else value[:40])[1:] + ("..." if len(value) > 40 else "")
