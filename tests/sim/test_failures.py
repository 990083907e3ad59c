"""Failure on demand, one call at a time, and what the pipeline refuses."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from bot.sim.pipeline import faults, rcwriter
from bot.sim.pipeline.arguments import UsageError, parse
from bot.sim.pipeline.facts import ObservationLog, UnknownObservation, parse_row

from .conftest import PID, Telescope, row


def has_rms(folder: Path) -> bool:
    return any(rcwriter.read(path).get("rms") for path in folder.glob("lmtoy_1*.rc"))


def test_no_rc_is_exit_0_without_any_rc(telescope: Telescope) -> None:
    telescope.faults({110002: [{"fault": "no_rc"}]})
    assert telescope.run("obsnum=110002", "restart=1") == 0
    assert list(telescope.folder(110002).glob("lmtoy_1*.rc")) == []
    assert (telescope.folder(110002) / "lmtoy_110002.log").exists()


@pytest.mark.parametrize("obsnum", [110002, 110011, 110021, 120002])
def test_half_rc_ends_in_the_middle_of_a_line_before_its_rms(telescope: Telescope, obsnum: int) -> None:
    telescope.faults({obsnum: [{"fault": "half_rc"}]})
    assert telescope.run(f"obsnum={obsnum}", "restart=1") == 0
    last = {110002: "__0", 110011: "__1", 110021: "__1", 120002: ""}[obsnum]
    text = (telescope.folder(obsnum) / f"lmtoy_{obsnum}{last}.rc").read_text()
    assert not text.endswith("\n")
    assert (text.count("\nrms=") == 0) or last == "__1"  # bank 1 begins as a copy of bank 0
    assert not (telescope.work / PID / "dirzip" / f"{obsnum}_lmtmetadata.yaml").exists()


def test_python_error_leaves_a_hollow_product(telescope: Telescope) -> None:
    telescope.faults({110002: [{"fault": "python_error"}], 120002: [{"fault": "python_error"}]})
    assert telescope.run("obsnum=110002", "restart=1") == 0
    assert telescope.run("obsnum=120002", "restart=1") == 0
    assert not has_rms(telescope.folder(110002))
    assert not has_rms(telescope.folder(120002))
    assert (telescope.work / PID / "dirzip" / "110002_SRDP.zip").exists()
    assert not (telescope.work / PID / "dirzip" / "110002_lmtmetadata.yaml").exists()


@pytest.mark.parametrize("code", [0, 1])
def test_crash_leaves_a_traceback_and_a_partial_tree(telescope: Telescope, code: int) -> None:
    telescope.faults({"*": [{"fault": "crash", "exit": code}]})
    process = telescope.start("obsnum=110002", "restart=1")
    output, _ = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Traceback" in output
    assert not has_rms(telescope.folder(110002))
    assert not (telescope.work / PID / "dirzip").exists()


def test_oom_is_a_sigkill_and_the_next_call_runs(telescope: Telescope) -> None:
    telescope.faults({110002: [{"fault": "oom", "times": 1}]})
    assert telescope.start("obsnum=110002", "restart=1").wait(20) == -signal.SIGKILL
    assert telescope.run("obsnum=110002", "restart=1") == 0
    assert has_rms(telescope.folder(110002))


def test_hang_lasts_until_it_is_killed(telescope: Telescope) -> None:
    telescope.faults({110002: [{"fault": "hang"}]})
    process = telescope.start("obsnum=110002", "restart=1")
    with pytest.raises(Exception, match="timed out"):
        process.wait(1.5)
    process.terminate()
    assert process.wait(10) == 143


def test_slow_goes_on_afterwards(telescope: Telescope) -> None:
    telescope.faults({110002: [{"fault": "slow", "seconds": 0.5}]})
    began = time.monotonic()
    assert telescope.run("obsnum=110002", "restart=1") == 0
    assert time.monotonic() - began > 0.5
    assert has_rms(telescope.folder(110002))


def test_a_fault_can_be_meant_for_one_line_only(telescope: Telescope) -> None:
    telescope.faults({110011: [{"fault": "no_rc", "contains": "bank=1"}]})
    telescope.run("obsnum=110011", "restart=1")
    assert has_rms(telescope.folder(110011))


def test_faults_are_counted_once_whatever_runs_in_parallel(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(yaml.safe_dump({7: [{"fault": "no_rc", "times": 3}]}))
    with ThreadPoolExecutor(16) as pool:
        chosen = list(pool.map(lambda _: faults.choose(file, tmp_path / "state", "7", "").name, range(40)))
    assert chosen.count("no_rc") == 3


def test_an_unknown_fault_is_told(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(yaml.safe_dump({7: [{"fault": "meteor"}]}))
    with pytest.raises(ValueError, match="meteor"):
        faults.choose(file, tmp_path, "7", "")


def test_a_failed_rerun_keeps_old_zips_and_metadata(telescope: Telescope) -> None:
    telescope.run("obsnum=110002", "restart=1")
    dirzip = telescope.work / PID / "dirzip"
    old = {path.name: path.read_bytes() for path in dirzip.iterdir()}
    telescope.faults({110002: [{"fault": "no_rc"}]})
    telescope.run("obsnum=110002", "restart=1")
    assert {path.name: path.read_bytes() for path in dirzip.iterdir()} == old


def test_a_combination_needs_its_members_in_the_same_work_lmt(telescope: Telescope) -> None:
    telescope.run("obsnum=110002", "restart=1")
    elsewhere = telescope.root / "elsewhere"
    assert telescope.run("obsnums=110002,110003", "restart=1") == 1
    telescope.run("obsnum=110003", "restart=1")
    assert telescope.run("obsnums=110002,110003", "restart=1", f"work_lmt={elsewhere}") == 1
    assert not (elsewhere / PID).exists()
    assert telescope.run("obsnums=110002,110003", "restart=1") == 0


def test_one_hollow_member_is_left_out_of_a_combination(telescope: Telescope) -> None:
    for obsnum in (110002, 110044):
        telescope.run(f"obsnum={obsnum}", "restart=1")
    assert telescope.run("obsnums=110002,110044", "restart=1") == 0
    assert rcwriter.read(telescope.folder("110002_110044") / "lmtoy_110002_110044__0.rc")["inttime"] == "32"


def test_restart_minus_one_and_exist_leave_a_directory_alone(telescope: Telescope) -> None:
    telescope.run("obsnum=110002", "restart=1")
    args = telescope.folder(110002) / "lmtoy_args.log"
    for word in ("restart=-1", "exist=1", "skip=1"):
        assert telescope.run("obsnum=110002", word) == 0
    assert len(args.read_text().splitlines()) == 1
    telescope.run("obsnum=110002", "restart=2")
    assert args.read_text() == "obsnum=110002 restart=2\n"
    assert telescope.run("obsnum=110003", "skip=1") == 0
    assert not telescope.folder(110003).exists()


def test_archive_notes_and_removes_the_package(telescope: Telescope) -> None:
    assert telescope.run("obsnum=110002", "archive=1") == 1
    telescope.run("obsnum=110002", "restart=1")
    assert telescope.run("obsnum=110002", "_io=SEQ/Map", "_s=SYN1", "archive=1") == 0
    assert (telescope.work / "dataverse.log").read_text().split()[1:] == [PID, "110002"]
    assert not (telescope.work / PID / "dir4dv" / "110002").exists()
    assert (telescope.work / PID / "dirzip" / "110002_SRDP.zip").exists()


def test_tap_goes_to_the_host_that_rsync_names(telescope: Telescope) -> None:
    hosts = telescope.root / "hosts"
    words = ("obsnum=110002", "restart=1", "tap=1", "rsync=someone@unity:/nese/%s")
    telescope.run(*words, LMTSIM_HOSTS=str(hosts))
    assert (hosts / "someone@unity" / "nese" / PID / "110002_TAP.tar").exists()


def test_meta_0_with_no_zips_makes_no_package(telescope: Telescope) -> None:
    telescope.run("obsnum=110002", "restart=1", "meta=0", "srdp=0", "sdfits=0")
    assert not (telescope.work / PID / "dir4dv").exists()
    telescope.run("obsnum=110002", "restart=1", "meta=0")
    assert not (telescope.work / PID / "dirzip" / "110002_lmtmetadata.yaml").exists()


def test_zip_links_stand_in_readme_from_the_second_call_on(telescope: Telescope) -> None:
    page = telescope.folder(110002) / "README.html"
    telescope.run("obsnum=110002", "restart=1")
    assert "SRDP.zip" not in page.read_text()
    telescope.run("obsnum=110002")
    assert "SRDP.zip" in page.read_text()


def test_the_journal_counts_real_executions(telescope: Telescope) -> None:
    journal = telescope.root / "journal"
    for word in ("restart=1", "exist=1"):
        telescope.start("obsnum=110002", word, LMTSIM_JOURNAL=str(journal)).wait(20)
    lines = [line.split() for line in journal.read_text().splitlines()]
    assert [line[2:] for line in lines] == [
        ["start", "obsnum=110002", "restart=1"],
        ["0", "obsnum=110002", "restart=1"],
        ["start", "obsnum=110002", "exist=1"],
        ["0", "obsnum=110002", "exist=1"],
    ]


def test_a_call_lasts_as_long_as_it_is_told(telescope: Telescope) -> None:
    began = time.monotonic()
    assert telescope.run("obsnum=110021", "restart=1", LMTSIM_SECONDS="0.6") == 0
    assert time.monotonic() - began >= 0.6


def test_observations_side_by_side_do_not_disturb_each_other(telescope: Telescope) -> None:
    calls = [telescope.start(f"obsnum={n}", "restart=1") for n in (110002, 110003, 110011, 110021, 120002)]
    assert [process.wait(60) for process in calls] == [0] * 5
    assert all(has_rms(telescope.folder(n)) for n in (110002, 110003, 110011, 110021, 120002))


@pytest.mark.parametrize("words", [["110002"], ["restart=1"], ["obsnum=0"], ["obsnum=x"], ["obsnums="], ["obsnum=-5"]])
def test_calls_without_a_usable_obsnum_are_refused(words: list[str]) -> None:
    with pytest.raises(UsageError):
        parse(words)


DATE = "2024-03-06T11:21:31"
LAYOUTS = {
    "17 words": f"{DATE} 112139 SEQ Science Map(L/C) G358.7+3.7 2024-S1-MX-2 115.2712 0 1940.9 0 0 1 2 0 0 1",
    "16, no valid": f"{DATE} 112139 SEQ Science Map(Az/D) S 2024-S1-MX-2 115.2712 0 19.0 0 0 1 2 0 0",
    "15, no receiver": f"{DATE} 97863 Science Map(Ra) M100 2021-S1-US-3 115.2712 1575 724.0 185 15 264 69 -540 0",
    "13, RSR for a frequency": f"{DATE} 98443 Science Bs G12 2021-S1-MX-34 RSR 0 360.0 175.8 0.47 229.5 62.6",
    "13, no frequency": f"{DATE} 104747 RSR Science Bs J1237 2023-S1-UM-10 0 12.0 189.3 42.0 321.7 58.2",
    "18, three words": f"{DATE} 109455 SEQ Wide Mode Test Ps VX-Sgr 2023S1X 86.2434 8 90.0 272 -22.2 172 48 -720 0",
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_rows_of_all_layouts_are_read(name: str) -> None:
    facts = parse_row(LAYOUTS[name])
    assert facts is not None and facts.is_valid and facts.tint_s > 10
    assert facts.instrument == ("RSR" if name.startswith("13") else "SEQ")


def test_an_obsnum_is_matched_exactly(tmp_path: Path) -> None:
    log = tmp_path / "log"
    pair = (row(99, "SEQ", "Ps", "A", 5), row(99, "SEQ", "Ps", "B", 5))
    log.write_text("\n".join([row(110, "SEQ", "Cal", "S", 5), row(111, "SEQ", "Ps", "S", 5), *pair, "# 11 remark"]))
    book = ObservationLog(log)
    assert book.calibration_of(book.find(111)) == 110
    for obsnum in (11, 1, 1111, 99):
        with pytest.raises(UnknownObservation):
            book.find(obsnum)
