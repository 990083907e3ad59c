"""The door to the pipeline on real processes: found again, ended wholly, exit codes of the right call."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bot.doors import pipeline
from bot.doors.pipeline import Call, LocalPipeline


def door(tmp_path: Path, script: str) -> LocalPipeline:
    path = tmp_path / "pipeline.sh"
    path.write_text(script)
    return LocalPipeline(["/bin/sh", str(path)], {"PATH": "/usr/bin:/bin"}, data=None, work=tmp_path)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)


def end_of(call: Call) -> None:
    deadline = time.monotonic() + 20
    while not call.has_ended():
        assert time.monotonic() < deadline, "the call does not end"
        time.sleep(0.01)


@pytest.mark.parametrize(("code", "told"), [(0, 0), (3, 3), (128, 128), (137, -9), (143, -15), (255, 255)])
def test_the_exit_code_is_that_of_this_call_and_signals_are_negative(tmp_path: Path, code: int, told: int) -> None:
    calls, area = door(tmp_path, f"exit {code}"), tmp_path / "area"
    end_of(calls.start(["obsnum=1"], area, tmp_path / "log", 1))
    assert calls.exit_of(area, 1) == told
    assert calls.exit_of(area, 0) is None and calls.exit_of(area, 2) is None


def test_a_stubborn_call_and_who_left_its_session_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "GRACE_S", 0.3)
    calls, area = door(tmp_path, "trap '' TERM; (cd /; setsid sleep 77) & touch begun; sleep 77"), tmp_path / "area"
    call = calls.start(["obsnum=1"], area, tmp_path / "log", 0)
    wait_for(area / "scratch" / "begun")
    call.stop()
    assert call.has_ended() and calls.find(area) is None and calls.exit_of(area, 0) is None


def test_a_call_is_found_again_by_its_area_alone_and_its_end_is_seen(tmp_path: Path) -> None:
    calls, area = door(tmp_path, "touch begun; while [ ! -e go ]; do sleep 0.02; done"), tmp_path / "area"
    started = calls.start(["obsnum=1"], area, tmp_path / "log", 0)
    wait_for(area / "scratch" / "begun")
    assert calls.find(tmp_path / "are") is None and calls.find(tmp_path / "area.1") is None
    found = calls.find(area)
    assert found is not None and not found.has_ended()
    (area / "scratch" / "go").touch()
    end_of(found)
    end_of(started)
    assert calls.exit_of(area, 0) == 0


def test_a_process_number_that_somebody_else_has_by_now_is_no_call(tmp_path: Path) -> None:
    reused = Call(os.getpid(), tmp_path / "area")
    assert reused.has_ended()
    reused.stop()
