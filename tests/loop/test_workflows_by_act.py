"""Every workflow of this repository, run by act on the event it is for: what starts, where, and what stays closed."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sim.github.seed import token_of
from tests.e2e.site import PID
from tests.github.hub import REPO
from tests.github.judge import need_judges
from tests.github.test_clients import gh
from tests.loop.alive import RUNS, Alive, alive
from tests.loop.play import FOLDER, GRADES, QA
from tests.loop.world import rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
BRANCH = f"arrival/{PID}"


@pytest.fixture
def lively(tmp_path: Path) -> Iterator[Alive]:
    need_judges()
    with alive(tmp_path) as found:
        yield found


def dispatch(play: Alive, event: str, **payload: Any) -> None:
    body = {"event_type": event, "client_payload": payload}
    assert play.hub.po.post(f"{REPO}/dispatches", body).status == 204


def merge_arrival(play: Alive) -> int:
    """Let two observations arrive and be merged; return the arrival's number once its level 1 is reported."""
    play.loop.observe(rows(117361, 117362))
    play.people.after(lambda: dispatch(play, "arrive"), "arrive", "check")
    number = int(play.people.pull_of(BRANCH)["number"])
    play.people.after(lambda: play.loop.merge(number), "reconcile", "project", "check", "qa")
    play.number = int(play.people.pull_of(QA)["number"])
    return number


def tick(play: Alive) -> None:
    """Let half an hour pass, then the clock be right again: the bot signs with the true time."""
    known = len(play.runs("arrive", by_clock=True))
    for seconds in (1800, -1800):
        assert play.hub.nobody.post("/_sim/clock", {"forward_s": seconds}).status == 200
        play.hub.wait_for(lambda: len(play.runs("arrive", by_clock=True)) > known)


def digest(folder: Path) -> str:
    """Return the digest of all files below a folder, names and contents."""
    found = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        found.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def test_arrivals_come_by_dispatch_by_hand_and_by_the_clock(lively: Alive) -> None:
    lively.loop.observe(rows(117361, 117362))
    ran = lively.people.after(lambda: dispatch(lively, "arrive"), "arrive", "check")
    assert {"arrive: success", "check: success"} <= set(ran)
    assert lively.runs("check")[0]["event"] == "pull_request"
    assert lively.jobs(lively.runs("check")[0])[0]["runner_name"] == "github-hosted"
    assert lively.people.pull_of(BRANCH)["user"]["login"] == "lmtbot[bot]"

    lively.loop.observe(rows(117361, 117362, 117363))
    by_hand = ("api", "-X", "POST", "repos/lmtoy/lmtoy_run/actions/workflows/arrive.yml/dispatches", "-f", "ref=main")
    lively.people.after(lambda: gh(lively.hub, "po", *by_hand), "arrive", "check")
    assert "117363" in lively.text("project.yaml", BRANCH)

    lively.loop.observe(rows(117361, 117362, 117363, 117364))
    lively.people.after(lambda: tick(lively), "arrive", "check")
    assert "117364" in lively.text("project.yaml", BRANCH)
    arrived = [run for run in lively.runs("arrive", by_clock=True) if run["conclusion"] == "success"]
    events = [run["event"] for run in arrived]
    assert [event for event in events if event != "schedule"] == ["repository_dispatch", "workflow_dispatch"]
    assert events[-1] == "schedule"
    assert {lively.jobs(run)[0]["runner_name"] for run in arrived} == {"unity"}
    assert sum(pull["head"]["ref"] == BRANCH for pull in lively.loop.pulls("all")) == 1


def test_the_site_and_the_nights_issue_are_kept(lively: Alive) -> None:
    lively.loop.observe(rows(117361))
    by_hand = ("api", "-X", "POST", "repos/lmtoy/lmtoy_run/actions/workflows/site.yml/dispatches", "-f", "ref=main")
    ran = lively.people.after(lambda: gh(lively.hub, "po", *by_hand), "site")
    assert "site: success" in ran, lively.logs()
    site = lively.loop.root / "work" / "site"
    assert PID in (site / "index.html").read_text() and not (site.parent / "site-public").exists()
    (issue,) = lively.hub.po.get(f"{REPO}/issues?labels=night").json
    assert issue["title"].startswith("LMT night 2024-05-14") and issue["user"]["login"] == "lmtbot[bot]"


