"""`lmtbot run` with the simulated pipeline: order, publication, failures, what runs again and what does not."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.site import PID, PROJECT, PracticeSite, make_site


@pytest.fixture
def site(tmp_path: Path) -> PracticeSite:
    return make_site(tmp_path)


def run(site: PracticeSite, *words: str, code: int = 0) -> str:
    return site.call("run", PID, "--level", "1", *words, code=code)


def good_names(site: PracticeSite) -> set[str]:
    return {one["name"] for one in site.records() if one["state"] == "good"}


ALL = {"117345", "117349", "117361", "117362", "117363", "117345_117349", "117361_117363"}


def test_a_project_is_run_once_and_then_there_is_nothing_left_to_do(site: PracticeSite) -> None:
    run(site)
    assert good_names(site) == ALL
    assert len(site.calls()) == 14
    assert "nothing was left to do" in run(site)
    assert len(site.calls()) == 14


@pytest.mark.slow
def test_combinations_start_after_their_members_have_ended(site: PracticeSite) -> None:
    run(site, "-j", "4")
    ended = {one["name"]: one["ended"] for one in site.records()}
    started = {one["name"]: one["outcomes"][0]["started"] for one in site.records()}
    assert started["117345_117349"] > max(ended["117345"], ended["117349"])
    assert started["117361_117363"] > max(ended[name] for name in ("117361", "117362", "117363"))


def test_a_dry_run_changes_nothing(site: PracticeSite) -> None:
    told = run(site, "--dry-run")
    assert told.count("SLpipeline.sh obsnum") == 14
    assert not list(site.work.iterdir())


def test_a_changed_flag_runs_that_obsnum_and_its_combination_again_and_nothing_else(site: PracticeSite) -> None:
    run(site)
    site.journal.unlink()
    (site.project.parent / "qa.yaml").write_text("obsnums:\n  117362:\n    flags: {badcb: 1/1}\n")
    run(site)
    begun = site.calls()
    assert len(begun) == 3
    assert sum("obsnum=117362 " in row for row in begun) == 2
    assert sum("obsnums=117361,117362,117363" in row for row in begun) == 1


@pytest.mark.slow
def test_a_flag_taken_back_is_run_again_because_the_products_are_those_of_the_flag(site: PracticeSite) -> None:
    qa = site.project.parent / "qa.yaml"
    run(site, "--obsnum", "117362")
    qa.write_text("obsnums:\n  117362:\n    flags: {badcb: 1/1}\n")
    run(site, "--obsnum", "117362")
    qa.unlink()
    run(site, "--obsnum", "117362")
    states = [one["state"] for one in site.records() if one["name"] == "117362"]
    assert states == ["good", "good", "good"]


@pytest.mark.slow
def test_a_combination_with_another_list_takes_the_place_of_the_old_one(site: PracticeSite) -> None:
    run(site)
    (site.project.parent / "qa.yaml").write_text("obsnums:\n  117363:\n    combine: false\n")
    run(site)
    assert not (site.work / PID / "117361_117363").exists()
    assert not list((site.work / PID / "dirzip").glob("117361_117363*"))
    assert (site.work / PID / "117361_117362").is_dir()
    states = {one["name"]: one["state"] for one in site.records()}
    assert states["117361_117363"] == "superseded"


@pytest.mark.parametrize(
    "fault", ["half_rc", *(pytest.param(one, marks=pytest.mark.slow) for one in ("no_rc", "python_error", "crash"))]
)
def test_a_failing_pipeline_is_seen_and_leaves_the_old_products(site: PracticeSite, fault: str) -> None:
    run(site)
    before = (site.work / PID / "117362" / "lmtoy_117362.rc").read_text()
    site.fault({117362: [{"fault": fault}]})
    (site.project.parent / "qa.yaml").write_text("obsnums:\n  117362:\n    flags: {badcb: 1/1}\n")
    told = run(site, code=1)
    assert "117362" in told and "117361_117363  cannot run: its member 117362" in told
    assert (site.work / PID / "117362" / "lmtoy_117362.rc").read_text() == before
    states = {(one["name"], one["state"]) for one in site.records()}
    assert ("117362", "failed") in states and ("117345_117349", "good") in states


@pytest.mark.slow
def test_what_failed_runs_again_alone_when_it_is_asked_for(site: PracticeSite) -> None:
    site.fault({117362: [{"fault": "crash", "times": 1}]})
    run(site, code=1)
    site.journal.unlink()
    run(site, "--only-failed")
    assert all("117362" in row for row in site.calls())
    run(site)
    assert good_names(site) == ALL


def test_out_of_memory_is_tried_again_a_bounded_number_of_times(site: PracticeSite) -> None:
    site.fault({117362: [{"fault": "oom"}]})
    told = run(site, "--obsnum", "117362", code=1)
    assert "out of memory" in told
    tries = [one["state"] for one in site.records() if one["name"] == "117362"]
    assert tries == ["stopped", "stopped"]


def test_a_call_that_hangs_is_ended_after_its_time(site: PracticeSite) -> None:
    settings = site.root / ".github" / "lmtbot.yml"
    settings.write_text(settings.read_text() + "  timeout_minutes: 1\n  tries: 1\n")
    site.fault({117362: [{"fault": "hang"}]})
    process = site.start("run", PID, "--obsnum", "117362")
    time.sleep(3)
    assert process.poll() is None, "the hanging call must be waited for"
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130


def test_an_interrupt_ends_the_calls_and_the_next_run_goes_on(site: PracticeSite) -> None:
    site.fault({117362: [{"fault": "slow", "seconds": 30, "times": 1}]})
    process = site.start("run", PID, "-j", "1", "--obsnum", "117362")
    while not site.calls():
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130 and "goes on where this ended" in told
    assert [one["state"] for one in site.records()] == ["stopped"]
    run(site)
    assert good_names(site) == ALL


@pytest.mark.slow
def test_a_second_runner_is_told_who_holds_the_project(site: PracticeSite) -> None:
    site.fault({117345: [{"fault": "slow", "seconds": 5, "times": 1}]})
    first = site.start("run", PID)
    while not site.calls():
        time.sleep(0.05)
    told = run(site, code=1)
    assert f"process {first.pid}" in told and "since 20" in told
    first.communicate(timeout=60)
    assert first.returncode == 0


def test_a_line_with_an_unknown_parameter_never_reaches_the_pipeline(site: PracticeSite) -> None:
    site.project.write_text(PROJECT.replace("b: {badcb: 2/3}", "b: {badbc: 2/3}"))
    told = run(site, code=1)
    assert "badbc" in told and "badcb" in told
    assert not [row for row in site.calls() if "badbc" in row]
    assert good_names(site) == {"117345", "117349", "117345_117349"}


@pytest.mark.slow
def test_a_torn_record_is_told_and_ignored(site: PracticeSite) -> None:
    run(site)
    record = next((site.work / "lmtbot" / PID / "ledger").glob("117345.*"))
    record.write_text(record.read_text()[:100])
    assert "ignored" in site.call("history", PID)
    run(site, "--obsnum", "117345")
    assert good_names(site) == ALL


@pytest.mark.slow
def test_a_hand_deleted_product_is_made_again(site: PracticeSite) -> None:
    import shutil

    run(site)
    shutil.rmtree(site.work / PID / "117345")
    run(site)
    assert (site.work / PID / "117345").is_dir()


def test_a_missing_pipeline_is_told_with_its_cure(site: PracticeSite) -> None:
    (site.root / ".github" / "lmtbot.yml").write_text("pipeline:\n  command: [no-such-program]\n")
    told = run(site, code=1)
    assert "no-such-program" in told and "lmtbot demo" in told


def test_records_say_the_commit_and_who_brought_it(site: PracticeSite) -> None:
    import subprocess

    git = ["git", "-C", str(site.root), "-c", "user.name=Pat Operator", "-c", "user.email=po@example.org"]
    for words in (["init", "-q"], ["add", "projects"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    run(site, "--obsnum", "117361")
    record = next(one for one in site.records() if one["name"] == "117361")
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert record["commit"] == head and record["who"].startswith("Pat Operator")


def test_secrets_of_the_environment_do_not_reach_the_pipeline(tmp_path: Path) -> None:
    from bot.doors.pipeline import LocalPipeline

    environment = {"PATH": "/bin", "GITHUB_TOKEN": "t", "LMTBOT_KEY": "k", "MY_PASSWORD": "p", "LMTOY": "/opt/lmtoy"}
    pipeline = LocalPipeline(["env"], environment, data=tmp_path, work=tmp_path)
    assert set(pipeline.environment) == {"PATH", "LMTOY", "DATA_LMT", "WORK_LMT"}


OTHER = """\
pid: 2024-S1-XX-1
sources:
  MOSAIC:
    mode: RSR/Bs
    mosaic:
      - {project: 2024-S1-MX-2, source: GALAXY}
    tiers:
      a: {}
