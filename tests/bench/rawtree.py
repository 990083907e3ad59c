"""A DATA_LMT of many raw files, made fast: one file a kind is encoded, and every further one is a patched copy of it.

True names, folders and header variables (those of the simulated telescope), some of it in HDF5; times as rsync leaves
them, a copy has that of its original. The spectra are a hole in the file, so that the disk bears them.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path

import h5py
import netCDF4

from bot.formats.netcdf_classic import parse_layout
from bot.formats.rawname import FOLDERS, file_name, folder_of
from bot.model.observation import Observation
from bot.model.raw import CHASSIS, IFPROC, ROACHES
from bot.sim.telescope.rawfile import encode
from bot.sim.telescope.recording import Recording
from bot.sim.telescope.signals import Size

FIRST = 60_001
BEGAN = datetime(2016, 1, 1, tzinfo=UTC)
EACH = timedelta(minutes=35)
BLOCK, RSR = 37, 5
"""Of 37 obsnums five are RSR (four header files each) and 32 SEQ (one)."""
HEADERS_A_BLOCK = 4 * RSR + BLOCK - RSR
CAL_EVERY = 4
TWO_BANDS_OF = 2
"""Every second block has two bands: eight roaches instead of four."""
HDF5_EVERY = 10
SOURCE = "SYN1"
LINKED = 1000
"""Obsnums whose roaches share a file where files are linked; ext4 allows 65,000 names a file."""
KEPT_B = 8192
"""What is written of a classic file with spectra; they are a hole, the header's values come before them."""


@dataclass(frozen=True)
class Unit:
    """One obsnum of the tree."""

    obsnum: int
    instrument: str
    calobsnum: int
    """-1: it is a calibration itself."""
    numbands: int
    form: str

    @property
    def start(self) -> datetime:
        return BEGAN + EACH * (self.obsnum - FIRST)

    @property
    def parts(self) -> tuple[str, ...]:
        return CHASSIS if self.instrument == "RSR" else (IFPROC, *ROACHES[: 4 * self.numbands])

    @property
    def headers(self) -> int:
        return 4 if self.instrument == "RSR" else 1


@dataclass(frozen=True)
class Template:
    """A raw file, and where in it what differs from file to file stands."""

    data: bytes
    places: Mapping[str, tuple[int, str]]
    """Variable -> (offset, format of struct)."""
    size_b: int

    def fill(self, values: Mapping[str, int | float | bytes]) -> bytearray:
        """Return the file with other values."""
        data = bytearray(self.data)
        for name, value in values.items():
            offset, form = self.places[name]
            struct.pack_into(form, data, offset, value.ljust(int(form[:-1])) if isinstance(value, bytes) else value)
        return data