def test_a_push_to_projects_is_reduced_and_no_other_push(lively: Alive) -> None:
    assert lively.hub.write("README.md", "words\n", who=lively.hub.po).status == 201
    assert (
        lively.hub.write("notes.txt", "words\n", "side" if lively.hub.branch("side") else "", lively.hub.po).status
        == 201
    )
    arrival = merge_arrival(lively)
    (reconciled,) = lively.runs("reconcile")
    merged = lively.pull(arrival)["merge_commit_sha"]
    assert (reconciled["event"], reconciled["head_sha"]) == ("push", merged)
    assert [run["event"] for run in lively.runs("project")] == ["repository_dispatch"]
    assert lively.checks(merged)[f"level 1 / {PID}"] == "success"
    assert lively.checks(lively.pull()["head"]["sha"])["qa"] == "failure"
    assert {lively.jobs(run)[0]["runner_name"] for name in ("reconcile", "project") for run in lively.runs(name)} == {
        "unity"
    }


def test_comments_become_verdicts_and_trials_and_nothing_tells_a_secret(lively: Alive, capsys: Any) -> None:
    merge_arrival(lively)
    root = lively.loop.root
    lively.people.after(lambda: lively.comment(f"{GRADES}\n/flag 117362 badcb=1/2"), "comment", "check", "qa")
    assert lively.checks(lively.pull()["head"]["sha"]) == {"check": "success", "qa": "success"}
    official = digest(root / "work" / PID)
    lively.people.after(lambda: lively.comment("/run 117362"), "comment", "trial")
    (trial,) = lively.runs("trial")
    assert lively.jobs(trial)[0]["runner_name"] == "unity-helpdesk"
    assert "badcb=1/2" in (root / "trials/da" / PID / "117362" / "lmtoy_args.log").read_text()
    assert digest(root / "work" / PID) == official
    assert not (root / "work" / "lmtbot" / PID / "area").exists() or not any(
        (root / "work" / "lmtbot" / PID / "area").iterdir()
    )
    assert any(one.startswith("<!-- lmtbot:trial") for one in lively.comments())
    lively.review()
    began = time.monotonic()
    lively.people.after(lambda: lively.loop.merge(lively.number), "reconcile", "project")
    assert lively.records()
    assert time.monotonic() > began
    assert_nothing_leaks(lively)


SECRET = re.compile(r"PRIVATE KEY|gh[psu]_[A-Za-z0-9_]{8,}|eyJ[A-Za-z0-9_-]{10,}\.|x-access-token:[^*]")
PICTURES = re.compile(r"(?i)!\[|<img|data:image|\.(png|jpe?g|gif|svg|fits|nc)\b")


def published(play: Alive) -> dict[str, str]:
    """Return all that the public sees: bodies, comments, checks with their summaries, and what jobs said."""
    told = play.logs(by_clock=True)
    for pull in play.loop.pulls("all"):
        told[f"#{pull['number']}"] = f"{pull['title']}\n{pull['body']}"
        told |= {f"#{pull['number']} {n}": text for n, text in enumerate(play.comments(pull["number"]))}
        for commit in (pull["head"]["sha"], pull["merge_commit_sha"]):
            url = f"{REPO}/commits/{commit}/check-runs"
            checks = play.hub.po.get(url).json["check_runs"] if commit else ()
            told |= {f"{one['name']} of {commit[:7]}": str(one["output"]) for one in checks}
    return told


def assert_nothing_leaks(play: Alive) -> None:
    """Refuse secrets anywhere that people see or that lies on the disks of the site, and pictures on GitHub."""
    key = (play.hub.state.folder / "lmtbot.pem").read_text().splitlines()[5]
    told = published(play)
    assert len(told) > 15
    for name, text in told.items():
        assert key not in text and not SECRET.search(text), f"{name}: {SECRET.search(text)}"
        if name.startswith("#") or " of " in name:
            assert not PICTURES.search(text), f"{name}: {PICTURES.search(text)}"
    for folder in ("work", "trials"):
        for path in (play.loop.root / folder).rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            assert key.encode() not in data and not SECRET.search(data.decode("latin-1")), path
    assert token_of("po") not in str(told)


