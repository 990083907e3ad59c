"""The simulated telescope: what it writes reads back as the row it began with, and arrives as rsync brings files."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from bot.cli.main import main
from bot.errors import ProjectError
from bot.formats.netcdf_classic import parse_layout, places_of, value_of
from bot.formats.obslog import parse_line, parse_log
from bot.formats.rawheader import header_of, wanted
from bot.formats.rawname import parse_name
from bot.model.observation import Observation
from bot.model.raw import HEADERED, IFPROC, Header
from bot.sim.telescope.arrival import MARK, Orders, bring, hidden_name, observe, schedule
from bot.sim.telescope.night import draw_night
from bot.sim.telescope.rawfile import FORMATS, encode
from bot.sim.telescope.recording import Recording, record
from bot.sim.telescope.signals import SIZES

REPO = Path(__file__).resolve().parents[2]
LOG = REPO / "tests" / "data" / "log" / "data_lmt.log"
ACCEPTED = Path(__file__).parent / "contract" / "raw_headers.txt"
TYPES = {"int": "int32", "char": "S1", "double": "float64", "float": "float32"}


@cache
def real_rows() -> tuple[Observation, ...]:
    """Return up to five real rows of each instrument, program and year."""
    found: dict[tuple[str, str, str], list[Observation]] = defaultdict(list)
    for row in parse_log(LOG.read_bytes()):
        if isinstance(row, Observation):
            found[row.instrument, row.pgm, row.date_obs[:4]].append(row)
    return tuple(row for rows in found.values() for row in rows[:5])


def as_told_today(row: Observation) -> Observation:
    """Return the row in today's layout: it has every column, and offsets with one decimal."""
    pgm, is_rsr = row.pgm, row.instrument == "RSR"
    if pgm.startswith("Map"):
        coordinate, _, motion = pgm.partition("(")[2].rstrip(")").partition("/")
        pgm = f"Map({coordinate or 'Az'})" if is_rsr else f"Map({coordinate}/{motion or 'C'})"
    return replace(
        row,
        pgm=pgm,
        restfreq_ghz=row.restfreq_ghz or 0.0,
        el_deg=row.el_deg or 0.0,
        azoff_arcsec=round(row.azoff_arcsec or 0.0, 1),
        eloff_arcsec=round(row.eloff_arcsec or 0.0, 1),
        valid=row.valid is not False,
    )


def header_in(data: bytes, name: str) -> Header:
    """Read a header as the bot does."""
    layout, raw = parse_layout(data), parse_name(name)
    assert layout is not None and raw is not None and layout.size_b <= len(data) < layout.size_b + 4
    return header_of(
        {
            key: value_of(layout.variables[key], b"".join(data[at : at + n] for at, n in places_of(layout, key)))
            for key in wanted(raw.part)
            if key in layout.variables
        },
        raw,
    )


def text_in(file: netCDF4.Dataset, name: str) -> str:
    """Read a text as the existing tool does, without masking blanks."""
    return b"".join(file.variables[name][:]).decode().strip()


def tree(root: Path) -> dict[str, tuple[bytes, float]]:
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime)
        for path in root.rglob("*")
        if path.is_file() and path.name != MARK
    }


def count_files(root: Path) -> int:
    return len(list(root.rglob("*.nc")))


def write(root: Path, recordings: list[Recording], orders: Orders = Orders()) -> None:  # noqa: B008
    for _ in observe(root, schedule(recordings, orders), orders):
        pass


def test_real_rows_come_back_from_every_header_of_their_files() -> None:
    recordings, skipped = record(real_rows())
    assert len(recordings) > 100 and not skipped
    for recording in recordings:
        for part in set(recording.parts) & set(HEADERED):
            header = header_in(encode(recording, part, SIZES["small"]), recording.path_of(part).name)
            assert header.observation == as_told_today(recording.observation)
            assert (header.calobsnum or -1) == recording.calobsnum
            assert header.numbands == (1 if recording.observation.instrument == "RSR" else recording.numbands)


