"""The simulated pipeline reads what the simulated telescope wrote: no log is needed where there are raw files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

from bot.model.observation import Observation
from bot.sim.pipeline import netcdf, rawdata, rcwriter
from bot.sim.pipeline.facts import ObservationLog, UnknownObservation
from bot.sim.telescope.arrival import Orders, observe, schedule
from bot.sim.telescope.rawfile import encode
from bot.sim.telescope.recording import record
from bot.sim.telescope.signals import SIZES

from .conftest import Telescope

PID = "2024-S1-UM-11"
MODES = {
    210002: ("SEQ", "Map(Ra/C)", "2024-11-05", 2),
    210004: ("SEQ", "Map(Az/D)", "2022-11-05", 1),
    210006: ("SEQ", "Ps", "2024-11-05", 2),
    210008: ("SEQ", "Bs", "2024-11-05", 2),
    210010: ("1MM", "Ps", "2024-11-05", 2),
    210012: ("1MM", "Map(Dec/D)", "2024-11-05", 2),
    210014: ("RSR", "Bs", "2024-11-05", 1),
}
LINES = {"SEQ": 115.2712, "1MM": 230.538, "RSR": 0.0}


def row(obsnum: int, instrument: str, pgm: str, date: str, tint_s: float = 240.0) -> Observation:
    return Observation(
        obsnum, f"{date}T05:{obsnum % 60:02d}:07", instrument, "Science", pgm, "SYN+1(a)", PID, LINES[instrument],
        0.0 if instrument == "RSR" else 21.0, tint_s, 150.25, -12.5, 120.0, 60.0, 0.0, 0.0, True,
    )  # fmt: skip


def pair(obsnum: int, **more: Any) -> list[Observation]:
    """Return an observation of one of the MODES and the calibration before it."""
    instrument, pgm, date, _ = MODES[obsnum]
    return [row(obsnum - 1, instrument, "Cal", date, tint_s=6.0), replace(row(obsnum, instrument, pgm, date), **more)]


Expose = Callable[..., None]


@pytest.fixture
def expose(telescope: Telescope) -> Expose:
    """Write raw files of rows; nothing is left in the log."""
    (telescope.data / "data_lmt.log").write_text("")
    telescope.truth.clear()

    def write(rows: list[Observation], **orders: Any) -> None:
        told = Orders(**orders)
        for _ in observe(telescope.data, schedule(record(rows)[0], told), told):
            pass

    return write


def rms_of(telescope: Telescope, obsnum: int) -> list[str]:
    """Return rms of every bank that has one."""
    paths = sorted(telescope.folder(obsnum, PID).glob(f"lmtoy_{obsnum}__?.rc"))
    values = [rcwriter.read(path) for path in paths or [telescope.folder(obsnum, PID) / f"lmtoy_{obsnum}.rc"]]
    return [found["rms"] for found in values if found.get("rms")]


@pytest.mark.parametrize("form", ["classic", "netcdf4"])
@pytest.mark.parametrize("obsnum", MODES)
def test_every_mode_is_reduced_from_its_raw_files(telescope: Telescope, expose: Expose, obsnum: int, form: str) -> None:
    instrument, pgm, date, numbands = MODES[obsnum]
    expose(pair(obsnum), form=form)
    assert telescope.run(f"obsnum={obsnum}", "restart=1") == 0
    told = rcwriter.read(telescope.folder(obsnum, PID) / f"lmtoy_{obsnum}.rc")
    assert (told["obspgm"], told["src"], told["ProjectId"]) == (pgm.partition("(")[0], "SYN+1(a)", PID)
    assert (told["calobsnum"], told["date_obs"]) == (str(obsnum - 1), f"{date}T05:{obsnum % 60:02d}:07")
    if obsnum == 210008:  # beam switching never writes an rms
        assert list(telescope.folder(obsnum, PID).glob("*.png"))
    else:
        assert len(rms_of(telescope, obsnum)) == numbands
    if pgm == "Map(Az/D)":
        assert (told["map_coord"], told["map_motion"]) == ("Az", "Discrete")
    if instrument == "SEQ":
        assert told["restfreq"].split(",") == ["115.271204", "110.201353"][:numbands]


def test_header_and_log_tell_the_same(telescope: Telescope, expose: Expose) -> None:
    for obsnum in MODES:
        expose(pair(obsnum))
    lines = [
        f"{r.date_obs} {r.obsnum} {r.instrument} Science {r.pgm} {r.source} {PID} {r.restfreq_ghz} {r.vlsr_kms}"
        f" {r.tint_s} {r.ra_deg} {r.dec_deg} {r.az_deg} {r.el_deg} 0 0 1"
        for obsnum in MODES
        for r in pair(obsnum)
    ]
    (telescope.data / "written.log").write_text("\n".join(lines) + "\n")
    log, none = ObservationLog(telescope.data / "written.log"), ObservationLog(telescope.data / "none")
    for obsnum in MODES:
        found, logged = rawdata.find(telescope.data, none, obsnum), log.find(obsnum)
        assert (found.ra_deg, found.dec_deg) == (pytest.approx(logged.ra_deg), pytest.approx(logged.dec_deg))
        assert found.calobsnum == log.calibration_of(logged)
        same = {"ra_deg": logged.ra_deg, "dec_deg": logged.dec_deg, "calobsnum": None, "numbands": None}
        assert replace(found, **same) == replace(logged, map_coord=found.map_coord)


def test_the_small_reader_finds_what_the_netcdf_library_finds(tmp_path: Path) -> None:
    for recording in record([observation for obsnum in MODES for observation in pair(obsnum)])[0]:
        for part in (recording.parts[0], recording.parts[-1]):
            data = encode(recording, part, SIZES["small"])
            found = netcdf.decode(data)
            (tmp_path / "raw.nc").write_bytes(data)
            with netCDF4.Dataset(tmp_path / "raw.nc") as file:
                assert list(found) == list(file.variables)
                for name, values in found.items():
                    assert np.array_equal(values, np.asarray(file.variables[name][...]).ravel()), name
            for size in range(0, len(data), len(data) // 40):
                with pytest.raises(netcdf.NotReadable):
                    netcdf.decode(data[:size])


@pytest.mark.parametrize(
    ("why", "more", "orders"),
    [
        ("not valid", {"valid": False}, {}),
        ("Cannot process", {"pgm": "Cal"}, {}),
        ("unsupported receiver", {}, {"corrupt": frozenset({210002})}),
        ("unsupported receiver", {}, {"truncated": frozenset({210002})}),
        ("No matching", {}, {"lost": frozenset({"ifproc"})}),
    ],
)
def test_what_the_pipeline_refuses_ends_with_1_and_leaves_nothing(
    telescope: Telescope, expose: Expose, capsys: pytest.CaptureFixture[str], why: str, more: Any, orders: Any
) -> None:
    expose(pair(210002, **more), **orders)
    assert telescope.run("obsnum=210002", "restart=1") == 1
    assert why in capsys.readouterr().out
    assert not (telescope.work / PID).exists()


def test_two_scans_of_an_obsnum_and_an_obsnum_inside_another_are_two_matches(
    telescope: Telescope, expose: Expose
) -> None:
    again = row(210002, "SEQ", "Ps", "2024-11-06")
    suffix = row(1210006, "SEQ", "Ps", "2024-11-05")
    expose([*pair(210002), again, *pair(210006), suffix])
    for obsnum in (210002, 210006):
        with pytest.raises(UnknownObservation, match="Multiple"):
            rawdata.find(telescope.data, ObservationLog(telescope.data / "none"), obsnum)
    assert telescope.run("obsnum=1210006", "restart=1") == 0


def test_an_obsnum_of_the_log_without_raw_files_is_not_known(telescope: Telescope, expose: Expose) -> None:
    expose(pair(210006))
    with (telescope.data / "data_lmt.log").open("w") as log:
        log.write(f"2024-11-05T05:00:00 210020 SEQ Science Ps SYN {PID} 115.2712 20 24.0 150.0 12.0 120.0 60.0 0 0 1\n")
    assert telescope.run("obsnum=210020", "restart=1") == 1


def test_a_dead_roach_is_a_warning_and_a_missing_calibration_a_hollow_product(
    telescope: Telescope, expose: Expose
) -> None:
    expose(pair(210002), lost=frozenset({"roach6"}))
    assert telescope.run("obsnum=210002", "restart=1") == 0
    assert len(rms_of(telescope, 210002)) == 2
    assert "Warning" in (telescope.folder(210002, PID) / "lmtoy_210002.log").read_text()
    expose(pair(210006)[1:])
    assert telescope.run("obsnum=210006", "restart=1") == 0
    assert rms_of(telescope, 210006) == []


def test_the_hidden_truth_still_wins_over_the_header(telescope: Telescope, expose: Expose) -> None:
    expose(pair(210006))
    telescope.truth[210006] = {"numbands": 1, "calobsnum": -1}
    assert telescope.run("obsnum=210006", "restart=1") == 0
    told = rcwriter.read(telescope.folder(210006, PID) / "lmtoy_210006.rc")
    assert (told["numbands"], told["calobsnum"]) == ("1", "-1")