def test_two_dispatches_wait_their_turn_and_a_rerun_retries_what_failed(lively: Alive) -> None:
    lively.whims.write_text("export QUICK_HOLLOW=obsnum=117362\n")
    arrival = merge_arrival(lively)
    merged = lively.pull(arrival)["merge_commit_sha"]
    (project,) = lively.runs("project")
    assert (project["conclusion"], lively.checks(merged)[f"level 1 / {PID}"]) == ("failure", "failure")
    lively.whims.write_text("export QUICK_S=0.5\n")
    by_hand = ("workflow_dispatch", {"ref": "main", "inputs": {"pid": PID}})
    url = f"{REPO}/actions/workflows/project.yml/dispatches"

    def twice() -> None:
        dispatch(lively, "project", pid=PID)
        assert lively.hub.po.post(url, by_hand[1]).status == 204

    lively.people.after(twice, "project")
    _, first, second = lively.runs("project")
    assert first["event"] == "repository_dispatch" and second["event"] == by_hand[0]
    ended, started = lively.jobs(first)[0]["completed_at"], lively.jobs(second)[0]["started_at"]
    assert ended <= started, "one run a project at a time"
    assert lively.checks(merged)[f"level 1 / {PID}"] == "failure", "nobody asked to try it again"
    assert lively.hub.po.post(f"{RUNS}/{project['id']}/rerun-failed-jobs").status == 201
    lively.hub.wait_for(lambda: lively.runs("project")[0]["conclusion"] == "success", 120)
    lively.people.after(lambda: None)
    assert lively.runs("project")[0]["run_attempt"] == 2
    assert lively.checks(merged)[f"level 1 / {PID}"] == "success"


def test_bots_issues_and_prose_start_no_job(lively: Alive) -> None:
    number = lively.hub.pull("mine")
    issue = int(lively.hub.stranger.post(f"{REPO}/issues", {"title": "t"}).json["number"])

    def talk() -> None:
        lively.comment("/help", "stranger", issue)
        lively.comment("thanks a lot", "stranger", number)
        assert lively.hub.bot().post(f"{REPO}/issues/{number}/comments", {"body": "/help"}).status == 201

    lively.people.after(talk)
    lively.hub.wait_for(lambda: len(lively.runs("comment")) == 3)
    lively.hub.wait_for(lambda: {run["conclusion"] for run in lively.runs("comment")} <= {"skipped", "cancelled"})
    assert {job["runner_name"] for run in lively.runs("comment") for job in lively.jobs(run)} == {None}


EVIL = """
name: evil
on: [pull_request, push]
jobs:
  theirs:
    runs-on: [self-hosted, unity]
    steps: [{run: 'touch "$WORK_LMT/owned"'}]
"""
SPY = """
name: check
on: pull_request
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo "key=<$KEY> id=<$ID> work=<$WORK_LMT>"
          gh api -X POST "repos/$GITHUB_REPOSITORY/issues" -f title=owned || echo refused
        env: {KEY: "${{ secrets.LMTBOT_APP_KEY }}", ID: "${{ vars.LMTBOT_APP_ID }}", GH_TOKEN: "${{ github.token }}"}
"""


def fork_with(play: Alive, files: dict[str, str], branch: str = "main") -> int:
    """Open a stranger's pull request with these files from a fork."""
    hub, fork = play.hub, "/repos/stranger/lmtoy_run"
    assert hub.stranger.post(f"{REPO}/forks").status == 202
    if branch != "main":
        sha = hub.tip("main", fork)
        assert hub.stranger.post(f"{fork}/git/refs", {"ref": f"refs/heads/{branch}", "sha": sha}).status == 201
    for path, text in files.items():
        assert hub.write(path, text, branch, hub.stranger, fork).status in (200, 201)
    body = {"title": "a small fix", "head": f"stranger:{branch}", "base": "main"}
    came = hub.stranger.post(f"{REPO}/pulls", body)
    assert came.status == 201, came.data
    return int(came.json["number"])