@pytest.mark.parametrize("form", FORMATS)
def test_the_netcdf_library_finds_what_the_row_says(tmp_path: Path, form: str) -> None:
    for recording in record(draw_night(25, seed=5, first=1001, date="2024-02-29"))[0]:
        row, part = recording.observation, recording.parts[0]
        path = tmp_path / recording.path_of(part).name
        path.write_bytes(encode(recording, part, SIZES["small"], form=form))
        with netCDF4.Dataset(path) as file:
            assert text_in(file, "Header.Dcs.ObsPgm") == row.pgm.partition("(")[0]
            assert text_in(file, "Header.Source.SourceName") == row.source
            assert text_in(file, "Header.Dcs.ProjectId") == row.pid
            assert b"\0" not in b"".join(file.variables["Header.Dcs.Receiver"][:])
            assert np.degrees(file.variables["Header.Source.Dec"][0]) == pytest.approx(row.dec_deg, abs=1e-9)
            year = float(file.variables["Header.TimePlace.UTDate"][0])
            seconds = (year % 1) * 366 * 86400
            assert int(seconds) == (datetime.fromisoformat(row.date_obs) - datetime(2024, 1, 1)).total_seconds()


def accepted() -> Iterator[tuple[str, list[str]]]:
    common: list[str] = []
    for block in ACCEPTED.read_text().split("\n\n")[1:]:
        kind, *lines = block.split("\n")
        variables = [line.strip() for line in lines if line.strip()]
        common = variables if kind == "SEQ/Cal" else common
        yield kind, [*common, *variables] if kind in ("SEQ/Map", "SEQ/Ps", "SEQ/Bs") else variables


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("kind", "variables"), list(accepted()), ids=[kind for kind, _ in accepted()])
def test_every_variable_that_the_existing_readers_need_is_there(
    tmp_path: Path, kind: str, variables: list[str], form: str
) -> None:
    mode = "SEQ/Map" if kind == "roach" else kind
    recording = next(r for r in record(real_rows())[0] if r.observation.mode == mode)
    part = "roach0" if kind == "roach" else recording.parts[0]
    (tmp_path / "raw.nc").write_bytes(encode(recording, part, SIZES["small"], form=form))
    with netCDF4.Dataset(tmp_path / "raw.nc") as file:
        for line in variables:
            declared, _, rest = line.partition(" ")
            name, _, axes = rest.rstrip(")").partition("(")
            found = file.variables[name]
            assert str(found.dtype).lstrip("|") == TYPES[declared], name
            shape = dict(axis.strip().split("=") for axis in axes.split(",") if axis)
            assert list(found.dimensions) == list(shape), name
            sizes = zip(shape.values(), found.shape, strict=True)
            assert all(want in ("*", str(size)) for want, size in sizes), name


def test_roaches_interleave_their_inputs_inside_the_time_of_the_ifproc(tmp_path: Path) -> None:
    recording = next(r for r in record(real_rows())[0] if r.observation.mode == "SEQ/Ps")
    for part in (IFPROC, "roach5"):
        (tmp_path / part).write_bytes(encode(recording, part, SIZES["small"]))
    with netCDF4.Dataset(tmp_path / IFPROC) as ifproc, netCDF4.Dataset(tmp_path / "roach5") as roach:
        times, bufpos = ifproc["Data.TelescopeBackend.TelTime"][:], ifproc["Data.TelescopeBackend.BufPos"][:]
        dumps = roach["Data.Integrate.time"][:] - roach["Data.Integrate.read_time"][...]
        assert roach["Data.Integrate.Inputs"][:].tolist() == [0, 1, 2, 3] * 4
        assert roach["Data.Integrate.Data"].shape == (16, 2048)
        looked = [int(bufpos[np.abs(times - moment).argmin()]) for moment in dumps[::4]]
        assert looked == [1, 0, 1, 0]  # reference, source: as many of each, in turn
        assert roach["Data.Integrate.Data"][:, 1024].min() > 100  # less is low power to the existing reader


def test_a_calibration_of_rsr_is_one_file_of_six_subscans_that_gives_a_system_temperature(tmp_path: Path) -> None:
    recording = next(r for r in record(real_rows())[0] if r.observation.mode == "RSR/Cal")
    (tmp_path / "raw.nc").write_bytes(encode(recording, "chassis2", SIZES["small"]))
    with netCDF4.Dataset(tmp_path / "raw.nc") as file:
        assert int(file["Header.Cal.CalMode"][...]) == 1  # in the sky; the only one that takes a single file
        hot, sky, w, x, y, z = file["Data.RedshiftChassis_2_.AccData"][:]
        assert np.allclose(279 * sky / (hot - sky), 199.3, atol=0.1)
        assert (w - x - y + z).min() > 0