def units(headers: int, first: int = FIRST) -> Iterator[Unit]:
    """Yield whole blocks of obsnums that have about so many header files."""
    for number in range(max(1, headers // HEADERS_A_BLOCK) * BLOCK):
        place = number % BLOCK
        since_cal = (place if place < RSR else place - RSR) % CAL_EVERY
        obsnum = first + number
        yield Unit(
            obsnum,
            "RSR" if place < RSR else "SEQ",
            obsnum - since_cal if since_cal else -1,
            1 + (number // BLOCK) % TWO_BANDS_OF,
            "netcdf4" if obsnum % HDF5_EVERY == 0 else "classic",
        )


def make_tree(root: Path, headers: int, *, linked: bool = False) -> tuple[int, int]:
    """Write the tree with all processors; return how many header files and how many names it has.

    `linked`: files of roaches are few with many names each, and none is HDF5, where only the number of names matters.
    """
    for folder in FOLDERS.values():
        (root / folder).mkdir(parents=True, exist_ok=True)
    source = units(headers)
    pieces = iter(lambda: list(islice(source, 500)), [])
    with ProcessPoolExecutor() as pool:
        counts = list(pool.map(partial(_write_units, root, linked), pieces))
    return sum(found for found, _ in counts), sum(found for _, found in counts)


def write_unit(root: Path, unit: Unit, *, linked: bool = False) -> int:
    """Write the files of one obsnum; return how many."""
    for part in unit.parts:
        _write(root, unit, part, linked)
    return len(unit.parts)


def _write_units(root: Path, linked: bool, piece: list[Unit]) -> tuple[int, int]:
    return sum(unit.headers for unit in piece), sum(write_unit(root, unit, linked=linked) for unit in piece)


def _write(root: Path, unit: Unit, part: str, linked: bool) -> None:
    name = file_name(part, unit.obsnum, (0, 1), f"{unit.start:%Y-%m-%d}", source=SOURCE, hhmmss=f"{unit.start:%H%M%S}")
    path = f"{root}/{folder_of(part)}/{name}"
    if linked and part in ROACHES:
        os.link(_one_roach(root, unit.obsnum // LINKED), path)
        return
    template = template_of(part, "classic" if part in ROACHES or linked else unit.form)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.write(handle, template.fill(_values(unit, part)))
        if template.size_b > len(template.data):
            os.truncate(handle, template.size_b)
        moment = unit.start.timestamp() + 300
        os.utime(handle, (moment, moment))
    finally:
        os.close(handle)


def _values(unit: Unit, part: str) -> dict[str, int | float | bytes]:
    if part in ROACHES:
        return {"Header.Telescope.ObsNum": unit.obsnum}
    own = {"Header.IfProc.CalObsNum": unit.calobsnum, "Header.Sequoia.NumBands": unit.numbands}
    if part in CHASSIS:
        own = {f"Header.RedshiftChassis_{part[-1]}_.CalObsNum": unit.calobsnum}
    is_cal = unit.calobsnum < 0
    year = unit.start.year
    begin, end = (datetime(year + more, 1, 1, tzinfo=UTC) for more in (0, 1))
    return {
        "Header.Dcs.ObsNum": unit.obsnum,
        "Header.Dcs.ObsGoal": b"Calibration" if is_cal else b"Science",
        "Header.Dcs.ObsPgm": b"Cal" if is_cal else b"Bs" if unit.instrument == "RSR" else b"Map",
        "Header.TimePlace.UTDate": year + ((unit.start - begin).total_seconds() + 0.5) / (end - begin).total_seconds(),
        **own,
    }


@lru_cache
def template_of(part: str, form: str) -> Template:
    """Return the file of a part, as the simulated telescope encodes it."""
    row = Observation(
        1, "2024-03-06T11:21:31", "RSR" if part in CHASSIS else "SEQ", "Science",
        "Bs" if part in CHASSIS else "Map(Ra/C)", SOURCE, "2024-S1-MX-2", 115.2712, 20.0, 300.0,
        150.0, 2.0, 139.0, 68.0, 0.0, 0.0, True,
    )  # fmt: skip
    data = encode(Recording(row, 2), part, Size(1, 1, 1), form="classic")
    names = tuple(_values(replace(next(units(1)), instrument=row.instrument), part))
    if form == "netcdf4":
        return _as_hdf5(data, names)
    layout = parse_layout(data)
    assert layout is not None
    places = {}
    for name in names:
        variable = layout.variables[name]
        count = variable.piece_b if variable.form == "c" else ""
        places[name] = (variable.offset, f"{count}s" if count else f">{variable.form}")
    return Template(data if part == IFPROC else data[:KEPT_B], places, len(data))


def _as_hdf5(classic: bytes, names: tuple[str, ...]) -> Template:
    """Return the same variables in a netCDF-4 file."""
    with tempfile.TemporaryDirectory(prefix="lmtbot-bench-") as folder:
        path = Path(folder) / "raw.nc"
        with netCDF4.Dataset("classic.nc", memory=classic) as old, netCDF4.Dataset(path, "w") as new:
            for name, axis in old.dimensions.items():
                new.createDimension(name, len(axis))
            for name, variable in old.variables.items():
                endian = "native" if variable.dtype.kind == "S" else "little"
                new.createVariable(name, variable.dtype, variable.dimensions, endian=endian)[...] = variable[...]
        data = path.read_bytes()
        with h5py.File(path) as file:
            places = {}
            for name in names:
                stored = file[name]
                count = stored.size * stored.dtype.itemsize if stored.dtype.kind == "S" else ""
                places[name] = (stored.id.get_offset(), f"{count}s" if count else f"<{stored.dtype.char}")
    return Template(data, places, len(data))


@lru_cache
def _one_roach(root: Path, number: int) -> str:
    template = template_of(ROACHES[0], "classic")
    path = root / f".roach{number}.{os.getpid()}"
    path.write_bytes(template.data)
    os.truncate(path, template.size_b)
    return str(path)
