"""`lmtbot sandbox` as people use it: git and REST, kill -9 and go on, a foreign folder, a taken port, Control-C."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.site import REPOSITORY
from tests.github.client import Client

FLOW = """\
on: push
permissions: {}
jobs:
  look: {runs-on: [self-hosted, unity], steps: [{run: ls "$DATA_LMT" "$WORK_LMT/.."}]}
"""
REPO = "/repos/lmtoy/lmtoy_run"
QA = "projects/2024-S1-MX-2/qa.yaml"


def sandbox(*words: str, cwd: Path = REPOSITORY) -> subprocess.Popen[str]:
    """Start the command in a session of its own."""
    command = [sys.executable, "-m", "bot", "sandbox", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=cwd, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def refused(*words: str, cwd: Path = REPOSITORY) -> str:
    """Return what the command says when it does not start."""
    out, err = sandbox(*words, cwd=cwd).communicate(timeout=60)
    assert out == "" and "Traceback" not in err, err
    return err


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the JSON that the command prints before it serves."""
    lines: list[str] = []
    assert process.stdout and process.stderr
    while not lines or lines[-1] != "}\n":
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    found: dict[str, Any] = json.loads("".join(lines))
    return found


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """Hold what a test starts; nothing of it is left."""
    found: list[subprocess.Popen[str]] = []
    yield found
    for process in found:
        if process.poll() is None:
            process.kill()
        process.communicate()


def git(*words: str, cwd: Path) -> str:
    who = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_CONFIG_GLOBAL": os.devnull}
    who |= {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_TERMINAL_PROMPT": "0"}
    return subprocess.run(
        ["git", *words], cwd=cwd, env=os.environ | who, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.slow
def test_what_people_do_by_git_and_rest_outlives_a_kill(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    box = tmp_path / "box"
    started.append(sandbox("--dir", str(box), "--port", "0", "--json"))
    world = told(started[-1])
    host = world["address"].removeprefix("http://")
    assert host.startswith("127.0.0.1:")
    git("clone", "-q", f"http://da:{world['tokens']['da']}@{host}/{world['repository']}.git", "clone", cwd=tmp_path)
    clone = tmp_path / "clone"
    assert (clone / "bot" / "cli" / "main.py").exists(), "this repository's own files"
    assert "SLpipeline.sh" in (clone / ".github" / "lmtbot.yml").read_text()
    assert list((clone / ".github" / "ISSUE_TEMPLATE").iterdir())
    (clone / QA).write_text("qa: {}\n")
    git("checkout", "-q", "-b", "qa/2024-S1-MX-2", cwd=clone)
    (clone / ".github" / "workflows").mkdir(exist_ok=True)
    (clone / ".github" / "workflows" / "look.yml").write_text(FLOW)
    git("add", "-A", cwd=clone)
    git("commit", "-qm", "grade", cwd=clone)
    git("push", "-q", "origin", "HEAD", cwd=clone)
    bot = Client(world["address"], world["tokens"]["lmtbot[bot]"])
    pull = {"title": "QA", "head": "qa/2024-S1-MX-2", "base": "main"}
    assert bot.post(f"{REPO}/pulls", pull).status == 201
    tip = git("rev-parse", "HEAD", cwd=clone).strip()
    push = ["git", "push", "origin", "HEAD:main"]
    done = subprocess.run(push, cwd=clone, capture_output=True, text=True, check=False)
    assert "Changes must be made through a pull request" in done.stderr, "main is protected"
    protection = Client(world["address"], world["tokens"]["po"]).get(f"{REPO}/branches/main/protection").json
    assert protection["required_pull_request_reviews"]["require_code_owner_reviews"] is True
    assert protection["required_status_checks"]["contexts"] == ["check"]

    ends = time.monotonic() + 60
    while not (runs := bot.get(f"{REPO}/actions/runs?status=success").json["workflow_runs"]):
        assert time.monotonic() < ends, "the simulated unity has not run the workflow"
        time.sleep(0.1)
    job = bot.get(f"{REPO}/actions/runs/{runs[0]['id']}/jobs").json["jobs"][0]
    log = Client(world["address"]).get(bot.get(f"{REPO}/actions/jobs/{job['id']}/logs").headers["location"])
    assert "sim_truth.yaml" in log.data.decode() and "malt" in log.data.decode()

    started[-1].send_signal(signal.SIGKILL)
    started[-1].wait()
    started.append(sandbox("--dir", str(box), "--json"))
    again = told(started[-1])
    assert again["address"] == world["address"], "clones and links stay right"
    da = Client(again["address"], again["tokens"]["da"])
    found = da.get(f"{REPO}/pulls/1").json
    assert (found["user"]["login"], found["head"]["sha"]) == ("lmtbot[bot]", tip)
    git("pull", "-q", "origin", "main", cwd=clone)
    assert "serves this sandbox" in refused("--dir", str(box))
    started[-1].send_signal(signal.SIGINT)
    out, err = started[-1].communicate(timeout=30)
    assert (started[-1].returncode, out) == (0, "") and "Traceback" not in err  # git may say that its client went


def test_a_package_without_a_checkout_serves_its_own_files_and_words_say_what_to_do(
    tmp_path: Path, started: list[subprocess.Popen[str]]
) -> None:
    shutil.copytree(REPOSITORY / "bot", tmp_path / "site" / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPOSITORY / "templates", tmp_path / "site" / "templates")
    process = sandbox("--port", "0", cwd=tmp_path / "site")
    started.append(process)
    lines: list[str] = []
    assert process.stdout and process.stderr
    while "Control-C ends it" not in (lines or [""])[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    words = "".join(lines)
    git("clone", "-q", next(line.split()[-1] for line in lines if "git clone" in line), "clone", cwd=tmp_path)
    assert (tmp_path / "clone" / "bot" / "__init__.py").exists() and (tmp_path / "clone" / QA).exists()
    assert "ghp_stranger_for_practice" in words and "GH_HOST=github.localhost" in words
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "") and "everything is kept" in out


@pytest.mark.slow
def test_a_start_that_was_killed_is_begun_anew(tmp_path: Path, started: list[subprocess.Popen[str]]) -> None:
    box = tmp_path / "box"
    process = sandbox("--dir", str(box), "--port", "0", "--json")
    started.append(process)
    ends = time.monotonic() + 60
    while not (box / "stage").exists():
        assert time.monotonic() < ends and process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    started.append(sandbox("--dir", str(box), "--port", "0", "--json"))
    world = told(started[-1])
    assert Client(world["address"]).get(f"{REPO}/contents/{QA}").status == 200
    assert not (box / "stage").exists()


@pytest.mark.slow
def test_what_is_in_the_way_is_told_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    (tmp_path / "file").write_text("x")
    for name in ("mine", "file"):
        assert "is no sandbox; give another with --dir DIR" in refused("--dir", str(tmp_path / name))
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told_words = refused("--dir", str(tmp_path / "box"), "--port", str(port))
        assert f"port {port}" in told_words and "--port N" in told_words
    assert "is no port" in refused("--port", "70000")
    code = "import sys; sys.modules['pygit2'] = None; from bot.cli.main import main; sys.exit(main(['sandbox']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "pygit2" in done.stderr and "pip install 'lmtoy-run[github-sim]'" in done.stderr
