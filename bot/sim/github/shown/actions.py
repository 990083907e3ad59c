"""Workflows, their runs and jobs, as the API tells them."""

from __future__ import annotations

import json

from bot.sim.github.shown.accounts import Json, node_id, user_by_id
from bot.sim.github.shown.checks import pulls_of
from bot.sim.github.shown.commits import person
from bot.sim.github.shown.repos import api_url, html_url, minimal
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row


def workflow(act: Act, repo: Row, row: Row) -> Json:
    """Show a workflow."""
    name = row["path"].rpartition("/")[2]
    return {
        "id": row["id"],
        "node_id": node_id("Workflow", row["id"]),
        "name": row["name"],
        "path": row["path"],
        "state": row["state"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "url": f"{api_url(act, repo)}/actions/workflows/{row['id']}",
        "html_url": f"{html_url(act, repo)}/blob/{repo['default_branch']}/{row['path']}",
        "badge_url": f"{html_url(act, repo)}/workflows/{name}/badge.svg",
    }


def simple_commit(act: Act, repo: Row, sha: str) -> Json:
    """Show a commit as runs do."""
    found = act.git(repo).commit(sha)
    people = {
        word: {"name": who.name, "email": who.email}
        for word, who in (("author", found.author), ("committer", found.committer))
    }
    when = person(found.committer)["date"]
    return {"id": sha, "tree_id": str(found.tree_id), "message": found.message.rstrip("\n"), "timestamp": when} | people


def run(act: Act, repo: Row, row: Row) -> Json:
    """Show a run of a workflow."""
    url = f"{api_url(act, repo)}/actions/runs/{row['id']}"
    workflow_row = act.db.row("workflows", row["workflow_id"])
    head_repo = act.db.one("SELECT * FROM repos WHERE id = ?", row["head_repo_id"]) or repo
    before = f"{url}/attempts/{row['attempt'] - 1}" if row["attempt"] > 1 else None
    return {
        "id": row["id"],
        "name": workflow_row["name"],
        "node_id": node_id("WorkflowRun", row["id"]),
        "check_suite_id": row["suite_id"] or 0,
        "check_suite_node_id": node_id("CheckSuite", row["suite_id"] or 0),
        "head_branch": row["head_branch"],
        "head_sha": row["head_sha"],
        "path": workflow_row["path"],
        "display_title": row["title"],
        "run_number": row["number"],
        "run_attempt": row["attempt"],
        "event": row["event"],
        "status": row["status"],
        "conclusion": row["conclusion"],
        "workflow_id": row["workflow_id"],
        "url": url,
        "html_url": f"{html_url(act, repo)}/actions/runs/{row['id']}",
        "pull_requests": pulls_of(act, repo, row["head_sha"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "actor": user_by_id(act, row["actor_id"]),
        "triggering_actor": user_by_id(act, row["triggering_actor_id"] or row["actor_id"]),
        "run_started_at": row["started_at"] or row["created_at"],
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{api_url(act, repo)}/check-suites/{row['suite_id'] or 0}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": before,
        "workflow_url": f"{api_url(act, repo)}/actions/workflows/{row['workflow_id']}",
        "head_commit": simple_commit(act, repo, row["head_sha"]),
        "repository": minimal(act, repo),
        "head_repository": minimal(act, head_repo),
    }


def job(act: Act, repo: Row, row: Row) -> Json:
    """Show a job of a run."""
    found = act.db.row("runs", row["run_id"])
    api, runs = api_url(act, repo), f"{api_url(act, repo)}/actions/runs/{row['run_id']}"
    return {
        "id": row["id"],
        "run_id": row["run_id"],
        "workflow_name": act.db.row("workflows", found["workflow_id"])["name"],
        "head_branch": found["head_branch"],
        "run_url": runs,
        "run_attempt": row["attempt"],
        "node_id": node_id("Job", row["id"]),
        "head_sha": found["head_sha"],
        "url": f"{api}/actions/jobs/{row['id']}",
        "html_url": f"{html_url(act, repo)}/actions/runs/{row['run_id']}/job/{row['id']}",
        "status": row["status"],
        "conclusion": row["conclusion"],
        "created_at": row["created_at"],
        "started_at": row["started_at"] or row["created_at"],
        "completed_at": row["completed_at"],
        "name": row["name"],
        "steps": json.loads(row["steps"]),
        "check_run_url": f"{api}/check-runs/{row['check_run_id'] or 0}",
        "labels": json.loads(row["labels"]),
        "runner_id": 1 if row["runner_name"] else None,
        "runner_name": row["runner_name"],
        "runner_group_id": 1 if row["runner_name"] else None,
        "runner_group_name": "Default" if row["runner_name"] else None,
    }
