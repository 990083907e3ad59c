"""`lmtbot scan` on real files: what arrives in whatever order, late, cut off, replaced or gone ends in the same log."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli.main import main
from bot.doors.locks import hold
from bot.doors.rawdata import RawData
from bot.doors.scan_index import open_index
from bot.errors import Busy, DoorError, SettingsError
from bot.formats.obslog import RowFault, parse_log
from bot.model.raw import Readiness
from bot.settings import RawFiles
from bot.stages.scan import LOCK_FILE, ScanRequest, complete_observations, scan
from bot.stages.survey import Survey
from tests.e2e.raw_night import AT_ONCE, INDEX, LAST, LOG, Night, make_night
from tests.e2e.site import REPOSITORY
from tests.rawfiles import write_ifproc, write_rsr, write_seq

MINUTE_NS = 60 * 1_000_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Night, str]:
    """Return a night and the log of an undisturbed scan of it."""
    night = make_night(tmp_path_factory.mktemp("night"))
    calm = night.arrived(tmp_path_factory.mktemp("calm"))
    calm.scan()
    return night, calm.log()


@pytest.fixture
def night(made: tuple[Night, str], tmp_path: Path) -> Night:
    copy = tmp_path / "data"
    shutil.copytree(made[0].root, copy)
    return Night(copy)


def test_a_scan_writes_complete_rows_newest_first_and_tells_the_rest(night: Night) -> None:
    report = night.scan()
    assert night.rows() == [133551, 112141, 112139, 112137, 33551, 33550]
    assert [one.obsnum for one in report.incomplete] == [112140]
    assert report.incomplete[0].missing == ("roach2",)
    assert [one.obsnum for one in report.corrupt] == [125122]
    assert [(one.obsnum, one.gap) for one in report.gaps] == [(133551, ("calibration",))]
    assert report.ignored == {"ifproc": ("ifproc_2024-03-07_133553_00_0001_allantest.nc",)}
    assert (night.root / LAST).read_text() == "133551\n"
    assert "112140  incomplete, misses roach2 (SYN1, 2024-S1-MX-2)" in night.log()
    faults = [row for row in parse_log((night.root / LOG).read_bytes()) if isinstance(row, RowFault)]
    assert [fault.obsnum for fault in faults] == [125122]


def test_names_whose_bytes_are_no_text_are_told_and_stop_nothing(made: tuple[Night, str], night: Night) -> None:
    strange = (b"ifproc/x\xfe.nc", b"spectrometer/roach2/roach2_112140_0_1_M\xff31_2024-03-06_112131.nc")
    for name in strange:
        (Path(os.fsdecode(os.fsencode(night.root) + b"/" + name))).touch()
    for _ in range(2):
        report = night.scan()
        assert night.log() == made[1]
        assert report.ignored["ifproc"][-1] == "x\\xfe.nc"
        assert report.ignored["roach2"] == ("roach2_112140_0_1_M\\xff31_2024-03-06_112131.nc",)


def test_a_second_scan_opens_and_writes_nothing(night: Night) -> None:
    first = night.scan()
    assert first.files_opened == len(night.files()) - 1 + 1  # not allantest; the corrupt one is asked twice
    before = [(night.root / name).stat() for name in (LOG, LAST)]
    second = night.scan()
    assert (list(second.changed), second.files_opened, second.log_written) == ([], 0, False)
    after = [(night.root / name).stat() for name in (LOG, LAST)]
    assert [(one.st_mtime_ns, one.st_ino) for one in before] == [(one.st_mtime_ns, one.st_ino) for one in after]


def test_only_what_is_new_is_opened(night: Night) -> None:
    night.scan()
    write_seq(night.root, 112150, calobsnum=112137, at="2024-03-05T01:00:00")
    report = night.scan()
    assert (list(report.changed), report.files_opened) == ([112150], 5)
    assert night.rows()[3:5] == [112137, 112150], "late files of an old date stand at their date"
    assert (night.root / LAST).read_text() == "133551\n"


@pytest.mark.parametrize("seed", range(2))
def test_files_that_arrive_in_any_order_with_scans_between_end_in_the_same_log(
    made: tuple[Night, str], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    files = made[0].files()
    chance.shuffle(files)
    night = Night(tmp_path)
    for number, path in enumerate(files):
        target = tmp_path / path.relative_to(made[0].root)
        target.parent.mkdir(parents=True, exist_ok=True)
        hidden = target.with_name(f".{target.name}.Ab12cd")
        shutil.copyfile(path, hidden)
        hidden.rename(target)
        if number == 0 or chance.random() < 0.3:
            night.scan()
            told = {one.obsnum for one in complete_observations(night.site())}
            assert told == set(night.rows())
    night.scan()
    assert night.log() == made[1]


class Shuffled(RawData):
    """Lists folders in another order each time."""

    def names(self, part: str) -> list[str]:
        return random.sample(names := super().names(part), len(names))


def test_a_disk_that_lists_in_random_order_gives_the_same_log(made: tuple[Night, str], tmp_path: Path) -> None:
    night = made[0].arrived(tmp_path)
    with open_index(tmp_path / INDEX) as index:
        survey = Survey(index, Shuffled(tmp_path), AT_ONCE, time.time_ns())
        survey.look_for_new()
        survey.open_new(lambda _done, _total: None)
        survey.judge()
    night.scan()
    assert night.log() == made[1]


@pytest.mark.parametrize("form", [pytest.param("NETCDF3_64BIT_OFFSET", marks=pytest.mark.slow), "NETCDF4"])
def test_a_file_cut_off_at_any_tenth_holds_its_obsnum_back_until_it_is_whole(tmp_path: Path, form: str) -> None:
    write_seq(tmp_path, 112137, pgm="Cal", goal="Calibration")
    seq = [
        write_ifproc(tmp_path, 112139, calobsnum=112137, form=form),
        *write_seq(tmp_path, 112139, calobsnum=112137)[1:],
    ]
    rsr = write_rsr(tmp_path, 112150, form=form)
    night = Night(tmp_path)
    seq[0].unlink()
    write_ifproc(tmp_path, 112139, calobsnum=112137, form=form)
    night.scan()
    wanted = night.log()
    for path, obsnum in ((seq[0], 112139), (seq[3], 112139), (rsr[2], 112150)):
        whole = path.read_bytes()
        for tenth in range(10):
            path.unlink()
            path.write_bytes(whole[: len(whole) * tenth // 10])
            report = night.scan(rebuild=True) if path == seq[3] else night.scan()
            assert [one.obsnum for one in report.incomplete] == [obsnum], f"{path.name} at {tenth}/10"
            assert path.name in report.incomplete[0].reason
        path.write_bytes(whole)
        night.scan()
        assert night.log() == wanted


def test_a_growing_file_settles_before_it_is_opened(night: Night) -> None:
    patient = night.site(RawFiles(settle_seconds=3600))
    report = scan(patient, ScanRequest())
    assert report.files_opened == 0
    assert report.counts[Readiness.COMPLETE] == 0
    assert "still arriving" in report.incomplete[-1].reason
    later = scan(patient, ScanRequest(), clock=lambda: time.time_ns() + 61 * MINUTE_NS)
    assert later.counts[Readiness.COMPLETE] == 6


def test_what_is_missing_is_given_up_after_the_wait_and_taken_when_it_comes_late(night: Night) -> None:
    night.scan()
    waited = scan(night.site(), ScanRequest(), clock=lambda: time.time_ns() + 241 * MINUTE_NS)
    assert (112140, ("roach2",)) in [(one.obsnum, one.gap) for one in waited.gaps]
    assert "112140  complete without roach2 (SYN1, 2024-S1-MX-2)" in night.log()
    assert 112140 in night.rows()
    path = next((night.root / "spectrometer" / "roach2").glob("roach2_112139_*"))
    shutil.copyfile(path, path.with_name(path.name.replace("112139", "112140").replace("111000", "112000")))
    late = night.scan()
    assert list(late.changed) == [112140]
    assert "complete without" not in night.log()


def test_a_shorter_wait_is_obeyed_and_a_longer_one_takes_the_row_back(night: Night) -> None:
    night.scan()
    before = night.log()
    assert list(night.scan(wait_minutes=0).changed) == [112140]
    night.scan()
    assert night.log() == before


def test_a_clock_that_goes_backwards_neither_blocks_for_ever_nor_completes_too_early(night: Night) -> None:
    hours = [0, 30, -20, -20 + 3.9, -20 + 4.1]  # h since now; the files' own stamps say 0
    told = []
    for hour in hours[2:]:
        moment = time.time_ns() + int(hour * 60 * MINUTE_NS)
        told.append(scan(night.site(), ScanRequest(), clock=lambda moment=moment: moment).counts)
    assert [counts[Readiness.INCOMPLETE] for counts in told] == [1, 1, 0]
    assert [counts[Readiness.CORRUPT] for counts in told] == [1, 1, 1]


def test_the_log_is_the_same_after_the_clock_went_back_and_forth(made: tuple[Night, str], tmp_path: Path) -> None:
    night = made[0].arrived(tmp_path)
    for minutes in (0, -100_000, 50, -10, 0):
        scan(night.site(), ScanRequest(), clock=lambda minutes=minutes: time.time_ns() + minutes * MINUTE_NS)
    assert night.log() == made[1]


def test_a_header_that_is_replaced_under_its_name_is_read_again(night: Night) -> None:
    night.scan()
    path = next((night.root / "ifproc").glob("*_112139_*"))
    stamp = path.stat()
    path.unlink()
    write_ifproc(night.root, 112139, calobsnum=112137, source="SYN2", at="2024-03-06T11:10:00")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    report = night.scan()
    assert (list(report.changed), report.files_opened) == ([112139], 1)
    assert "SYN2" in night.log()


def test_rows_whose_files_are_gone_stay_until_they_are_dropped(night: Night) -> None:
    night.scan()
    before = night.rows()
    for path in night.files():
        if "33551" in path.name and "RedshiftChassis" in path.name:
            path.unlink()
    report = night.scan()
    assert (night.rows(), report.kept_rows) == (before, 1)
    (night.root / INDEX).unlink()
    assert night.scan().kept_rows == 1
    assert night.rows() == before
    night.scan(drop_missing=True)
    assert night.rows() == [obsnum for obsnum in before if obsnum != 33551]


def test_what_others_wrote_into_the_log_is_kept(made: tuple[Night, str], night: Night) -> None:
    foreign = "2014-05-06T07:08:09     9901  RSR        Science      Bs          I10565                    2014-S1-US-1"
    foreign += "                       0.0     0     300.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1"
    lines = [
        "# LAST UPDATED: yesterday",
        "# the receiver was warm in May",
        foreign,
        made[1].splitlines()[3],
        "# \udcff odd",
    ]
    (night.root / LOG).write_text("".join(f"{line}\n" for line in lines), errors="surrogateescape")
    report = night.scan()
    assert report.kept_rows == 1
    told = (night.root / LOG).read_text(errors="surrogateescape").splitlines()
    assert told == [*made[1].splitlines(), foreign, "# the receiver was warm in May", "# \udcff odd"]
    night.scan(rebuild=True)
    assert (night.root / LOG).read_text(errors="surrogateescape").splitlines() == told


@pytest.mark.parametrize("damage", ["lost", "garbage", "cut", "other version"])
def test_an_index_that_is_lost_or_broken_is_made_anew(made: tuple[Night, str], night: Night, damage: str) -> None:
    night.scan()
    path = night.root / INDEX
    data = path.read_bytes()
    if damage == "other version":
        import sqlite3

        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE meta SET value = 'other' WHERE key = 'made_by'")
            connection.execute("DROP TABLE file")
        with pytest.raises(DoorError, match="another version"):
            list(complete_observations(night.site()))
    else:
        path.unlink()
        broken = {"garbage": b"no database" * 1000, "cut": data[: len(data) // 2], "lost": b""}[damage]
        if broken:
            path.write_bytes(broken)
    night.scan()
    assert night.log() == made[1]
    assert len(list(complete_observations(night.site()))) == 6


def test_a_rebuild_reads_everything_again_and_says_the_same(made: tuple[Night, str], night: Night) -> None:
    night.scan()
    report = night.scan(rebuild=True)
    assert report.files_opened >= len(night.files()) - 1
    assert (night.log(), report.log_written) == (made[1], False)


def test_a_dry_run_writes_nothing_and_tells_the_same(night: Night) -> None:
    before = sorted(night.root.rglob("*"))
    dry = night.scan(dry_run=True)
    assert sorted(night.root.rglob("*")) == before
    wet = night.scan()
    assert (dry.changed, dry.counts, dry.incomplete) == (wet.changed, wet.counts, wet.incomplete)


def test_log_and_index_may_lie_elsewhere(night: Night, made: tuple[Night, str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    night.scan(out=out)
    assert (out / LOG).read_text() == made[1]
    assert not (night.root / LOG).exists()
    assert len(list(complete_observations(night.site(), out=out))) == 6


def test_complete_observations_are_asked_by_date_and_goal(night: Night) -> None:
    with pytest.raises(DoorError, match="lmtbot scan"):
        list(complete_observations(night.site()))
    night.scan()
    found = [one.obsnum for one in complete_observations(night.site(), since="2024-03-06", goals=("Science",))]
    assert found == [133551, 112141, 112139]


def test_a_scan_says_who_is_at_work_and_waits_for_it(night: Night) -> None:
    for path in night.files():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    words = [sys.executable, "-m", "bot", "scan", "--data", str(night.root), "--root", str(night.root)]
    with hold(night.root / LOCK_FILE, "data", "lmtbot scan"):
        with pytest.raises(Busy, match=f"process {os.getpid()}"):
            night.scan(wait_for_lock=False)
        waiting = subprocess.Popen(words, cwd=REPOSITORY, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert waiting.stderr
        assert f"process {os.getpid()}" in waiting.stderr.readline()
    assert waiting.communicate()[1] == ""
    assert waiting.returncode == 0


def test_a_folder_without_raw_data_is_told_and_left_alone(tmp_path: Path) -> None:
    night = Night(tmp_path / "nothing")
    with pytest.raises(SettingsError, match="mounted"):
        night.scan()
    assert not night.root.exists()


def test_the_command_tells_people_and_programs(night: Night, capsys: pytest.CaptureFixture[str]) -> None:
    (night.root / ".github").mkdir()
    (night.root / ".github" / "lmtbot.yml").write_text("raw:\n  settle_seconds: 0\n")
    where = ["--data", str(night.root), "--root", str(night.root)]
    assert main(["scan", *where]) == 0
    told = capsys.readouterr().out
    for words in (
        "8 obsnums are new",
        "misses roach2",
        "Receiver is no text",
        "names no calibration",
        "allantest",
        "was written",
    ):
        assert words in told
    assert main(["scan", "--json", *where]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["counts"], told["changed"]) == ({"complete": 6, "incomplete": 1, "corrupt": 1}, [])
    assert main(["last", *where]) == 0
    told = capsys.readouterr().out
    for words in (
        "133551",
        "112141",
        "RSR          33551",
        "misses roach2",
        "Newest quick look:            WORK_LMT is not set",
    ):
        assert words in told
    assert main(["last", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out)["log"] == "133551"
    assert main(["scan", "--wait", "soon", *where]) == 1


def test_a_scan_by_hand_looks_again_at_files_that_were_written_just_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody wants to be told that nothing is complete a second before it is."""
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "lmtbot.yml").write_text("raw:\n  settle_seconds: 1\n")
    write_seq(tmp_path, 112137, pgm="Cal", goal="Calibration")
    where = ["--data", str(tmp_path), "--root", str(tmp_path), "--json"]
    assert main(["scan", "--no-wait", *where]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["counts"]["complete"], told["files_settling"] > 0) == (0, True)
    assert main(["scan", *where]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["counts"]["complete"], told["files_settling"], told["changed"]) == (1, 0, [112137])


def test_a_copy_that_has_the_time_of_its_original_is_taken_at_once(night: Night) -> None:
    for path in night.files():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    report = scan(night.site(RawFiles(settle_seconds=3600)), ScanRequest())
    assert (report.counts[Readiness.COMPLETE], report.files_settling) == (6, 0)
