"""Names of raw files: read whole or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.rawname import file_name, folder_of, parse_name
from bot.model.raw import CHASSIS, IFPROC, PARTS, ROACHES, RawName

IFPROC_NAME = "ifproc_2024-03-06_112139_00_0001.nc"
ROACH_NAME = "roach5_78085_0_1_CHI-Cyg_2018-06-29_041713.nc"
CHASSIS_NAME = "RedshiftChassis2_2015-01-22_033551_00_0001.nc"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (IFPROC_NAME, ("ifproc", 112139, 0, 1, "2024-03-06")),
        ("ifproc_2018-02-26_9901395_00_0001.nc", ("ifproc", 9901395, 0, 1, "2018-02-26")),
        (ROACH_NAME, ("roach5", 78085, 0, 1, "2018-06-29")),
        ("roach0_7_12_345_3C273_2018-06-29_235960.nc", ("roach0", 7, 12, 345, "2018-06-29")),
        ("roach0_7_0_1_a_(b) *_2001-01-01_010101.nc_2018-06-29_041713.nc", ("roach0", 7, 0, 1, "2018-06-29")),
        ("roach0_7_0_1__2018-06-29_041713.nc", ("roach0", 7, 0, 1, "2018-06-29")),
        ("roach0_7_0_1_Öß\n_2018-06-29_041713.nc", ("roach0", 7, 0, 1, "2018-06-29")),
        (CHASSIS_NAME, ("chassis2", 33551, 0, 1, "2015-01-22")),
        (CHASSIS_NAME.replace("033551", "133551"), ("chassis2", 133551, 0, 1, "2015-01-22")),
    ],
)
def test_the_three_forms_are_read(name: str, told: tuple[str, int, int, int, str]) -> None:
    assert parse_name(name) == RawName(*told, name)


@pytest.mark.parametrize(
    "name",
    [
        *(f".{name}.a1B2c3" for name in (IFPROC_NAME, ROACH_NAME, CHASSIS_NAME)),
        *(f"{name}~" for name in (IFPROC_NAME, ROACH_NAME, CHASSIS_NAME)),
        *(name.replace(".nc", "_allantest.nc") for name in (IFPROC_NAME, ROACH_NAME, CHASSIS_NAME)),
        *(name.replace("2018", "٢٠١٨").replace("2024", "２０２４") for name in (IFPROC_NAME, ROACH_NAME)),
        *(f"{IFPROC_NAME}\n", f" {IFPROC_NAME}", f"x{IFPROC_NAME}", f"{IFPROC_NAME}.gz", IFPROC_NAME.upper(), ""),
        *(IFPROC_NAME.replace("112139", wrong) for wrong in ("12139", "0112139", "000000", "-12139", "123456789", "")),
        *(IFPROC_NAME.replace("2024-03-06", wrong) for wrong in ("2024-13-06", "2024-03-32", "24-03-06")),
        *(IFPROC_NAME.replace("_00_", wrong) for wrong in ("_0_", "_000_", "_")),
        *(ROACH_NAME.replace("78085", wrong) for wrong in ("078085", "0", "7808x", "")),
        *(ROACH_NAME.replace("roach5", wrong) for wrong in ("roach8", "roach", "roach05", "roach5_copy")),
        *(ROACH_NAME.replace("041713", wrong) for wrong in ("241713", "046013", "4171", "0417139")),
        *(ROACH_NAME.replace("CHI-Cyg", wrong) for wrong in ("../CHI", "CHI\0Cyg", "CHI\udcffCyg")),
        *(CHASSIS_NAME.replace("Chassis2", wrong) for wrong in ("Chassis4", "Chassis", "Chassis22")),
    ],
)
def test_everything_else_is_no_raw_file(name: str) -> None:
    assert parse_name(name) is None


sources = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), max_size=40)
dates = st.dates().map(str)
times = st.times().map(lambda time: time.strftime("%H%M%S"))


@given(
    st.sampled_from(PARTS),
    st.integers(1, 99_999_999),
    st.tuples(st.integers(0, 999_999), st.integers(0, 999_999)),
    *(dates, sources, times),
)
def test_a_written_name_is_read_back(
    part: str, obsnum: int, scan: tuple[int, int], date: str, source: str, hhmmss: str
) -> None:
    name = file_name(part, obsnum, scan, date, source=source, hhmmss=hhmmss)
    assert parse_name(name) == RawName(part, obsnum, *scan, date, name)


@given(st.text("roachifpc_0123456789-.nRedsht\n", max_size=60) | st.text())
def test_any_text_is_a_name_or_nothing(text: str) -> None:
    assert parse_name(text) is None


@pytest.mark.parametrize(
    "values",
    [
        (IFPROC, 0, (0, 1), "2024-03-06"),
        (IFPROC, 100_000_000, (0, 1), "2024-03-06"),
        (IFPROC, 7, (0, -1), "2024-03-06"),
        (IFPROC, 7, (0, 1), "6 March"),
        (ROACHES[0], 7, (0, 1), "2024-03-06"),
    ],
)
def test_values_that_make_no_name_are_refused(values: tuple[str, int, tuple[int, int], str]) -> None:
    with pytest.raises(ValueError, match="is no name of a raw file"):
        file_name(*values)


def test_every_part_has_a_folder_of_its_own() -> None:
    assert [folder_of(part) for part in (IFPROC, ROACHES[3], CHASSIS[2])] == [
        *("ifproc", "spectrometer/roach3", "RedshiftChassis2"),
    ]
    assert len({folder_of(part) for part in PARTS}) == len(PARTS)
