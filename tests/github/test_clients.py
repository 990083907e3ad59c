"""The clients that people and the bot use: PyGithub, gh, git (elsewhere) and Octokit, unchanged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.sim.github.seed import token_of
from tests.github.hub import REPO, Hub
from tests.github.judge import NPM


def test_pygithub_plays_the_arrival_of_a_project(hub: Hub) -> None:
    from github import Auth, Github, GithubIntegration, InputGitTreeElement

    pem = (hub.state.folder / "lmtbot.pem").read_text()
    app = GithubIntegration(auth=Auth.AppAuth(1, pem), base_url=hub.address)
    token = app.get_access_token(app.get_org_installation("lmtoy").id).token
    quick: dict[str, Any] = {"retry": None, "seconds_between_requests": 0, "seconds_between_writes": 0}
    bot = Github(auth=Auth.Token(token), base_url=hub.address, **quick)
    repo = bot.get_repo("lmtoy/lmtoy_run")
    main = repo.get_git_ref("heads/main").object.sha
    elements = [InputGitTreeElement(f"projects/P/{n}", "100644", "blob", content=f"{n}\n") for n in range(3)]
    tree = repo.create_git_tree(elements, repo.get_git_tree(main))
    commit = repo.create_git_commit("arrival", tree, [repo.get_git_commit(main)])
    repo.create_git_ref("refs/heads/arrival/P", commit.sha)
    pull = repo.create_pull(base="main", head="arrival/P", title="P", body="<!-- lmtbot:arrival -->")
    pull.add_to_labels("arrival")
    pull.create_review_request(reviewers=["po"])
    comment = pull.create_issue_comment("queued")
    comment.edit("done")
    check = repo.create_check_run(
        "check", commit.sha, status="completed", conclusion="success", output={"title": "t", "summary": "s"}
    )
    assert check.conclusion == "success"
    po = Github(auth=Auth.Token(token_of("po")), base_url=hub.address, **quick).get_repo("lmtoy/lmtoy_run")
    theirs = po.get_pull(pull.number)
    assert [file.filename for file in theirs.get_files()] == ["projects/P/0", "projects/P/1", "projects/P/2"]
    theirs.create_review(event="APPROVE", body="well")
    assert theirs.merge(sha=commit.sha).merged
    assert [review.state for review in pull.get_reviews()] == ["APPROVED"]
    assert pull.update() and pull.merged
    assert [label.name for label in pull.labels] == ["arrival"]
    release = po.create_git_release("P/v1", "v1", "notes", target_commitish="main")
    path = hub.folder / "manifest.txt"
    path.write_text("manifest\n")
    release.upload_asset(str(path))
    assert po.get_release("P/v1").get_assets()[0].size == 9
    assert [issue.body for issue in repo.get_issue(pull.number).get_comments()] == ["done"]


def gh(hub: Hub, login: str, *words: str, good: bool | None = True, cwd: Path | None = None, **variables: str) -> str:
    """Run the true gh as a person would behind the proxy that our server is; `good` None: whatever it ends with."""
    port = hub.address.rpartition(":")[2]
    told = {
        "GH_HOST": "github.localhost",
        "GH_TOKEN": token_of(login),
        "HTTP_PROXY": f"http://127.0.0.1:{port}",
        "NO_PROXY": "127.0.0.1",
        "GH_REPO": "github.localhost/lmtoy/lmtoy_run",
        "GH_CONFIG_DIR": str(hub.folder / "gh"),
        "GH_PROMPT_DISABLED": "1",
        "GH_NO_UPDATE_NOTIFIER": "1",
        "DO_NOT_TRACK": "1",
        "HOME": os.environ["HOME"],
        "PATH": os.environ["PATH"],
    } | variables
    program = Path(sys.executable).with_name("gh")
    found = str(program) if program.exists() else shutil.which("gh")
    if found is None:
        pytest.fail("gh is not installed: it comes with the test extra") if os.environ.get("CI") else pytest.skip(
            "no gh"
        )
    done = subprocess.run([found, *words], env=told, capture_output=True, text=True, check=False, cwd=cwd or hub.folder)
    assert good is None or (done.returncode == 0) is good, done.stderr
    return done.stdout if good is not False else done.stderr


def test_gh_api_release_label_and_workflow_work(hub: Hub) -> None:
    number = hub.pull("feature")
    assert gh(hub, "da", "api", "user", "--jq", ".login") == "da\n"
    for n in range(3):
        gh(hub, "da", "api", f"repos/lmtoy/lmtoy_run/issues/{number}/comments", "-f", f"body=c{n}")
    url = f"repos/lmtoy/lmtoy_run/issues/{number}/comments?per_page=1"
    assert gh(hub, "da", "api", "--paginate", url, "--jq", ".[].body").split() == ["c0", "c1", "c2"]
    assert "HTTP 403" in gh(hub, "pi", "api", "-X", "PUT", f"repos/lmtoy/lmtoy_run/pulls/{number}/merge", good=False)
    gh(hub, "po", "label", "create", "qa", "--color", "00ff00")
    assert hub.po.get(f"{REPO}/labels/qa").status == 200
    (hub.folder / "manifest.txt").write_text("m\n")
    gh(hub, "po", "release", "create", "P/v1", "manifest.txt", "--title", "v1", "--notes", "n", "--target", "main")
    assert "manifest.txt" in gh(hub, "po", "release", "view", "P/v1")
    gh(hub, "po", "release", "upload", "P/v1", "manifest.txt", "--clobber")
    gh(hub, "po", "release", "download", "P/v1", "--dir", "down")
    assert (hub.folder / "down" / "manifest.txt").read_text() == "m\n"
    hub.write(".github/workflows/check.yml", "name: Check\non: workflow_dispatch\njobs: {}\n")
    assert "Check" in gh(hub, "po", "workflow", "list")
    assert gh(hub, "po", "run", "list", "--json", "name") == "[]\n"


def test_octokit_plays_a_story(hub: Hub) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.fail("node is needed") if os.environ.get("CI") else pytest.skip("node is not installed")
    script = NPM.parent / "client.mjs"
    words = [node, str(script), hub.address, token_of("po"), "lmtoy", "lmtoy_run"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"login": "po", "comments": 3, "merged": True, "refused": 405}
