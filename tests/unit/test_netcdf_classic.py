"""The reader of classic netCDF headers against the netCDF library, cut files and hostile bytes."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RawDataError
from bot.formats.netcdf_classic import Layout, parse_layout, places_of, value_of
from tests.rawfiles import ifproc_header, write_netcdf

FORMS = ("NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA")


def layout_of(data: bytes) -> Layout:
    layout = parse_layout(data)
    assert layout is not None
    return layout


def read(data: bytes, name: str) -> Any:
    layout = layout_of(data)
    pieces = [data[begin : begin + size] for begin, size in places_of(layout, name)]
    return value_of(layout.variables[name], b"".join(pieces))


@pytest.fixture(scope="module", params=FORMS)
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file with a header of 30 variables, then two series along the unlimited dimension, of odd sizes."""
    path = tmp_path_factory.mktemp("classic") / "real.nc"
    write_netcdf(path, ifproc_header(112139), {"Data.Time": 7, "Data.More": 7}, form=request.param, unlimited=True)
    with netCDF4.Dataset(path, "a") as file:
        file.title = "three"
        file["Header.Source.Ra"].setncattr("unit", np.array([1, 2, 3], "i2"))
        file.createDimension("odd", 3)
        file.createVariable("Data.Odd", "i1", ("time", "odd"))[:] = np.arange(21).reshape(7, 3)
    return path.read_bytes()


def test_every_value_is_what_the_netcdf_library_reads(real: bytes) -> None:
    with netCDF4.Dataset("memory", memory=real) as file:
        file.set_auto_mask(False)
        assert list(file.variables) == list(layout_of(real).variables)
        for name, variable in file.variables.items():
            array = variable[...]
            expected = array.tobytes() if array.dtype == "S1" else tuple(np.ravel(array).tolist())
            assert read(real, name) == expected, name
            assert layout_of(real).variables[name].shape == array.shape


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("series", [{}, {"a": 5}, {"a": 5, "b": 5}])
@pytest.mark.parametrize("unlimited", [False, True])
@pytest.mark.parametrize("kind", ["i1", "f8"])
def test_the_size_is_the_end_of_the_last_value(
    tmp_path: Path, form: str, series: dict[str, int], unlimited: bool, kind: str
) -> None:
    path = write_netcdf(tmp_path / "f.nc", {"x": 7, "odd": "abc"}, None, form=form)
    with netCDF4.Dataset(path, "a") as file:
        for name, length in series.items():
            if "time" not in file.dimensions:
                file.createDimension("time", None if unlimited else length)
            file.createVariable(name, kind, ("time",))[:] = np.arange(1, length + 1)
    data = path.read_bytes()
    behind = data[layout_of(data).size_b :]
    assert layout_of(data).size_b <= len(data)
    assert len(behind) < 4
    assert set(behind) <= {0, 0x81}  # the library fills up with zeros or with its "no value"


def test_a_header_that_is_cut_off_asks_for_more(real: bytes) -> None:
    end = min(variable.offset for variable in layout_of(real).variables.values())
    assert parse_layout(real[:end]) == layout_of(real)
    assert {parse_layout(real[:length]) for length in range(end - 3)} == {None}


def test_one_variable_along_the_unlimited_dimension_is_not_filled_up(tmp_path: Path) -> None:
    with netCDF4.Dataset(tmp_path / "f.nc", "w", format=FORMS[0]) as file:
        file.createDimension("time", None)
        file.createVariable("a", "i1", ("time",))[:] = np.arange(11)
    data = (tmp_path / "f.nc").read_bytes()
    assert read(data, "a") == tuple(range(11))
    assert layout_of(data).record_b == 1


def test_records_that_the_writer_has_not_counted_are_none(real: bytes) -> None:
    width = 8 if real[3] == 5 else 4
    layout = layout_of(real[:4] + b"\xff" * width + real[4 + width :])
    assert layout.variables["Data.Time"].shape == (0,)
    assert layout.size_b < layout_of(real).size_b


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: b"CDF\x01" + tail))
def test_any_bytes_are_a_header_or_refused(data: bytes) -> None:
    try:
        layout = parse_layout(data)
    except RawDataError:
        return
    assert layout is None or layout.size_b >= 0


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=8))
def test_a_damaged_header_costs_neither_time_nor_memory(real: bytes, place: int, damage: bytes) -> None:
    data = real[:place] + damage + real[place + len(damage) :]
    try:
        layout = parse_layout(data)
        for name in layout.variables if layout else ():
            assert sum(size for _, size in places_of(layout_of(data), name)) < 1 << 16
    except RawDataError:
        pass


def number(value: int) -> bytes:
    return struct.pack(">I", value)


HUGE = number((1 << 31) - 1)
NAME = number(1) + b"a\0\0\0"
HOSTILE = {
    "dimensions without end": b"CDF\x01" + number(0) + number(10) + HUGE,
    "a long name": b"CDF\x01" + number(0) + number(10) + number(1) + HUGE,
    "variables without end": b"CDF\x01" + number(0) + bytes(16) + number(11) + HUGE,
    "a rank without end": b"CDF\x01" + number(0) + bytes(16) + number(11) + number(1) + NAME + HUGE,
    "a dimension that is not there": (
        b"CDF\x01" + number(0) + bytes(16) + number(11) + number(1) + NAME + number(1) + number(9) + bytes(24)
    ),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_impossible_counts_are_refused_at_once(data: bytes) -> None:
    with pytest.raises(RawDataError, match="header"):
        parse_layout(data + bytes(1000))


def test_a_huge_array_is_refused_before_it_is_built() -> None:
    dimension = number(10) + number(1) + NAME + HUGE
    variable = number(11) + number(1) + NAME + number(3) + number(0) * 3 + bytes(8) + number(6) + number(0) + number(99)
    layout = layout_of(b"CDF\x01" + number(0) + dimension + bytes(8) + variable)
    tracemalloc.start()
    with pytest.raises(RawDataError, match="at most 4096"):
        places_of(layout, "a")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000
    assert layout.size_b > 1 << 80


def test_other_files_are_no_classic_files() -> None:
    for data in (b"\x89HDF\r\n\x1a\n", b"SIMPLE  =", b"CDF\x03", b"CDX", b"\0" * 64):
        with pytest.raises(RawDataError, match="no classic netCDF file"):
            parse_layout(data)
    assert {parse_layout(data) for data in (b"", b"C", b"CD", b"CDF", b"CDF\x01")} == {None}
