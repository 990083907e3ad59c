"""The quick look with its real parts: order, failures, a link that is down, two services, what level 1 has made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from bot.model.record import Record, RunState
from tests.e2e.nights import FIRST, ODD_PID, NightSite, make_night, wait_for
from tests.e2e.site import PID

ALL = set(range(FIRST, FIRST + 6))


def begun(site: NightSite) -> list[int]:
    return [int(row.split()[3].partition("=")[2]) for row in site.calls()]


def stop(process: subprocess.Popen[str]) -> None:
    os.kill(process.pid, signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err


def test_a_night_is_reduced_newest_first_and_sent_once(tmp_path: Path) -> None:
    site = make_night(tmp_path, 7, QUICK_S="0.1")
    site.observe(7, o117364={"disagrees": True}, o117365={"gap": ["chassis2"]}, o117367={"goal": "Pointing"})
    site.catch_up()
    wanted = [117366, 117365, 117363, 117362, 117361]
    assert sorted(begun(site)) == sorted(wanted)
    assert all(abs(begun(site).index(number) - wanted.index(number)) < 2 for number in wanted), "two at a time"
    assert sorted(site.received()) == sorted((number, ODD_PID if number % 2 else PID) for number in wanted)
    assert f"{ODD_PID}/TAP/117365/lmtoy_117365.rc" in site.unpacked()
    assert "117364: held back: its scans disagree" in site.log()
    assert "chassis2" in (site.far / "lmtoy_run" / "last100.html").read_text()
    site.catch_up()
    assert len(begun(site)) == len(site.received()) == 5, "the second pass has nothing to do"


def test_standing_parameters_reach_the_pipeline_and_wrong_ones_are_told_and_left_out(tmp_path: Path) -> None:
    site = make_night(tmp_path, 1)
    (site.work / "SLpipeline.d").mkdir()
    (site.work / "SLpipeline.d" / "SLpipeline.in").write_text("# badcb=1/1\nbadcb=2/3 extent=60\nspeling=1 restart=0\n")
    told = site.catch_up()
    assert " obsnum=117361 restart=1 tap=1 badcb=2/3 extent=60 work_lmt=" in site.calls()[0]
    assert "left out: speling=1: no parameter has the name" in told and "left out: restart=0" in told
    assert site.good() == {117361}


@pytest.mark.slow
def test_what_arrives_while_others_are_reduced_is_taken_and_a_stop_loses_nothing(tmp_path: Path) -> None:
    site = make_night(tmp_path, 2, QUICK_S="1.5")
    process = site.serve()
    wait_for(process, lambda: len(site.calls()) == 2)
    second = site.serve("once")
    _, refused = second.communicate(timeout=60)
    assert second.returncode and f"process {process.pid}, since 20" in refused
    site.observe(6)
    wait_for(process, lambda: len(site.calls()) > 2)
    stop(process)  # in the first moments of a call
    left = {state for found in site.looks().values() for one in found if (state := one.state) is not RunState.GOOD}
    assert left == {RunState.STOPPED}
    site.catch_up()
    assert site.good() == {number for number, _ in site.received()} == ALL and len(site.received()) == 6


def test_a_link_that_is_down_stops_no_reduction_and_afterwards_all_is_sent_once(tmp_path: Path) -> None:
    site = make_night(tmp_path, 4)
    site.far.rmdir()
    site.far.write_text("no folder")
    process = site.serve()
    wait_for(process, lambda: site.good() == set(range(FIRST, FIRST + 4)))
    wait_for(process, lambda: site.log().count("not sent") > 1)
    site.observe(6)
    wait_for(process, lambda: site.good() == ALL)
    stop(process)
    assert "not sent: 117366, 117365, 117364, 117363, 117362, 117361" in site.catch_up()
    site.far.unlink()
    site.far.mkdir()
    site.catch_up()
    assert [number for number, _ in site.received()] == sorted(ALL, reverse=True), "newest first, each once"
    assert len(begun(site)) == 6


def test_a_failure_is_sent_as_a_fact_and_made_again_only_when_asked_for(tmp_path: Path) -> None:
    site = make_night(tmp_path, 3, QUICK_HOLLOW="obsnum=117362")
    told = site.catch_up()
    assert "117362 2024-S1-MX-2 GALAXY: failed: " in told and "no TAP was made" in told
    assert site.good() == {117361, 117363} and (site.store(PID).folder("failed") / "117362").is_dir()
    assert "no TAP was made" in (site.far / "lmtoy_run" / "last100.html").read_text()
    site.catch_up()
    assert len(begun(site)) == 3
    healed = NightSite(site.root)
    assert "wanted again: 117362" in healed.call("quicklook", "--retry")
    healed.catch_up()
    assert healed.good() == {117361, 117362, 117363} and len(begun(site)) == 4
    assert f"{PID}/TAP/117362/lmtoy_117362.rc" in site.unpacked()
    assert "nothing to repeat" in healed.call("quicklook", "--retry", "4711", code=1)


def test_what_the_machine_kills_is_tried_twice_and_then_given_up(tmp_path: Path) -> None:
    site = make_night(tmp_path, 2, QUICK_DIE="obsnum=117362")
    assert "out of memory" in site.catch_up()
    site.catch_up()
    assert [one.state for one in site.looks()[117362]] == [RunState.STOPPED, RunState.STOPPED]
    assert sorted(begun(site)) == [117361, 117362, 117362] and len(site.received()) == 1


def test_an_obsnum_of_a_project_that_lmtbot_run_holds_waits_and_the_others_go_on(tmp_path: Path) -> None:
    site = make_night(tmp_path, 6)
    with site.store(PID).lock("lmtbot run"):
        process = site.serve()
        wait_for(process, lambda: len(site.received()) == 3)
        assert {pid for _, pid in site.received()} == {ODD_PID}
        assert f"{PID}: lmtbot run is at work" in site.log()
    wait_for(process, lambda: site.good() == ALL)
    stop(process)


def test_level_1_takes_no_quick_look_for_its_own_and_is_not_replaced_by_one(tmp_path: Path) -> None:
    site = NightSite(make_night(tmp_path, 2).root, whims={"QUICK_ODD_PID": PID})
    site.observe(2, o117361={"pid": PID})
    site.catch_up()
    site.project.parent.mkdir()
    text = "pid: 2024-S1-MX-2\nsources:\n  GALAXY: {mode: RSR/Bs, obsnums: [117361, 117362, 117363], tiers: {a: {}}}\n"
    site.project.write_text(text)
    site.call("run", PID)
    site.observe(4, o117361={"pid": PID}, o117363={"pid": PID})
    site.catch_up()
    made = {(one.name, one.level) for one in site.store(PID).read().records if one.state is RunState.GOOD}
    assert made >= {(str(number), 1) for number in (117361, 117362, 117363)}
    assert {name for name, level in made if level == 0} == {"117361", "117362", "117364"}
    args = (site.work / PID / "117362" / "lmtoy_args.log").read_text()
    assert "tap=1" not in args, "the products are level 1's"


def test_records_of_another_host_and_of_an_open_level_1_hold_an_obsnum_back(tmp_path: Path) -> None:
    site = make_night(tmp_path, 2)
    common = {"source": "GALAXY", "digest": "d", "attempt": 1, "lines": (), "started": "2024-05-01T00:00:00.000Z"}
    away = Record(pid=ODD_PID, name="117361", level=0, state=RunState.RUNNING, host="elsewhere", **common)
    begun1 = Record(pid=PID, name="117362", level=1, state=RunState.PUBLISHING, **common)
    site.store(ODD_PID).write(away)
    site.store(PID).write(begun1)
    site.catch_up()
    assert not site.calls()
    assert "117361: held back: unfinished on elsewhere" in site.log()
    assert "117362: held back: `lmtbot run 2024-S1-MX-2` has begun it" in site.log()


def test_a_torn_note_of_what_was_sent_means_that_it_is_sent_again(tmp_path: Path) -> None:
    site = make_night(tmp_path, 1)
    site.catch_up()
    note = site.work / "lmtbot" / "quicklook" / "sent" / "117361.json"
    note.write_text("{")
    site.catch_up()
    assert len(site.received()) == 1 and json.loads(note.read_text())["record"].startswith("117361.L0.")


def test_what_a_kill_left_in_a_project_that_has_nothing_more_to_do_is_put_away(tmp_path: Path) -> None:
    site = make_night(tmp_path, 2, QUICK_HOLLOW="obsnum=117362")
    site.catch_up()
    (failed,) = site.looks()[117362]
    area = site.store(PID).folder("area") / f"117362.L0.{failed.digest}.1"
    (site.store(PID).folder("failed") / "117362").rename(area)
    (site.store(PID).folder("area") / ".doomed-1").mkdir()
    site.catch_up()
    assert not list(site.store(PID).folder("area").iterdir())
    assert (site.store(PID).folder("failed") / "117362").is_dir() and len(begun(site)) == 2
