"""From the release that a PO makes with the true gh to a project that is archived: the real workflows, run by act."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.archive.judges import bag_complaints
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.github.judge import need_judges
from tests.github.test_clients import gh
from tests.loop.alive import RUNS, Alive, alive
from tests.loop.play import GRADES
from tests.loop.test_workflows_by_act import merge_arrival

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
BRANCH, TAG = f"archive/{PID}", f"{PID}/v1"
NAMES = {"117361", "117362", "117361_117362"}


@pytest.fixture
def lively(tmp_path: Path) -> Iterator[Alive]:
    need_judges()
    with alive(tmp_path) as found:
        yield found


def promote(play: Alive) -> None:
    """Bring the project to a level 2 that is done."""
    merge_arrival(play)
    play.people.after(lambda: play.comment(GRADES), "comment", "check", "qa")
    play.review()
    play.people.after(lambda: play.loop.merge(play.number), "reconcile", "project")


def guard(play: Alive) -> None:
    """Have the environment `archive` need the PO, as `lmtbot install github` makes it."""
    po = play.hub.po.get("/users/po").json["id"]
    body = {"reviewers": [{"type": "User", "id": po}], "deployment_branch_policy": None}
    assert play.hub.po.put(f"{REPO}/environments/archive", body).status == 200


def let_go(play: Alive, who: str = "po") -> int:
    """Let the archive's job run that waits, as somebody; return what GitHub said."""
    (waiting,) = [run for run in play.runs("archive") if run["status"] == "waiting"]
    url = f"{RUNS}/{waiting['id']}/pending_deployments"
    pending = play.hub.po.get(url).json
    body = {"environment_ids": [one["environment"]["id"] for one in pending], "state": "approved", "comment": ""}
    return int(play.hub.person(who).post(url, body).status)


def publish(play: Alive, tag: str = TAG, who: str = "po") -> None:
    gh(play.hub, who, "release", "create", tag, "--repo", "github.localhost/lmtoy/lmtoy_run", "--title", tag,
       "--notes", "It is done.", "--target", "main")  # fmt: skip


def waits(play: Alive) -> bool:
    return any(run["status"] == "waiting" for run in play.runs("archive"))


def release_of(play: Alive) -> Any:
    return play.hub.po.get(f"{REPO}/releases/tags/{TAG}").json


def test_a_release_is_archived_once_the_po_lets_it_and_archive_yaml_comes_back(lively: Alive) -> None:
    promote(lively)
    guard(lively)
    publish(lively)
    lively.hub.wait_for(lambda: waits(lively), 120)
    asked = [job for run in lively.runs("archive") for job in lively.jobs(run) if job["name"] == "ask"]
    assert "github-hosted" in {job["runner_name"] for job in asked}, "the tag's own file does not reach our runners"
    assert not (lively.loop.root / "work" / "archive").exists()
    assert let_go(lively, "da") >= 400
    lively.people.after(lambda: let_go(lively), "archive", "check")
    bags = lively.loop.root / "work" / "archive" / PID
    assert {path.name for path in bags.iterdir()} == NAMES
    assert [bag_complaints(path / "v1") for path in bags.iterdir()] == [""] * len(NAMES)
    assets = {one["name"] for one in release_of(lively)["assets"]}
    assert assets == {"manifest.json", "runlines.txt"}
    pull = lively.people.pull_of(BRANCH)
    assert pull["user"]["login"] == "lmtbot[bot]" and lively.checks(pull["head"]["sha"]) == {"check": "success"}
    _is_checked(lively, pull)
    lively.people.after(lambda: lively.loop.merge(pull["number"]))
    assert "archived" in str(lively.loop.lmtbot("status", PID))
    assert all(not one["faults"] for one in lively.loop.lmtbot("verify", PID))
    (found,) = lively.loop.lmtbot("trace", f"bag:{PID}/117361/v1")
    assert "po merged" in found["decided"] and found["record"]
    _once_more(lively, pull["number"])


def _is_checked(play: Alive, pull: dict[str, Any]) -> None:
    """A change by hand on the bot's branch is refused, and the bot puts it right."""
    text = play.text("archive.yaml", BRANCH)
    play.people.after(lambda: play.write("archive.yaml", text.replace("bag:", "doi:"), BRANCH, "da"), "check")
    assert play.checks(play.pull(pull["number"])["head"]["sha"]) == {"check": "failure"}
    gh(play.hub, "po", "api", "-X", "POST", "repos/lmtoy/lmtoy_run/actions/workflows/archive.yml/dispatches",
       "-f", "ref=main", "-f", f"inputs[tag]={TAG}")  # fmt: skip
    play.hub.wait_for(lambda: waits(play), 120)
    play.people.after(lambda: let_go(play), "archive", "check")
    assert play.text("archive.yaml", BRANCH) == text
    assert play.checks(play.pull(pull["number"])["head"]["sha"]) == {"check": "success"}


def _once_more(play: Alive, number: int) -> None:
    """The same release again changes nothing; a release by somebody else, and one that moved, are refused."""
    before = {path: path.stat().st_mtime_ns for path in (play.loop.root / "work" / "archive").rglob("*")}
    play.loop.lmtbot("archive", TAG)
    assert {path: path.stat().st_mtime_ns for path in (play.loop.root / "work" / "archive").rglob("*")} == before
    assert [one["number"] for one in play.loop.pulls("all") if one["head"]["ref"] == BRANCH] == [number]
    publish(play, f"{PID}/v2", "da")
    play.loop.pull()
    play.hub.git("fetch", "-q", "--tags", play.hub.url("da"), cwd=play.loop.checkout)
    refused = play.loop.lmtbot("archive", f"{PID}/v2", code=1)["refused"]
    assert "da published the release and is no pipeline operator" in json.dumps(refused)
