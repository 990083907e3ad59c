"""`lmtbot run` on a bad day: hollow calls, two spellings of WORK_LMT, other hosts, clocks, stubborn processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.e2e.quick import QuickSite, at_work, change, lay_out
from tests.e2e.site import PID, REPOSITORY
from tests.e2e.struck import Server


class Run(Protocol):
    """Runs the project to its end and returns what was said."""

    def __call__(self, *words: str, code: int = 0, pid: str = PID) -> str: ...


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server(REPOSITORY)
    yield server
    server.close()


@pytest.fixture
def site(tmp_path: Path) -> QuickSite:
    return lay_out(tmp_path / "site")


@pytest.fixture
def run(site: QuickSite, server: Server) -> Run:
    def run(*words: str, code: int = 0, pid: str = PID) -> str:
        asked = replace(site.strike(), words=("run", pid, *words, "--root", str(site.root)))
        found, told = server.run(asked)
        assert found == code, f"{words}: {found}\n{told}"
        return told

    return run


def states(site: QuickSite, name: str) -> list[str]:
    return [one["state"] for one in sorted(site.records(), key=lambda one: one["started"]) if one["name"] == name]


def wait_for_call(site: QuickSite, calls: int = 1) -> None:
    deadline = time.monotonic() + 30
    while len(site.calls()) < calls:
        assert time.monotonic() < deadline, "no call was begun"
        time.sleep(0.01)


def edit_record(site: QuickSite, name: str, **told: Any) -> Path:
    path = next(site.store("ledger").glob(f"{name}.*"))
    path.write_text(json.dumps({**json.loads(path.read_text()), **told}))
    return path


def test_a_second_call_that_does_nothing_is_a_failure_in_spite_of_the_first_ones_numbers(
    site: QuickSite, run: Run
) -> None:
    site.whims["QUICK_HOLLOW"] = "117361 _io=RSR/Bs _s=GALAXY badcb"
    told = run("--obsnum", "117361", code=1)
    assert "2 calls should have left 2 numbers behind rms=, and left 1" in told
    assert not (site.work / PID / "117361").exists()
    assert (site.store("failed") / "117361" / PID / "117361").is_dir()


def test_a_call_that_lives_is_found_under_another_spelling_of_work_lmt(site: QuickSite, run: Run) -> None:
    site.whims["QUICK_S"] = "2"
    first = site.start("run", PID, "--obsnum", "117361", "-j", "1")
    wait_for_call(site)
    first.kill()
    first.communicate()
    link = site.root / "link"
    link.symlink_to(site.work)
    site.whims["QUICK_S"] = "0"
    run("--source", "GALAXY", "--work", str(link) + "/../link")
    assert len(site.calls()) == 5
    assert {one["attempt"] for one in site.records()} == {1}


def test_a_relative_work_becomes_absolute_for_the_pipeline(site: QuickSite, run: Run) -> None:
    run("--work", os.path.relpath(site.work, REPOSITORY))
    assert all(f" work_lmt={site.work}/lmtbot/" in row for row in site.calls())
    assert (site.work / PID / "117361_117362").is_dir()


def test_an_attempt_of_another_host_is_not_touched_unless_it_is_taken_over(site: QuickSite, run: Run) -> None:
    run("--obsnum", "117361")
    (site.project.parent / "qa.yaml").write_text("obsnums:\n  117361: {flags: {badcb: 1/1}}\n")
    site.whims["QUICK_S"] = "9"
    process = site.start("run", PID, "--obsnum", "117361")
    wait_for_call(site, 3)
    process.kill()
    process.communicate()
    for number in at_work(site):
        os.kill(number, signal.SIGKILL)
    path = next(path for path in site.store("ledger").glob("117361.*") if '"running"' in path.read_text())
    path.write_text(json.dumps({**json.loads(path.read_text()), "host": "elsewhere"}))
    site.whims["QUICK_S"] = "0"
    told = run("--obsnum", "117361", code=1)
    assert "117361 on elsewhere since" in told and "--take-over" in told
    run("--take-over")
    assert states(site, "117361") == ["good", "stopped", "good"]


def test_a_clock_that_was_set_back_does_not_make_old_products_current(site: QuickSite, run: Run) -> None:
    run("--obsnum", "117362")
    edit_record(site, "117362", ended="2099-01-01T00:00:00.000Z")
    (site.project.parent / "qa.yaml").write_text("obsnums:\n  117362: {flags: {badcb: 1/1}}\n")
    run("--obsnum", "117362")
    assert "nothing was left to do" in run("--obsnum", "117362")
    (site.project.parent / "qa.yaml").unlink()
    run("--obsnum", "117362")
    assert "1/1" not in (site.work / PID / "117362" / "lmtoy_args.log").read_text()


def test_the_record_that_cannot_be_read_stays_and_its_number_is_not_used_again(site: QuickSite, run: Run) -> None:
    run("--obsnum", "117361")
    torn = next(site.store("ledger").glob("117361.*"))
    torn.write_text("{")
    assert "ignored" in run("--obsnum", "117361")
    assert torn.read_text() == "{"
    assert [one["attempt"] for one in site.records() if one["name"] == "117361"] == [2]


def test_a_project_that_is_removed_or_changed_while_it_runs_ends_as_it_was_planned(site: QuickSite, run: Run) -> None:
    site.whims["QUICK_S"] = "0.1"
    process = site.start("run", PID)
    wait_for_call(site)
    change(site)
    shutil.move(site.project.parent, site.root / "gone")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert (site.work / PID / "117361_117362").is_dir()
    shutil.move(site.root / "gone", site.project.parent)
    run()
    assert states(site, "117361_117362") == ["superseded"] and states(site, "117361") == ["good"]


def test_nobody_stays_behind_and_writes_into_what_is_published(site: QuickSite, run: Run) -> None:
    site.whims["QUICK_LINGER"] = "1"
    run("--obsnum", "117361")
    assert not at_work(site)


def test_a_stubborn_call_is_ended_and_a_second_interrupt_does_not_give_the_lock_away(site: QuickSite, run: Run) -> None:
    site.whims.update(QUICK_S="60", QUICK_STUBBORN="1", QUICK_LINGER="1")
    process = site.start("run", PID, "--obsnum", "117361")
    wait_for_call(site)
    time.sleep(0.2)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in told
    assert not at_work(site)
    assert states(site, "117361") == ["stopped"]


def test_who_watches_may_go_away_and_the_run_goes_on(site: QuickSite, run: Run) -> None:
    command = [sys.executable, "-m", "bot", "run", PID, "--root", str(site.root)]
    process = subprocess.Popen(command, cwd=REPOSITORY, env=site.environment(), stderr=subprocess.PIPE)
    assert process.stderr
    process.stderr.close()
    process.wait(timeout=60)
    assert states(site, "117361_117362") == ["good"]


def test_products_on_other_storage_than_work_areas_are_refused_before_anything_runs(site: QuickSite, run: Run) -> None:
    (site.work / PID).symlink_to("/proc")
    assert "lie on different storage" in run(code=1)
    assert not site.calls()


def test_an_obsnum_whose_foreign_product_was_deleted_blocks_the_combination_by_name(site: QuickSite, run: Run) -> None:
    other = site.root / "projects" / "2024-S1-XX-1"
    other.mkdir()
    mosaic = "{mode: RSR/Bs, mosaic: [{project: 2024-S1-MX-2, source: GALAXY}], tiers: {a: {}}}"
    (other / "project.yaml").write_text(f"pid: 2024-S1-XX-1\nsources:\n  M: {mosaic}\n")
    run()
    projects = {one["pid"]: one for one in site.json("status")["projects"]}
    assert projects["2024-S1-XX-1"]["blocked"] == 0 and projects["2024-S1-XX-1"]["todo"] == 1
    shutil.rmtree(site.work / PID / "117361")
    told = run(pid="2024-S1-XX-1", code=1)
    assert "its member 117361 of 2024-S1-MX-2 is not reduced" in told
