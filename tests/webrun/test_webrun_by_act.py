"""The workflow of webruns by act: the form's issue is answered, run by a runner of its own, commented, and swept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.formats.webrun_form import form_text
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.github.judge import need_judges
from tests.github.test_clients import gh
from tests.loop.alive import Alive, alive
from tests.loop.test_workflows_by_act import PICTURES, SECRET, merge_arrival
from tests.loop.world import WITH_PI
from tests.webrun.scene import request

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def lively(tmp_path: Path) -> Iterator[Alive]:
    need_judges()
    with alive(tmp_path) as found:
        yield found


def test_a_webrun_lives_by_the_workflows(lively: Alive) -> None:
    lively.write("project.yaml", WITH_PI)
    merge_arrival(lively)
    text = lively.loop.root / "issue.json"
    text.write_text(json.dumps({"title": "webrun", "body": form_text(request()), "labels": ["webrun"]}))

    def opens() -> int:
        told = gh(lively.hub, "po", "api", "repos/lmtoy/lmtoy_run/issues", "--input", str(text))
        return int(json.loads(told)["number"])

    numbers: list[int] = []
    lively.people.after(lambda: numbers.append(opens()), "webrun")
    number = numbers[0]
    ran = {(job["name"], job["runner_name"]) for run in lively.runs("webrun") for job in lively.jobs(run)
           if job["conclusion"] == "success"}  # fmt: skip
    assert ran == {("answer", "unity"), ("run", "unity")}
    said = lively.comments(number)
    assert [one.partition(" ")[2].partition(" ")[0] for one in said] == ["lmtbot:webrun", "lmtbot:webrun-result"]
    assert (lively.loop.root / "work" / PID / "Session-1" / PID / "117361").is_dir()
    lively.people.after(lambda: lively.comment("/promote", "po", number), "comment", "check")
    head = lively.people.pull_of(f"promote/{PID}-1")["head"]["sha"]
    assert lively.checks(head)["check"] == "success"
    dispatch = ("workflow_dispatch", {"ref": "main"})
    url = f"{REPO}/actions/workflows/webrun.yml/dispatches"
    lively.people.after(lambda: lively.hub.po.post(url, dispatch[1]), "webrun")
    swept = [run["conclusion"] for run in lively.runs("webrun") if run["event"] == "workflow_dispatch"]
    assert swept == ["success"], "runs of the issue's other events, which are skipped, may begin after it"
    for told in (*lively.logs().values(), *lively.comments(number)):
        assert not SECRET.search(told)
    assert not any(PICTURES.search(one) for one in lively.comments(number))
