"""The check of pull requests as GitHub runs it: the real workflow file, by act, on a repository with our own code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sim.demo import HERE
from tests.e2e.site import REPOSITORY
from tests.github.conftest import serve
from tests.github.hub import REPO, Hub
from tests.github.judge import Judge
from tests.github.test_workflows import RUNS, done, jobs, log, runs, seal

pytestmark = pytest.mark.slow
CHECK = ".github/workflows/check.yml"
PID = "2024-S1-MX-2"
PROJECT = f"projects/{PID}/project.yaml"
FORK = "/repos/stranger/lmtoy_run"


def our_files() -> dict[str, bytes]:
    """Return what the check needs of this repository, with the demo's projects."""
    paths = [REPOSITORY / name for name in (CHECK, "requirements.txt", "constraints.txt")]
    paths += [path for path in (REPOSITORY / "bot").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    paths += [path for path in (REPOSITORY / "templates").rglob("*") if path.is_file()]
    files = {str(path.relative_to(REPOSITORY)): path.read_bytes() for path in paths}
    projects = (path for path in (HERE / "projects").rglob("*") if path.is_file())
    return files | {str(path.relative_to(HERE)): path.read_bytes() for path in projects}


@pytest.fixture
def lively(tmp_path: Path, judge: Judge) -> Iterator[Hub]:
    """Return a hub of our own repository with its hosts."""
    with serve(tmp_path, judge, our_files()) as hub:
        yield hub


def the_check(hub: Hub, count: int = 1) -> tuple[dict[str, Any], str]:
    """Wait for the newest run of the check; return its check run and the log of its job."""
    job = jobs(hub, done(hub, "pull_request", count)[0])["check"]
    number = int(job["check_run_url"].rsplit("/", 1)[1])
    return hub.po.get(f"{REPO}/check-runs/{number}").json, log(hub, job)


def annotations(hub: Hub, check: dict[str, Any]) -> list[tuple[str, str, int, str]]:
    """Return what the check says of lines of files; what actions say of themselves has no title."""
    rows = hub.po.get(f"{REPO}/check-runs/{check['id']}/annotations").json
    return [(row["annotation_level"], row["path"], row["start_line"], row["title"]) for row in rows if row["title"]]


def changed(*words: tuple[str, str]) -> str:
    """Return the demo's project with other words in it."""
    text = (HERE / PROJECT).read_text()
    for old, new in words:
        assert old in text
        text = text.replace(old, new)
    return text


MORE = ("      - 117345\n", "      - 117345\n      - 117346\n")


def test_a_good_pull_request_is_green_and_tells_what_will_run(lively: Hub) -> None:
    lively.branch("more")
    assert lively.write(PROJECT, changed(MORE), "more").status == 200
    lively.da.post(f"{REPO}/pulls", {"title": "more", "head": "more", "base": "main"})
    check, said = the_check(lively)
    assert (check["name"], check["conclusion"]) == ("check", "success"), said
    assert "Level 1: 3 run lines are new, 2 combinations follow" in check["output"]["summary"]
    assert "+ 117346a  SLpipeline.sh obsnum=117346" in check["output"]["summary"]
    assert annotations(lively, check) == []


def test_a_bad_one_is_red_with_annotations_and_main_that_moved_is_not_its_fault(lively: Hub) -> None:
    lively.branch("bad")
    assert lively.write("projects/2023-S1-US-17/README.md", "words of others\n", who=lively.po).status == 201
    assert lively.write(PROJECT, changed(("otf_cal: 1", "otc_cal: 1")), "bad").status == 200
    assert lively.write(f"projects/{PID}/archive.yaml", "tag: x\n", "bad").status == 201
    lively.da.post(f"{REPO}/pulls", {"title": "bad", "head": "bad", "base": "main"})
    check, said = the_check(lively)
    assert check["conclusion"] == "failure", said
    assert ("failure", f"projects/{PID}/archive.yaml", 1, "ARCHIVE_BY_HAND") in annotations(lively, check)
    assert "2023-S1-US-17" not in check["output"]["summary"] and "BASE_MOVED" not in said


def of_a_fork(hub: Hub, files: dict[str, str]) -> None:
    """Open a pull request of a stranger's fork, and let the PO approve its run."""
    seal(hub, "KEY", "s3cret-of-po")
    hub.stranger.post(f"{REPO}/forks")
    for path, text in files.items():
        came = hub.write(path, text, who=hub.stranger, repo=FORK)
        assert came.status in (200, 201), came.data
    hub.stranger.post(f"{REPO}/pulls", {"title": "t", "head": "stranger:main", "base": "main"})
    hub.po.post(f"{RUNS}/{done(hub)[0]['id']}/approve")
    hub.wait_for(lambda: runs(hub)[0]["conclusion"] not in (None, "action_required"))


def test_a_fork_that_brings_its_own_code_templates_and_settings_is_read_by_mains(lively: Hub) -> None:
    files = {
        "bot/__main__.py": "raise SystemExit('their code ran')\n",
        "bot/cli/main.py": "raise SystemExit('their code ran')\n",
        "head/bot/__main__.py": "raise SystemExit('their code ran')\n",
        "sitecustomize.py": "raise SystemExit('their code ran')\n",
        "templates/github/pull_check.md.j2": "their template {{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "requirements.txt": "./head/evil\n",
        ".github/lmtbot.yml": "jobs: 9\n",
        PROJECT: changed(MORE),
    }
    of_a_fork(lively, files)
    check, said = the_check(lively)
    assert check["conclusion"] == "success", said
    summary = check["output"]["summary"]
    assert "their" not in summary + said and "Level 1: 3 run lines are new" in summary
    assert [row[3] for row in annotations(lively, check)] == ["CODE_TOO"]


THEIRS = """
name: check
on: pull_request
permissions: write-all
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - env: {KEY: "${{ secrets.KEY }}", GH_TOKEN: "${{ github.token }}"}
        run: |
          echo "key=<$KEY> on $RUNNER_NAME"
          gh api -X POST "repos/$GITHUB_REPOSITORY/issues" -f title=t || echo "refused"
          gh api -X PUT "repos/$GITHUB_REPOSITORY/contents/x" -f message=m -f content=eA== || echo "refused too"
"""


def test_a_fork_that_edits_the_workflow_gets_no_more_than_reading(lively: Hub) -> None:
    """GitHub runs a pull request's own workflow files; what they may do is the promise, and that a person approves."""
    of_a_fork(lively, {CHECK: THEIRS, PROJECT: changed(MORE)})
    _, said = the_check(lively)
    assert "key=<> on github-hosted" in said and "refused\n" in said and "refused too" in said
    assert [issue["title"] for issue in lively.po.get(f"{REPO}/issues?state=all").json] == ["t"]
    assert lively.po.get(f"{REPO}/contents/x").status == 404


def test_without_approval_a_strangers_run_does_not_start(lively: Hub) -> None:
    lively.stranger.post(f"{REPO}/forks")
    lively.write(PROJECT, changed(MORE), who=lively.stranger, repo=FORK)
    lively.stranger.post(f"{REPO}/pulls", {"title": "t", "head": "stranger:main", "base": "main"})
    (run,) = done(lively, "pull_request")
    assert run["conclusion"] == "action_required" and jobs(lively, run) == {}


def test_a_pull_request_of_words_only_is_green_too(lively: Hub) -> None:
    lively.pull("words", {"docs/words.md": "words\n"})
    check, said = the_check(lively)
    assert check["conclusion"] == "success", said
    assert check["output"]["summary"].startswith("## lmtbot check: 0 projects differ, 0 errors, 0 warnings")