def approve_check(play: Alive) -> dict[str, Any]:
    """Let the PO approve that the check of a stranger's pull request runs; return the run when all is over."""
    (waiting,) = play.runs("check")
    assert play.hub.po.post(f"{RUNS}/{waiting['id']}/approve").status == 201
    play.hub.wait_for(lambda: play.runs("check")[0]["conclusion"] in ("success", "failure"), 200)
    play.people.after(lambda: None)
    return play.runs("check")[0]


def test_a_fork_that_brings_workflows_and_code_runs_nothing_and_learns_nothing(lively: Alive) -> None:
    code = "raise SystemExit('their code ran')\n"
    files = {
        ".github/workflows/evil.yml": EVIL,
        ".github/workflows/check.yml": SPY,
        ".github/lmtbot.yml": "roles: {po: {users: [stranger]}, da: {users: [stranger]}}\n",
        "bot/__init__.py": code,
        "bot/__main__.py": code,
        f"{FOLDER}/project.yaml": lively.text("project.yaml").replace("117361", "117361\n      - 117362"),
    }
    number = fork_with(lively, files)
    lively.people.after(lambda: None)
    ran = {(run["name"], run["conclusion"]) for run in lively.runs()}
    assert ran == {("check", "action_required"), ("evil", "action_required"), ("qa", "skipped")}
    assert lively.logs() == {}
    approve_check(lively)
    (said,) = lively.logs().values()
    assert "key=<> " in said and "work=<>" in said and "refused" in said
    assert lively.hub.po.get(f"{REPO}/issues?state=all").json[0].get("pull_request"), "no issue was made"
    lively.people.after(lambda: lively.comment("/grade 117361 3\n/run\n/retry", "stranger", number), "comment")
    assert "for a DA" in lively.comments(number)[-1]
    assert not (lively.loop.root / "work" / "owned").exists()
    assert lively.runs("trial") == [] and lively.runs("project") == []


def test_a_forks_data_are_checked_by_mains_code(lively: Alive) -> None:
    """Code, templates and settings of the fork count for nothing; a branch named like ours makes no QA of it."""
    files = {
        "bot/__main__.py": "raise SystemExit('their code ran')\n",
        "templates/github/check.md.j2": "all is well\n",
        f"{FOLDER}/project.yaml": lively.text("project.yaml") + "nonsense: 1\n",
        f"{FOLDER}/level2.yaml": "digest: x\nlines: [rm -rf /]\n",
    }
    fork_with(lively, files, QA)
    lively.people.after(lambda: None)
    checked = approve_check(lively)
    (job,) = lively.jobs(checked)
    said = lively.log(job)
    assert (checked["conclusion"], job["runner_name"]) == ("failure", "github-hosted")
    assert "nonsense" in said and "their code ran" not in said
    assert {run["conclusion"] for run in lively.runs("qa")} == {"skipped"}


def test_seconds_from_push_to_first_job(lively: Alive) -> None:
    """Measure, and hold nothing but the order: the first job is reconcile's, the first that works is project's."""
    lively.loop.observe(rows(117361, 117362))
    lively.people.after(lambda: dispatch(lively, "arrive"), "arrive", "check")
    number = int(lively.people.pull_of(BRANCH)["number"])
    began = time.monotonic()
    lively.loop.merge(number)
    seconds = {}
    for name in ("reconcile", "project"):
        lively.hub.wait_for(lambda name=name: has_begun(lively, name), 120)
        seconds[name] = time.monotonic() - began
    lively.hub.wait_for(lambda: lively.records(1), 120)
    print(f"\nseconds from the merge to {seconds}, to the first record {time.monotonic() - began:.1f}")
    lively.people.after(lambda: None)
    assert seconds["reconcile"] < seconds["project"]


def has_begun(play: Alive, name: str) -> bool:
    return any(job["status"] != "queued" for run in play.runs(name) for job in play.jobs(run))