def test_a_file_grows_under_a_hidden_name_and_takes_its_own_when_whole(tmp_path: Path) -> None:
    target, seen = tmp_path / "ifproc" / "ifproc_2024-03-05_110001_00_0001.nc", []

    def watch() -> Iterator[None]:
        for _ in range(4):
            seen.append({path.name: path.stat().st_size for path in target.parent.iterdir()})
            yield

    bring(target, bytes(1000), 1.7e9, watch())
    hidden = hidden_name(target.name)
    assert seen == [{hidden: 0}, {hidden: 250}, {hidden: 500}, {hidden: 750}]
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    assert (target.stat().st_size, target.stat().st_mtime) == (1000, 1.7e9)
    assert parse_name(hidden) is None


def test_at_any_moment_what_has_its_name_is_whole(tmp_path: Path) -> None:
    arrivals = schedule(record(draw_night(12, seed=2, first=1, date="2024-11-05"))[0], Orders())
    for arrival, size in observe(tmp_path, arrivals, Orders()):
        path = tmp_path / arrival.path
        layout = parse_layout(path.read_bytes())
        assert layout is not None and path.stat().st_size == size >= layout.size_b
        assert path.stat().st_mtime == arrival.recording.end.timestamp()
    assert not [path for path in tmp_path.rglob(".*") if path.name != MARK]


def test_a_night_comes_from_its_seed_alone() -> None:
    night = draw_night(200, seed=7, first=140001, date="2024-11-05")
    assert night == draw_night(200, seed=7, first=140001, date="2024-11-05")
    assert night != draw_night(200, seed=8, first=140001, date="2024-11-05")
    assert [row.obsnum for row in night] == list(range(140001, 140201))
    assert [row.date_obs for row in night] == sorted(row.date_obs for row in night)
    assert len({row.mode for row in night}) >= 9 and len({row.pid for row in night}) == 5
    recordings, skipped = record(night)
    assert not skipped and schedule(recordings, Orders()) == schedule(record(night)[0], Orders())
    assert schedule(recordings, Orders(seed=2)) != schedule(recordings, Orders())


def test_calibrations_come_before_what_names_them_and_ifproc_never_first() -> None:
    recordings, _ = record(draw_night(80, seed=1, first=1, date="2024-11-05"))
    cals = {r.observation.obsnum: r.observation for r in recordings if r.program == "Cal"}
    last_file: dict[int, int] = {}
    seen: set[int] = set()
    for place, arrival in enumerate(schedule(recordings, Orders())):
        row = arrival.recording.observation
        if row.obsnum not in seen and arrival.part == IFPROC:
            pytest.fail(f"{arrival.path} comes first")
        if row.obsnum not in seen and row.obsnum not in cals:
            cal = cals[arrival.recording.calobsnum]
            assert (cal.instrument, cal.pid) == (row.instrument, row.pid)
            assert (
                last_file[cal.obsnum] == sum(len(r.parts) for r in recordings if r.observation.obsnum <= cal.obsnum) - 1
            )
        seen.add(row.obsnum)
        last_file[row.obsnum] = place


def test_late_files_make_obsnums_arrive_out_of_order_and_none_is_lost() -> None:
    recordings, _ = record(draw_night(60, seed=1, first=1, date="2024-11-05"))
    orders = Orders(spacing_s=60, delay_s=600)
    arrivals = schedule(recordings, orders)
    obsnums = [arrival.recording.observation.obsnum for arrival in arrivals]
    assert obsnums != sorted(obsnums)
    assert {a.path for a in arrivals} == {a.path for a in schedule(recordings, Orders())}
    late = [a for a in arrivals if a.begin_s > 60 * (a.recording.observation.obsnum - 1) + 10]
    assert 0 < len(late) < len(arrivals) / 4


def test_a_log_gives_exactly_its_rows_and_names_what_it_leaves_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [b"2024-03-05T05:01:00 110%03d SEQ Science Ps A(*)+b.c 2024-S1-MX-2 115.2712 20 24.0 150 12 1 2 0 0 1" % n
            for n in (2, 3)]  # fmt: skip
    again = good[0].replace(b"05:01:00", b"05:09:00").replace(b" Ps ", b" Bs ")
    lost = [b"2024-03-05T05:00:00 110009 OMAYA Science Ps A P 115.0 20 24.0 150.0 12.0 120.0 60.0 0 0 1", b"garbage"]
    (tmp_path / "log").write_bytes(b"\n".join([b"# head", good[1], again, *good, *lost]) + b"\n")
    assert main(["sim", "telescope", "--data", str(tmp_path / "raw"), "--from", str(tmp_path / "log")]) == 0
    told = capsys.readouterr()
    assert "obsnum 110009: OMAYA receiver" in told.err and "line 7: a row begins" in told.err
    assert told.out.startswith("3 obsnums, 27 files written, 0 were there")
    names = sorted(path.name for path in (tmp_path / "raw" / "ifproc").iterdir())
    assert names == [f"ifproc_2024-03-05_110{n}_00_000{scan}.nc" for n, scan in (("002", 1), ("002", 2), ("003", 1))]
    rows = [header_in((tmp_path / "raw" / "ifproc" / name).read_bytes(), name).observation for name in names]
    assert rows == [parse_line(line) for line in (good[0], again, good[1])]


