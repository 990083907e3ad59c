"""Faults of the world around the chain telescope -> scan -> quick look -> far side, with real parts."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.stages.scan import ScanRequest, scan
from tests.contract.sshd import Sshd
from tests.e2e.nights import ODD_PID, NightSite, wait_for
from tests.e2e.nights import make_night as make_nothing
from tests.e2e.quick import at_work
from tests.e2e.raw_night import AT_ONCE, INDEX, LOG, Night, make_night
from tests.e2e.site import PID, PIPELINE, REPOSITORY, kill_tree
from tests.rawfiles import write_ifproc, write_rsr, write_seq
from tests.taps import need

HOUR_NS = 3_600_000_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return make_night(tmp_path_factory.mktemp("made"))


@pytest.fixture
def night(made: Night, tmp_path: Path) -> Night:
    """Return a night that was scanned, its missing roach given up."""
    own = made.arrived(tmp_path / "night")
    later(own)
    return own


def later(night: Night, hours: int = 24, **asked: object) -> tuple[str, ...]:
    """Scan when all waiting is over; return the parts that are absent."""
    return scan(
        night.site(AT_ONCE),
        ScanRequest(**asked),  # type: ignore[arg-type]
        clock=lambda: time.time_ns() + hours * HOUR_NS,
    ).absent


FOLDERS = (
    ("spectrometer",),
    ("ifproc",),
    ("spectrometer/roach0", "spectrometer/roach3"),
    ("RedshiftChassis1",),
    ("spectrometer", "ifproc"),
)


@pytest.mark.parametrize("is_empty", [False, True])
@pytest.mark.parametrize("folders", FOLDERS)
def test_a_folder_that_is_not_mounted_takes_no_row_from_the_log(
    night: Night, folders: tuple[str, ...], is_empty: bool
) -> None:
    before, rows = night.log(), night.rows()
    for folder in folders:
        (night.root / folder).rename(night.root / f"away.{folder.replace('/', '.')}")
        if is_empty:
            (night.root / folder).mkdir(parents=True)
    assert later(night)
    assert night.log() == before
    write_seq(night.root, 150000, at="2024-06-01T00:00:00", pgm="Cal", goal="Calibration")
    later(night)
    assert set(rows) <= set(night.rows()), "what is new takes nothing away"


def test_a_folder_that_comes_back_brings_nothing_but_what_is_new(night: Night) -> None:
    before = night.log()
    for folder in ("spectrometer", "ifproc"):
        (night.root / folder).rename(night.root / f"away.{folder}")
    assert later(night)
    for folder in ("spectrometer", "ifproc"):
        (night.root / f"away.{folder}").rename(night.root / folder)
    report = night.scan()
    assert (report.absent, report.files_opened, list(report.changed), night.log()) == ((), 0, [], before)


@pytest.mark.parametrize("how", [{"rebuild": True}, {"index": "lost"}, {}])
def test_an_index_made_anew_without_the_spectra_keeps_the_rows_of_old(night: Night, how: dict[str, object]) -> None:
    before = set(night.rows())
    for path in (night.root / "spectrometer").rglob("*.nc"):
        path.unlink()  # purged for good, or not mounted: nobody can tell
    (night.root / "spectrometer" / "roach0" / "roach0_7_0_1_X_2024-01-01_000000.nc").write_bytes(b"CDF")
    if how.pop("index", ""):
        (night.root / INDEX).unlink()
    later(night, **how)
    assert set(night.rows()) == before
    later(night)
    assert set(night.rows()) == before
    later(night, drop_missing=True)
    assert set(night.rows()) == {33550, 33551}


def test_what_never_had_spectra_gets_no_row_from_the_log_of_another_tool_while_it_is_waited_for(night: Night) -> None:
    write_ifproc(night.root, 150000, at="2024-06-01T00:00:00", pgm="Cal", goal="Calibration")
    row = "2024-06-01T00:00:00   150000  SEQ        Calibration  Cal         SYN1                      2024-S1-MX-2  "
    row += "115.2712    20      8.0  150.000000  12.000000  120.0  60.0      0.0     0.0  1"
    (night.root / LOG).write_text(f"# Y-M-D_T_H:M:S  ObsNum\n# Found 1 SLR with x\n{row}\n")
    night.scan()
    assert 150000 not in night.rows() and 112139 in night.rows()


def test_a_log_that_another_tool_is_just_writing_takes_no_kept_row_away(night: Night) -> None:
    for path in night.files():
        if "33551" in path.name and "RedshiftChassis" in path.name:
            path.unlink()
    (night.root / LOG).write_text(night.log() + "# the receiver was warm in May\n")
    night.scan()
    before = night.log()
    assert "33551" in before and "warm" in before
    for torn in ("", "# Y-M-D_T_H:M:S       ObsNum\n", "# Y-M-D_T_H:M:S  ObsNum\n# Found 9 SLR with x\n2024-03-0"):
        (night.root / LOG).write_text(torn)
        night.scan()
        assert night.log().startswith(before), torn
    edited = "".join(line for line in before.splitlines(keepends=True) if " 33551 " not in line and "warm" not in line)
    (night.root / LOG).write_text(edited)
    night.scan()
    assert night.log() == edited, "what people take out is out"


@dataclass(frozen=True)
class ChainSite(NightSite):
    """A site whose raw data the simulated telescope writes, served by the command itself."""

    def serve(self, *how: str) -> subprocess.Popen[str]:
        return self.start("quicklook", "--send-to", str(self.far), *how)

    def catch_up(self, *how: str) -> str:
        process = self.serve("--once", *how)
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, f"{out}\n{err}"
        return err

    def telescope(self, rows: str, *how: str) -> None:
        (self.root / "night.log").write_text(rows)
        self.call("sim", "telescope", "--data", str(self.data), "--from", str(self.root / "night.log"), *how)


def chain_site(root: Path, *, pipeline: str = "", **whims: str) -> ChainSite:
    """Lay out a site without raw data; `pipeline`: another than the one of milliseconds."""
    make_nothing(root, 0)
    settings = root / ".github" / "lmtbot.yml"
    text = settings.read_text() + "  jobs: 2\nraw: {settle_seconds: 0, wait_minutes: 0}\n"
    if pipeline:
        text = text.replace(text.partition("command: ")[2].partition("\n")[0], f"[{pipeline}]")
    settings.write_text(text)
    (root / "data").rmdir()
    return ChainSite(root, whims={"QUICK_ODD_PID": PID, **whims})


def rsr_row(obsnum: int, minute: int, what: str = "Science Bs", pid: str = PID, source: str = "GALAXY") -> str:
    at = f"2024-05-01T10:{minute:02}:00"
    return f"{at} {obsnum} RSR {what} {source} {pid} RSR 0 300.0 2 2 152.3 37.4 0 0 1\n"


CAL = "Calibration Cal"
CALIBRATED = rsr_row(117310, 0, CAL)


@pytest.mark.parametrize(("obsnum", "other"), [(33551, 133551)])
def test_an_obsnum_that_is_the_end_of_another_is_reduced_all_the_same(tmp_path: Path, obsnum: int, other: int) -> None:
    site = chain_site(tmp_path, pipeline=str(PIPELINE))
    night = rsr_row(obsnum - 1, 0, CAL) + rsr_row(obsnum, 1) + rsr_row(other - 1, 2, CAL) + rsr_row(other, 3)
    site.telescope(night)
    raw = sorted((str(path), path.stat().st_mtime_ns) for path in site.data.rglob("*"))
    site.catch_up()
    assert {number: found[-1].verdict for number, found in site.looks().items()} == {obsnum: "good", other: "good"}
    assert not list((site.work / "lmtbot" / "quicklook" / "raw").glob(f"{other}*")), "links for whom they help only"
    assert set(raw) <= {(str(path), path.stat().st_mtime_ns) for path in site.data.rglob("*")} | {
        (str(site.data), stamp) for _, stamp in raw
    }, "nothing but log and index is written there"


def move_chassis(site: ChainSite, *, away: bool) -> None:
    """Unmount the disks of the chassis, or mount them again; the others stay."""
    (site.data / "ifproc").mkdir(exist_ok=True)
    for number in range(4):
        here, there = site.data / f"RedshiftChassis{number}", site.data / f"away{number}"
        (here if away else there).rename(there if away else here)


def test_raw_data_that_go_away_cost_no_quick_look(tmp_path: Path) -> None:
    """The pipeline would end without rms and without a word, and nobody would try again."""
    site = chain_site(tmp_path)
    site.telescope(rsr_row(117310, 0, CAL) + rsr_row(117320, 1) + rsr_row(117330, 2))
    hollow = ChainSite(site.root, whims={**site.whims, "QUICK_HOLLOW": "obsnum=117330", "QUICK_S": "0.5"})
    process = hollow.serve("--once", "-j", "1")
    wait_for(process, lambda: len(site.calls()) == 1)
    move_chassis(site, away=True)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0 and "is it mounted?" in told
    assert len(site.calls()) == 1 and "is it mounted?" in site.catch_up(), "what is not at hand is not begun"
    assert len(site.calls()) == 1 and not site.received()
    move_chassis(site, away=False)
    site.catch_up()
    assert site.good() == {117320, 117330} and len(site.received()) == 2


HOSTILE_SOURCES = {
    117301: ("../../x", False),
    117302: ("$(touch pwned)", False),
    117303: ("`touch pwned`", False),
    117304: ("-rf", False),
    117305: ("a;b", False),
    117306: ("s" * 200, True),
    117307: ("étoile_é\U0001f52d", True),
    117308: ("*", True),
    117309: ("lmtbot", True),
    117310: ("tmp", True),
    117311: ("new\nline", None),
    117312: ("# 1 2", None),
}
"""Obsnum -> its source; True: it gets a quick look, False: it is held back, None: its header is corrupt."""
HOSTILE_PIDS = {
    117321: ("../../x", False),
    117322: ("$(touch pwned)", None),
    117323: ("lmtbot", False),
    117324: ("tmp", False),
    117325: ("-rf", False),
    117326: ("p" * 200, False),
    117327: ("SLpipeline.d", False),
    117328: ("two\nlines", None),
}


def test_no_name_in_a_header_leaves_the_trees_or_reaches_a_shell(tmp_path: Path) -> None:
    site = chain_site(tmp_path / "site")
    write_rsr(site.data, 117300, pgm="Cal", goal="Calibration", pid=PID)
    named = {"calobsnum": 117300, "pid": PID, "source": "GALAXY"}
    for obsnum, (source, _) in HOSTILE_SOURCES.items():
        write_rsr(site.data, obsnum, **{**named, "source": source})
    for obsnum, (pid, _) in HOSTILE_PIDS.items():
        write_rsr(site.data, obsnum, **{**named, "pid": pid})
    site.catch_up()
    cases = HOSTILE_SOURCES | HOSTILE_PIDS
    assert site.good() == {number for number, (_, is_taken) in cases.items() if is_taken} == set(begun(site))
    held = {int(key) for key in site.json("quicklook", "--status")["held"]}
    assert held == {number for number, (_, is_taken) in cases.items() if is_taken is False}
    corrupt = {one["obsnum"] for one in site.json("scan")["corrupt"]}
    assert corrupt == {number for number, (_, is_taken) in cases.items() if is_taken is None}
    assert {number for number, _ in site.received()} == site.good()
    assert [path.name for path in tmp_path.iterdir()] == ["site"] and not list(tmp_path.rglob("pwned"))
    assert {path.name for path in site.far.iterdir()} == {PID, "lmtbot", "lmtoy_run"}
    assert not {path.name for path in site.work.iterdir()} & ({"tmp", "x", "-rf", "SLpipeline.d"} | {"p" * 200})


def begun(site: NightSite) -> list[int]:
    """Return the obsnums of all calls, in order."""
    return [int(row.split()[3].partition("=")[2]) for row in site.calls()]


NIGHT = "".join(
    [rsr_row(117300, 0, CAL), rsr_row(117301, 1, CAL, ODD_PID)]
    + [rsr_row(number, number - 117300, pid=ODD_PID if number % 2 else PID) for number in range(117302, 117312)]
)
LOOKS = set(range(117302, 117312))


def night_site(root: Path) -> ChainSite:
    site = chain_site(root, QUICK_ODD_PID=ODD_PID, QUICK_S="0.1")
    settings = site.root / ".github" / "lmtbot.yml"
    settings.write_text(settings.read_text().replace("wait_minutes: 0", "wait_minutes: 240"))
    (site.root / "night.log").write_text(NIGHT)
    return site


def observe_live(site: ChainSite) -> subprocess.Popen[str]:
    """Let the night arrive while others work: out of order, some late, one cut off, one corrupt."""
    words = ("--from", str(site.root / "night.log"), "--spacing", "6", "--rate", "15", "--delay", "20")
    faults = ("--truncate", "117307", "--corrupt", "117308")
    return site.start("sim", "telescope", "--data", str(site.data), *words, *faults)


def outcome(site: ChainSite) -> dict[str, object]:
    """Return all that must not depend on what was killed: log, TAPs, logs of the far side, facts."""
    facts = {}
    for path in sorted((site.far / "lmtbot" / "taps").glob("[0-9]*.json")):
        told = json.loads(path.read_text())
        facts[path.stem] = {key: value for key, value in told.items() if key != "reduced"}
    last100 = [row.split()[1:] for row in (site.far / "lmtoy_run" / "last100.log").read_text().splitlines()]
    return {
        "log": (site.data / LOG).read_text(),
        "last": (site.data / "last.obsnum").read_text(),
        "taps": site.unpacked(),
        "rsync.log": sorted(site.received()),
        "last100": sorted(last100),
        "facts": facts,
        "good": site.good(),
        "left": [str(path) for path in site.far.rglob("*") if "inbox" in path.parts and _is_seen(path)],
    }


def _is_seen(path: Path) -> bool:
    """Say whether it counts as having come; a hidden file of a write that was cut goes a day later (test_taps)."""
    return path.is_file() and not path.name.startswith(".")


def end_of_night(site: ChainSite, telescope: subprocess.Popen[str]) -> dict[str, object]:
    out, err = telescope.communicate(timeout=60)
    assert telescope.returncode == 0, f"{out}\n{err}"
    site.catch_up()
    return outcome(site)


def calm_night(root: Path) -> dict[str, object]:
    site = night_site(root)
    telescope = observe_live(site)
    telescope.wait(timeout=60)
    wanted = end_of_night(site, telescope)
    assert wanted["good"] == LOOKS - {117307, 117308}
    assert "117308  failed for rsr" in str(wanted["log"]) and "117307  incomplete" in str(wanted["log"])
    return wanted


def check_chain_kills(tmp_path: Path, kills: int, seed: int) -> None:
    wanted = calm_night(tmp_path / "calm")
    chance, killed, turn = random.Random(seed), 0, 0
    while killed < kills:
        site = night_site(tmp_path / f"night{turn}")
        telescope = observe_live(site)
        while killed < kills and (telescope.poll() is None or site.good() != wanted["good"]):
            process = site.serve()
            time.sleep(chance.uniform(0.4, 2.2))
            assert process.poll() is None, process.communicate()
            reboot = chance.random() < 0.4
            kill_tree(process, also_children=reboot)
            for number in at_work(site) if reboot else ():
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            killed += 1
        assert end_of_night(site, telescope) == wanted, f"night {turn} of seed {seed}"
        assert Counter(number for number, _ in site.received()) == Counter(LOOKS - {117307, 117308})
        turn += 1


@pytest.mark.slow
def test_a_chain_killed_and_rebooted_at_fifty_instants_ends_as_if_never_disturbed(tmp_path: Path) -> None:
    check_chain_kills(tmp_path, 50, seed=2)


class OtherTime(ChainSite):
    """The site for processes whose clock is set; that of the disk goes on."""

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.e2e.other_time", str(self.root / "clock"), *words]
        told = {"cwd": REPOSITORY, "env": self.environment(), "text": True, "start_new_session": True}
        pipe = subprocess.PIPE
        return subprocess.Popen([*command, "--root", str(self.root)], stdout=pipe, stderr=pipe, **told)

    def set_clock(self, hours: int) -> None:
        new = self.root / "clock.new"
        new.write_text(f"{hours * 3600}")
        new.replace(self.root / "clock")


HOLLOW = {"QUICK_HOLLOW": "obsnum=117320"}
SOME = rsr_row(117310, 0, CAL) + rsr_row(117320, 1)


@pytest.mark.slow
def test_a_clock_that_is_set_back_loses_nothing_and_a_retry_is_still_the_later_one(tmp_path: Path) -> None:
    site = chain_site(tmp_path)
    site.telescope(SOME)
    back = OtherTime(site.root, whims={**site.whims, **HOLLOW})
    back.set_clock(0)
    back.catch_up()
    back.set_clock(-3)
    site.telescope(SOME + rsr_row(117330, 2))
    back.call("quicklook", "--retry", "117320")
    back.catch_up()
    first, second = site.looks()[117320]
    assert (first.state, second.state) == ("failed", "failed") and second.ended < first.ended, "the clock did go back"
    sent = json.loads((site.work / "lmtbot" / "quicklook" / "sent" / "117320.json").read_text())
    kept = json.loads((site.far / "lmtbot" / "taps" / "117320.json").read_text())
    assert sent["record"].endswith(".2.json") and kept["reduced"] == sent["reduced"] > first.ended
    healed = OtherTime(site.root, whims=site.whims)
    healed.set_clock(-7 * 24)
    healed.call("quicklook", "--retry", "117320")
    healed.catch_up()
    assert site.good() == {117320, 117330} and len(site.received()) == 2
    assert json.loads((site.far / "lmtbot" / "taps" / "117320.json").read_text())["verdict"] == "good"
    log = (site.data / LOG).read_text()
    site.call("scan", "--rebuild")
    assert (site.data / LOG).read_text() == log, "the log knows no clock"


@pytest.mark.slow
def test_a_clock_that_is_set_between_passes_of_one_service_loses_nothing(tmp_path: Path) -> None:
    site = chain_site(tmp_path)
    moving = OtherTime(site.root, whims=site.whims)
    moving.set_clock(0)
    rows = SOME
    site.telescope(rows)
    process = moving.serve()
    wait_for(process, lambda: len(site.received()) == 1)
    for number, hours in ((117330, -5), (117340, 2), (117350, -48)):
        moving.set_clock(hours)
        rows += rsr_row(number, number % 60)
        site.telescope(rows)
        wait_for(process, lambda number=number: number in {one for one, _ in site.received()})
    process.terminate()
    process.communicate(timeout=30)
    assert sorted(begun(site)) == [117320, 117330, 117340, 117350]
    assert len(site.received()) == 4


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    need("sshd", "ssh", "ssh-keygen", "rsync")
    server = Sshd(tmp_path / "sshd")
    yield server
    server.stop()


@pytest.mark.slow
def test_a_link_that_is_down_for_long_keeps_no_reduction_waiting_and_brings_all_newest_first(
    tmp_path: Path, sshd: Sshd
) -> None:
    site = chain_site(tmp_path / "site")
    remote = shlex.join(["cd", str(REPOSITORY)]) + " && " + shlex.join([sys.executable, "-m", "bot"])
    taps = {"ssh": list(sshd.ssh), "remote_command": ["sh", "-c", f'{remote} "$@"', "lmtbot"]}
    settings = site.root / ".github" / "lmtbot.yml"
    settings.write_text(settings.read_text() + f"taps: {json.dumps(taps)}\n")
    numbers = list(range(117320, 117325))
    site.telescope(CALIBRATED + "".join(rsr_row(number, number % 60) for number in numbers))
    process = site.start("quicklook", "--send-to", f"unity:{site.far}")
    wait_for(process, lambda: site.good() == set(numbers) and "not sent" in site.log())
    assert not site.received()
    sshd.start()
    wait_for(process, lambda: site.received())
    sshd.stop()
    site.telescope(CALIBRATED + "".join(rsr_row(number, number % 60) for number in [*numbers, 117330]))
    wait_for(process, lambda: 117330 in site.good())
    process.terminate()
    process.communicate(timeout=30)
    first = len(site.received())
    sshd.start()
    again = site.start("quicklook", "--once", "--send-to", f"unity:{site.far}")
    assert again.wait(timeout=60) == 0, again.communicate()
    arrived = [number for number, _ in site.received()]
    assert sorted(arrived) == [*numbers, 117330] and sorted(begun(site)) == [*numbers, 117330]
    assert arrived[first:] == sorted(arrived[first:], reverse=True)


@contextmanager
def small_disk(folder: Path, size_kb: int) -> Iterator[None]:
    """Put a disk of its own below a folder, for as long as needed."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "none", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["work", "far", "data"])
