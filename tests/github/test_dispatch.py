"""What starts a workflow and what does not; how runs wait. No host is there: jobs stay queued."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sim.github.rules.access import Kind
from bot.sim.github.seed import plant
from bot.sim.github.server import Running, address_of, listen
from bot.sim.github.store.state import State
from bot.sim.github.store.tokens import make_token
from tests.github.client import Client
from tests.github.conftest import FILES
from tests.github.hub import REPO, Hub, world
from tests.github.judge import Judge

RUNS = f"{REPO}/actions/runs"
JOBS = "jobs: {j: {runs-on: nowhere, steps: [{run: 'true'}]}}\n"


@pytest.fixture
def quiet(tmp_path: Path, judge: Judge) -> Iterator[Hub]:
    """Return a hub with a dispatcher and no hosts."""
    listener = listen()
    state = State(tmp_path / "state", address=address_of(listener))
    state.do(lambda: plant(state, world(), FILES)).result()
    with Running(state, listener, witness=judge.reply, hosts=(), is_practice=True) as running:
        hub = Hub(state, tmp_path)
        hub.foreman = running.app.foreman
        yield hub
        for row in hub.events():
            judge.event(row["name"], row["action"], row["payload"])
    assert not judge.complaints, "\n".join(judge.complaints)


def workflow(hub: Hub, on: str, name: str = "w", more: str = "", branch: str = "main") -> None:
    """Put a workflow with these triggers on a branch."""
    came = hub.write(f".github/workflows/{name}.yml", f"name: {name}\non: {on}\n{more}{JOBS}", branch)
    assert came.status in (200, 201), came.data


def runs(hub: Hub, name: str = "w") -> list[dict[str, Any]]:
    """Return the runs of a workflow, oldest first, once the dispatcher has read all events."""
    settled = "SELECT (SELECT max(id) FROM outbox) = (SELECT last_event FROM readers WHERE name = 'dispatcher')"
    hub.wait_for(lambda: hub.ask(lambda: hub.state.db.value(settled)))
    found = hub.po.get(f"{RUNS}?per_page=100").json["workflow_runs"]
    return [run for run in reversed(found) if run["name"] == name]


def told(hub: Hub, name: str = "w") -> list[tuple[str, str]]:
    return [(run["event"], run["head_branch"]) for run in runs(hub, name)]


def jobs(hub: Hub, run: dict[str, Any]) -> list[dict[str, Any]]:
    return list(hub.po.get(f"{RUNS}/{run['id']}/jobs").json["jobs"])


def test_a_pull_request_starts_by_type_base_and_paths_on_its_merge_commit(quiet: Hub) -> None:
    workflow(quiet, "{pull_request: {branches: [main], paths: ['projects/**', '!projects/**/qa.yaml']}}", "paths")
    workflow(quiet, "{pull_request: {types: [labeled]}}", "labels")
    workflow(quiet, "{pull_request: {branches-ignore: ['ma*']}}", "elsewhere")
    workflow(quiet, "{pull_request: {paths-ignore: ['projects/**']}}", "ignoring")
    number = quiet.pull("feature", {"projects/P/project.yaml": "pid: P\n"})
    quiet.pull("qa", {"projects/P/qa.yaml": "qa: {}\n"})
    assert told(quiet, "paths") == [("pull_request", "feature")]
    quiet.write("projects/P/project.yaml", "pid: Q\n", "feature")
    assert len(runs(quiet, "paths")) == 2
    quiet.po.post(f"{REPO}/issues/{number}/labels", {"labels": ["arrival"]})
    assert told(quiet, "labels") == [("pull_request", "feature")]
    assert told(quiet, "elsewhere") == told(quiet, "ignoring") == []
    job = jobs(quiet, runs(quiet, "paths")[0])[0]
    assert (job["status"], job["runner_name"], job["labels"]) == ("queued", None, ["nowhere"])
    row = quiet.ask(lambda: quiet.state.db.row("runs", job["run_id"]))
    assert row["ref"] == f"refs/pull/{number}/merge" and row["sha"] != row["head_sha"]


def test_a_push_starts_by_branch_tag_and_paths_from_the_pushed_commit(quiet: Hub) -> None:
    workflow(quiet, "{push: {branches: ['release/**'], tags: ['v[0-9]+.*']}}")
    workflow(quiet, "{push: {paths-ignore: ['**.md', '.github/**']}}", "code")
    before = len(runs(quiet, "code"))
    sha = quiet.branch("release/1/a")
    assert told(quiet) == [("push", "release/1/a")]
    for tag in ("v12.0", "w1.0"):
        quiet.da.post(f"{REPO}/git/refs", {"ref": f"refs/tags/{tag}", "sha": sha})
    assert told(quiet)[1:] == [("push", "v12.0")]
    quiet.write("docs/a.md", "a")
    assert len(runs(quiet, "code")) == before + 3, "a new branch and tags count whole"
    quiet.write("code.py", "a")
    assert len(runs(quiet, "code")) == before + 4
    body = {"message": "work [skip ci]", "content": "eA==", "branch": "main"}
    quiet.da.put(f"{REPO}/contents/other.py", body)
    assert len(runs(quiet, "code")) == before + 4


def test_comments_issues_and_dispatches_run_the_file_of_the_default_branch(quiet: Hub) -> None:
    quiet.branch("feature")
    workflow(quiet, "{issue_comment: {types: [created]}, issues: , repository_dispatch: {types: [arrival]}}")
    workflow(quiet, "{issue_comment: }", "other", branch="feature")
    number = quiet.po.post(f"{REPO}/issues", {"title": "t"}).json["number"]
    comment = quiet.pi.post(f"{REPO}/issues/{number}/comments", {"body": "status"}).json
    quiet.pi.patch(f"{REPO}/issues/comments/{comment['id']}", {"body": "edited"})
    for kind in ("arrival", "departure"):
        quiet.bot().post(f"{REPO}/dispatches", {"event_type": kind, "client_payload": {"pid": "P"}})
    assert [event for event, _ in told(quiet)] == ["issues", "issue_comment", "repository_dispatch"]
    assert [run["display_title"] for run in runs(quiet)] == ["t", "t", "arrival"]
    assert runs(quiet, "other") == []


def test_a_release_runs_the_file_of_its_tag(quiet: Hub) -> None:
    quiet.branch("old")
    workflow(quiet, "{release: {types: [published]}}")
    quiet.po.post(f"{REPO}/releases", {"tag_name": "P/v1", "target_commitish": "old"})
    assert told(quiet) == []
    quiet.po.post(f"{REPO}/releases", {"tag_name": "P/v2", "target_commitish": "main"})
    assert told(quiet) == [("release", "P/v2")]


def test_what_a_workflow_token_does_starts_only_dispatches(quiet: Hub) -> None:
    workflow(quiet, "[push, issues, repository_dispatch, workflow_dispatch]")
    before = len(runs(quiet))

    def make() -> str:
        account = quiet.state.db.one("SELECT * FROM accounts WHERE login = 'lmtbot[bot]'")
        assert account is not None
        rights = {"contents": "write", "issues": "write", "actions": "write"}
        return make_token(quiet.state, Kind.WORKFLOW, account, permissions=rights, repo_ids=[1])

    robot = Client(quiet.address, quiet.ask(make))
    assert robot.post(f"{REPO}/issues", {"title": "t"}).status == 201
    assert quiet.write("a", "a", who=robot).status == 201
    assert len(runs(quiet)) == before
    assert robot.post(f"{REPO}/dispatches", {"event_type": "x"}).status == 204
    assert robot.post(f"{REPO}/actions/workflows/w.yml/dispatches", {"ref": "main"}).status == 204
    assert len(runs(quiet)) == before + 2
    assert quiet.bot().post(f"{REPO}/issues", {"title": "t"}).status == 201
    assert len(runs(quiet)) == before + 3


def test_a_schedule_starts_by_the_clock_and_makes_up_for_nothing(quiet: Hub) -> None:
    now = quiet.state.clock()
    quiet.state.clock = lambda: now
    workflow(quiet, "{schedule: [{cron: '0 * * * *'}]}")
    assert runs(quiet) == []
    hour = (now + timedelta(hours=1)).replace(minute=0, second=5)

    def at(later: timedelta) -> list[dict[str, Any]]:
        quiet.state.clock = lambda: hour + later
        number = quiet.po.post(f"{REPO}/issues", {"title": "wakes the dispatcher"}).json["number"]
        quiet.wait_for(lambda: quiet.ask(lambda: True) and number)
        return runs(quiet)

    assert len(at(timedelta())) == 1
    assert len(at(timedelta(minutes=30))) == 1
    found = at(timedelta(hours=10))
    assert [(run["event"], run["actor"]["login"]) for run in found] == [("schedule", "da")] * 2
    event = quiet.ask(lambda: json.loads(quiet.state.db.row("runs", found[0]["id"])["payload"]))
    assert (event["schedule"], event["repository"]["full_name"]) == ("0 * * * *", "lmtoy/lmtoy_run")


GROUP = "concurrency: {group: 'project-${{ inputs.pid || github.ref }}', cancel-in-progress: %s}\n"


def test_a_concurrency_group_keeps_one_running_and_one_pending(quiet: Hub) -> None:
    workflow(quiet, "{workflow_dispatch: {inputs: {pid: {}}}}", more=GROUP % "false")
    url = f"{REPO}/actions/workflows/w.yml/dispatches"
    for pid in ("P", "P", "P", "Q"):
        quiet.po.post(url, {"ref": "main", "inputs": {"pid": pid}})
    found = runs(quiet)
    assert [(run["status"], run["conclusion"]) for run in found] == [
        ("queued", None), ("completed", "cancelled"), ("pending", None), ("queued", None)
    ]  # fmt: skip
    assert quiet.po.post(f"{RUNS}/{found[0]['id']}/cancel").status == 202
    quiet.wait_for(lambda: runs(quiet)[2]["status"] == "queued")
    assert quiet.po.post(f"{RUNS}/{found[0]['id']}/cancel").status == 409


def test_cancel_in_progress_lets_the_newest_run(quiet: Hub) -> None:
    workflow(quiet, "workflow_dispatch", more=GROUP % "true")
    for _ in range(2):
        quiet.po.post(f"{REPO}/actions/workflows/w.yml/dispatches", {"ref": "main"})
    assert [(run["status"], run["conclusion"]) for run in runs(quiet)] == [("completed", "cancelled"), ("queued", None)]


def test_jobs_of_one_group_run_one_after_another_in_all_runs(quiet: Hub) -> None:
    job = "{runs-on: nowhere, concurrency: 'level1-${{ github.event.client_payload.pid }}', steps: [{run: 'true'}]}"
    text = (
        f"name: w\non: repository_dispatch\njobs: {{j: {job}, free: {{runs-on: nowhere, steps: [{{run: 'true'}}]}}}}\n"
    )
    quiet.write(".github/workflows/w.yml", text)
    for pid in ("P", "P", "P", "Q"):
        quiet.bot().post(f"{REPO}/dispatches", {"event_type": "x", "client_payload": {"pid": pid}})

    def stand() -> list[str]:
        return [
            job["conclusion"] or job["status"] for run in runs(quiet) for job in jobs(quiet, run) if job["name"] == "j"
        ]

    quiet.wait_for(lambda: stand() == ["queued", "cancelled", "pending", "queued"])
    quiet.po.post(f"{RUNS}/{runs(quiet)[0]['id']}/cancel")
    quiet.wait_for(lambda: stand() == ["cancelled", "cancelled", "queued", "queued"])


def test_a_job_in_the_group_of_its_own_run_is_a_deadlock(quiet: Hub) -> None:
    text = "on: issues\nname: w\nconcurrency: g\njobs: {j: {runs-on: a, concurrency: G, steps: [{run: 'true'}]}}\n"
    quiet.write(".github/workflows/w.yml", text)
    quiet.po.post(f"{REPO}/issues", {"title": "t"})
    quiet.wait_for(lambda: runs(quiet)[0]["conclusion"] == "cancelled")


def test_an_environment_waits_for_its_reviewer(quiet: Hub) -> None:
    job = "jobs: {j: {runs-on: nowhere, environment: archive, steps: [{run: 'true'}]}}\n"
    quiet.write(".github/workflows/w.yml", f"name: w\non: workflow_dispatch\n{job}")
    da = quiet.da.get("/user").json["id"]
    url = f"{REPO}/environments/archive"
    made = quiet.po.put(url, {"reviewers": [{"type": "User", "id": da}], "prevent_self_review": True})
    assert made.json["protection_rules"][0]["type"] == "required_reviewers"
    assert quiet.da.put(url, {}).status == 403
    for _ in range(2):
        quiet.po.post(f"{REPO}/actions/workflows/w.yml/dispatches", {"ref": "main"})
    first, second = runs(quiet)
    assert (first["status"], jobs(quiet, first)[0]["status"]) == ("waiting", "waiting")
    pending = f"{RUNS}/{first['id']}/pending_deployments"
    asked = quiet.da.get(pending).json[0]
    assert (asked["environment"]["name"], asked["current_user_can_approve"]) == ("archive", True)
    body = {"environment_ids": [asked["environment"]["id"]], "state": "approved", "comment": "well"}
    assert quiet.po.post(pending, body).status == 422
    assert quiet.da.post(pending, body).json[0]["environment"] == "archive"
    quiet.wait_for(lambda: runs(quiet)[0]["status"] == "queued")
    assert quiet.po.get(f"{RUNS}/{first['id']}/approvals").json[0]["state"] == "approved"
    rejected = body | {"state": "rejected", "comment": "not yet"}
    assert quiet.da.post(f"{RUNS}/{second['id']}/pending_deployments", rejected).status == 200
    quiet.wait_for(lambda: runs(quiet)[1]["conclusion"] == "failure")
    assert quiet.po.get(f"{REPO}/environments").json["total_count"] == 1


def test_a_strangers_fork_waits_for_approval(quiet: Hub) -> None:
    workflow(quiet, "pull_request")
    assert quiet.stranger.post(f"{REPO}/forks").status == 202
    fork = "/repos/stranger/lmtoy_run"
    assert quiet.write("a", "a", who=quiet.stranger, repo=fork).status == 201
    made = quiet.stranger.post(f"{REPO}/pulls", {"title": "t", "head": "stranger:main", "base": "main"})
    assert made.status == 201, made.data
    run = runs(quiet)[0]
    assert (run["conclusion"], jobs(quiet, run)) == ("action_required", [])
    assert quiet.stranger.post(f"{RUNS}/{run['id']}/approve").status == 403
    assert quiet.po.post(f"{RUNS}/{run['id']}/approve").status == 201
    quiet.wait_for(lambda: runs(quiet)[0]["status"] == "queued" and jobs(quiet, run))


def test_a_review_runs_on_the_merge_commit_and_counts_for_the_head(quiet: Hub) -> None:
    workflow(quiet, "{pull_request_review: {types: [submitted]}}")
    number = quiet.pull("feature")
    assert quiet.po.post(f"{REPO}/pulls/{number}/reviews", {"event": "APPROVE"}).status == 200
    run = runs(quiet)[0]
    assert (run["head_branch"], run["head_sha"]) == ("feature", quiet.tip("feature"))
    row = quiet.ask(lambda: quiet.state.db.row("runs", run["id"]))
    assert (row["ref"], row["is_trusted"]) == (f"refs/pull/{number}/merge", 1)


def test_a_review_of_a_forks_pull_request_gets_no_secrets(quiet: Hub) -> None:
    workflow(quiet, "pull_request_review")
    quiet.stranger.post(f"{REPO}/forks")
    quiet.write("a", "a", who=quiet.stranger, repo="/repos/stranger/lmtoy_run")
    made = quiet.stranger.post(f"{REPO}/pulls", {"title": "t", "head": "stranger:main", "base": "main"})
    quiet.da.post(f"{REPO}/pulls/{made.json['number']}/reviews", {"event": "APPROVE"})
    run = runs(quiet)[0]
    assert not quiet.ask(lambda: quiet.state.db.row("runs", run["id"]))["is_trusted"]


def test_a_wrong_workflow_file_says_what_is_wrong(quiet: Hub) -> None:
    job = "jobs: {j: {runs-on: a, needs: k, steps: []}, m: {runs-on: a, container: x, steps: []}}\n"
    quiet.write(".github/workflows/w.yml", f"name: w\non: push\n{job}")
    run = runs(quiet)[0]
    assert run["conclusion"] == "failure"
    words = quiet.po.get(f"{REPO}/check-runs/{jobs(quiet, run)[0]['check_run_url'].rpartition('/')[2]}/annotations")
    assert "jobs.j: it needs k, which is not here" in words.json[0]["message"]
    assert "jobs.m: `container` of a job is not simulated here" in words.json[0]["message"]


def test_a_disabled_workflow_rests(quiet: Hub) -> None:
    workflow(quiet, "issues")
    quiet.po.put(f"{REPO}/actions/workflows/w.yml/disable")
    quiet.po.post(f"{REPO}/issues", {"title": "t"})
    assert runs(quiet) == []


def test_secrets_are_sealed_and_never_shown(quiet: Hub) -> None:
    from base64 import b64encode

    from nacl.encoding import Base64Encoder
    from nacl.public import PublicKey, SealedBox

    url = f"{REPO}/actions/secrets"
    key = quiet.po.get(f"{url}/public-key").json
    sealed = SealedBox(PublicKey(key["key"].encode(), Base64Encoder)).encrypt(b"s3cret")
    body = {"encrypted_value": b64encode(sealed).decode(), "key_id": key["key_id"]}
    assert [quiet.po.put(f"{url}/KEY", body).status for _ in range(2)] == [201, 204]
    assert quiet.po.put(f"{url}/KEY", {"encrypted_value": "eA==", "key_id": "1"}).status == 422
    assert quiet.po.put(f"{url}/GITHUB_X", body).status == 422
    assert "KEY" in [secret["name"] for secret in quiet.po.get(url).json["secrets"]]
    assert "value" not in quiet.po.get(f"{url}/KEY").json
    assert quiet.pi.get(url).status == 403
    variables = f"{REPO}/actions/variables"
    assert quiet.po.post(variables, {"name": "SITE", "value": "unity"}).status == 201
    assert quiet.po.post(variables, {"name": "SITE", "value": "unity"}).status == 409
    assert quiet.po.patch(f"{variables}/SITE", {"value": "malt"}).status == 204
    assert quiet.po.get(f"{variables}/SITE").json["value"] == "malt"
    assert (quiet.po.delete(f"{variables}/SITE").status, quiet.po.delete(f"{url}/KEY").status) == (204, 204)