def test_faults_come_as_ordered(tmp_path: Path) -> None:
    rows = [replace(row, instrument="SEQ", pgm="Ps") for row in draw_night(4, seed=1, first=125121, date="2022-11-05")]
    orders = Orders(lost=frozenset({"roach3"}), corrupt=frozenset({125122}), truncated=frozenset({125123}))
    write(tmp_path, record(rows)[0], orders)
    assert sorted(path.name for path in (tmp_path / "spectrometer").iterdir()) == ["roach0", "roach1", "roach2"]
    whole, corrupt, cut, _ = sorted((tmp_path / "ifproc").iterdir())
    assert header_in(whole.read_bytes(), whole.name).numbands == 1  # one band before April 2023
    with netCDF4.Dataset(corrupt) as file, pytest.raises(UnicodeDecodeError):
        text_in(file, "Header.Dcs.Receiver")
    assert abs(cut.stat().st_size - whole.stat().st_size // 2) < 300


@pytest.mark.slow
def test_killed_and_started_again_it_ends_with_the_same_files(tmp_path: Path) -> None:
    night = ["--random", "60", "--seed", "9", "--spacing", "1", "--delay", "30"]
    words = [sys.executable, "-m", "bot", "sim", "telescope", *night, "--data"]
    subprocess.run([*words, str(tmp_path / "whole")], check=True, cwd=REPO, stdout=subprocess.DEVNULL)
    whole = tree(tmp_path / "whole")
    rng, progress = random.Random(1), [0]
    for _ in range(4):
        process = subprocess.Popen([*words, str(tmp_path / "torn"), "--rate", "20"], cwd=REPO)
        while count_files(tmp_path / "torn") == progress[-1]:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        progress.append(count_files(tmp_path / "torn"))
    assert progress == sorted(progress) and 0 < progress[-1] < len(whole)
    subprocess.run([*words, str(tmp_path / "torn")], check=True, cwd=REPO, stdout=subprocess.DEVNULL)
    assert tree(tmp_path / "torn") == whole


def test_files_that_are_whole_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sim", "telescope", "--data", str(tmp_path), "--random", "3", "--json"]
    assert main(words) == 0
    written = json.loads(capsys.readouterr().out)
    before = {path: path.stat().st_ctime_ns for path in tmp_path.rglob("*.nc")}
    assert len(written) == len(before) > 0
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert {path: path.stat().st_ctime_ns for path in tmp_path.rglob("*.nc")} == before


def test_a_dry_run_tells_the_same_files_and_writes_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sim", "telescope", "--data", str(tmp_path / "raw"), "--random", "9", "--json"]
    assert main([*words, "--dry-run"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert not (tmp_path / "raw").exists()
    assert main(words) == 0
    assert [entry["file"] for entry in json.loads(capsys.readouterr().out)] == [entry["file"] for entry in planned]


def test_nothing_is_ever_written_beside_real_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "RedshiftChassis2").mkdir()
    recordings, _ = record(draw_night(3, seed=1, first=1, date="2024-11-05"))
    with pytest.raises(ProjectError, match="RedshiftChassis2"):
        write(tmp_path, recordings)
    monkeypatch.setenv("DATA_LMT", str(tmp_path / "real"))
    assert main(["sim", "telescope", "--random", "3"]) == 1
    assert "--data DIR" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["RedshiftChassis2"]


def test_telescope_time_passes_at_the_rate_asked_for(tmp_path: Path) -> None:
    rows = draw_night(4, seed=1, first=1, date="2024-11-05")
    began = time.monotonic()
    write(tmp_path, record(rows)[0], Orders(rate=100, spacing_s=10))
    assert time.monotonic() - began >= 0.3