def test_a_disk_that_is_full_for_a_while_costs_no_quick_look(tmp_path: Path, place: str) -> None:
    site = chain_site(tmp_path)
    settings = site.root / ".github" / "lmtbot.yml"
    settings.write_text(settings.read_text().replace("quicklook:\n", "quicklook:\n  free_mb: 1\n"))
    numbers = list(range(117320, 117325))
    with small_disk(getattr(site, place), 4_000):
        site.telescope(CALIBRATED + "".join(rsr_row(number, number % 60) for number in numbers))
        ballast = getattr(site, place) / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            for _ in range(4_000):
                file.write(bytes(1000))
        process = site.serve("--once")
        _, told = process.communicate(timeout=100)
        assert process.returncode in (0, 1) and "Traceback" not in told, told
        assert "No space left" in told or "MB are left" in told or "full" in told, told
        assert len(site.received()) < len(numbers)
        ballast.unlink()
        site.catch_up()
        assert site.good() == {number for number, _ in site.received()} == set(numbers)
        assert len(site.received()) == len(numbers)
        assert set(site.unpacked()) == {
            f"{PID}/TAP/{number}/{name}" for number in numbers for name in (f"lmtoy_{number}.rc", "lmtoy_args.log")
        }


@pytest.mark.slow
def test_scans_by_hand_a_foreign_log_and_a_service_at_once_agree(tmp_path: Path) -> None:
    site = night_site(tmp_path / "site")
    telescope, service = observe_live(site), site.serve()
    wait_for(service, lambda: (site.data / LOG).exists())
    chance = random.Random(5)
    while telescope.poll() is None:
        hand = [site.start("scan", "--no-wait", *out) for out in ((), ("--out", str(tmp_path / "out")))]
        (site.data / LOG).write_text(
            "# Y-M-D_T_H:M:S       ObsNum\n# Found 1 RSR with x\n2024-05-01T10:"[: chance.randrange(60)]
        )
        for process in hand:
            _, told = process.communicate(timeout=60)
            assert process.returncode == 0 or "is at work" in told, told
    wait_for(service, lambda: len(site.received()) == 8)
    service.terminate()
    service.communicate(timeout=30)
    found = end_of_night(site, telescope)
    site.call("scan", "--out", str(tmp_path / "out"))
    assert (tmp_path / "out" / LOG).read_text() == found["log"]
    (site.data / INDEX).unlink()
    (site.data / LOG).unlink()
    site.call("scan")
    assert (site.data / LOG).read_text() == found["log"]
    assert sorted(begun(site)) == sorted(LOOKS - {117307, 117308}) == sorted(number for number, _ in site.received())