"""


@pytest.mark.slow
def test_a_combination_of_another_projects_obsnums_waits_for_them_and_leaves_them_alone(site: PracticeSite) -> None:
    folder = site.root / "projects" / "2024-S1-XX-1"
    folder.mkdir()
    (folder / "project.yaml").write_text(OTHER)
    told = site.call("run", "2024-S1-XX-1", code=1)
    assert "not reduced as 2024-S1-MX-2 plans it" in told
    run(site, "--source", "GALAXY")
    before = {path: path.read_bytes() for path in (site.work / PID).rglob("*") if path.is_file()}
    site.call("run", "2024-S1-XX-1")
    assert (site.work / "2024-S1-XX-1" / "117361_117363").is_dir()
    assert {path: path.read_bytes() for path in (site.work / PID).rglob("*") if path.is_file()} == before


def test_an_obsnum_or_source_that_the_project_does_not_have_is_told(site: PracticeSite) -> None:
    assert "nothing is run for obsnum 5" in run(site, "--obsnum", "5", code=1)
    assert "it has FIELD_A, GALAXY" in run(site, "--source", "GALAXIE", "--dry-run", code=1)


@pytest.mark.slow
def test_an_open_attempt_whose_work_area_is_gone_is_begun_again(site: PracticeSite) -> None:
    run(site, "--obsnum", "117361")
    record = next((site.work / "lmtbot" / PID / "ledger").glob("117361.*"))
    record.write_text(record.read_text().replace('"state": "good"', '"state": "running"'))
    run(site, "--obsnum", "117361")
    states = [one["state"] for one in site.records() if one["name"] == "117361"]
    assert states == ["stopped", "good"]
