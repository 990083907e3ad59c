"""A session's run that is killed, cancelled, made twice; the command line without GitHub."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from bot.model.webrun import SessionState
from tests.e2e.site import PID
from tests.webrun.scene import Scene

pytestmark = pytest.mark.slow
REQUEST = "project: 2024-S1-MX-2\nsources: [GALAXY]\nparameters: {badcb: 1/2}\n"


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.05)


def runs(scene: Scene) -> bool:
    ledger = scene.folder() / "lmtbot" / PID / "ledger"
    return any('"running"' in path.read_text() for path in ledger.glob("*.json"))


def left_over() -> str:
    told = subprocess.run(["ps", "ax", "-o", "args"], capture_output=True, text=True, check=True)
    return "\n".join(line for line in told.stdout.splitlines() if "Session-1/lmtbot" in line)


def test_a_run_that_is_killed_is_gone_on_with_and_ends_the_same(scene: Scene) -> None:
    scene.ask()
    before = scene.outside()
    for _ in range(2):
        process = scene.loop.start("webrun", "run", PID, "--issue", str(scene.issue), QUICK_S="0.4")
        until(lambda: runs(scene))
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert scene.sessions()[0].state is SessionState.ACCEPTED
    (ended,) = scene.loop.lmtbot("webrun", "run", PID, "--issue", str(scene.issue))
    assert ended["state"] == "done" and len(scene.said("webrun-result")) == 1
    assert scene.outside() == before
    assert sorted(path.name for path in (scene.folder() / PID).glob("1*")) == ["117361", "117361_117362", "117362"]
    assert not any((scene.folder() / "lmtbot" / PID / "area").iterdir())


def test_cancel_ends_a_run_and_run_goes_on(scene: Scene) -> None:
    scene.ask()
    process = scene.loop.start("webrun", "run", PID, "--issue", str(scene.issue), QUICK_S="30")
    until(lambda: runs(scene))
    assert scene.tell("/cancel").answers[0].is_done
    (ended,) = scene.loop.ended(process)
    assert ended["state"] == "cancelled" and left_over() == ""
    assert scene.work() == []
    assert "is run again" in scene.tell("/run").answers[0].told
    assert scene.work()[0].state is SessionState.DONE


def test_delete_waits_for_the_run_that_it_ends(scene: Scene) -> None:
    scene.ask()
    process = scene.loop.start("webrun", "run", PID, "--issue", str(scene.issue), QUICK_S="30")
    until(lambda: runs(scene))
    assert scene.tell("/delete").answers[0].is_done
    scene.loop.ended(process)
    assert [path.name for path in scene.folder().iterdir()] == ["session.json"] and left_over() == ""


def test_what_fails_is_told_and_run_again_on_request(scene: Scene) -> None:
    scene.ask()
    (ended,) = scene.loop.lmtbot(
        "webrun", "run", PID, "--issue", str(scene.issue), code=1, QUICK_HOLLOW="obsnum=117362"
    )
    assert ended["state"] == "failed"
    assert "is failed" in scene.said("webrun-result")[0] and "117362" in scene.said("webrun-result")[0]
    assert scene.attend().sessions == ("Session-1",) and len(scene.dispatched()) == 1, "nobody asked for it again"
    assert scene.tell("/run").answers[0].is_done and len(scene.dispatched()) == 2
    assert scene.work()[0].state is SessionState.DONE
    assert "3 of 3 good" in scene.said("webrun-result")[0]


def test_without_github_the_same(scene: Scene) -> None:
    file = scene.loop.root / "request.yaml"
    file.write_text(REQUEST)
    before, lmtbot = scene.outside(), scene.loop.lmtbot
    asked = lmtbot("webrun", str(file), "--dry-run")
    assert len(asked["lines"]) == 5 and scene.sessions() == []
    made = lmtbot("webrun", str(file))
    assert made["session"]["state"] == "done" and [one["state"] for one in made["compared"]] == ["good"] * 3
    assert lmtbot("webrun", str(file))["session"]["number"] == 1, "the same request is the same session"
    assert json.loads((scene.folder() / "session.json").read_text())["who"]
    assert [one["number"] for one in lmtbot("webrun", "list", PID)] == [1]
    promoted = lmtbot("webrun", "promote", f"{PID}/1")
    assert "badcb: 1/2" in promoted["files"]["project.yaml"]
    assert lmtbot("webrun", "compare", f"{PID}/1")["page"].endswith("Session-1/index.html")
    assert lmtbot("webrun", "extend", f"{PID}/Session-1")["state"] == "done"
    assert "would be deleted" in lmtbot("webrun", "delete", f"{PID}/1", "--dry-run")
    assert lmtbot("webrun", "delete", f"{PID}/1")["state"] == "deleted"
    assert scene.outside() == before
    file.write_text(REQUEST.replace("badcb", "bdcb").replace("GALAXY", "GALAXI") + "tires: [a]\n")
    told = lmtbot("webrun", str(file), code=1)
    assert "did you mean tiers?" in told, "mistakes of form and of meaning at once"
    assert "did you mean GALAXY?" in told
