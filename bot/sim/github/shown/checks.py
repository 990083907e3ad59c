"""Check runs, check suites and commit statuses; and the Apps that make them."""

from __future__ import annotations

import json

from bot.sim.github.shown.accounts import Json, node_id, user, user_by_id
from bot.sim.github.shown.commits import commit
from bot.sim.github.shown.repos import api_url, html_url
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row


def app(act: Act, app_id: int | None) -> Json | None:
    """Show an App; None stays None."""
    if app_id is None:
        return None
    row = act.db.row("apps", app_id)
    page = f"{act.places.web}/apps/{row['slug']}"
    return {
        "id": row["id"],
        "slug": row["slug"],
        "node_id": node_id("App", row["id"]),
        "owner": user(act, act.account(row["owner_id"])),
        "name": row["name"],
        "description": "",
        "external_url": page,
        "html_url": page,
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "permissions": json.loads(row["permissions"]),
        "events": json.loads(row["events"]),
    }


def pulls_of(act: Act, repo: Row, sha: str) -> list[Json]:
    """Show, in brief, the open pull requests whose head is this commit."""
    api = api_url(act, repo)
    brief = {"id": repo["id"], "url": api, "name": repo["name"]}
    sql = (
        "SELECT p.*, i.number FROM pulls p JOIN issues i ON i.id = p.id WHERE p.repo_id = ? "
        "AND p.head_repo_id = p.repo_id AND p.head_sha = ? AND i.state = 'open'"
    )
    return [
        {
            "id": row["id"],
            "number": row["number"],
            "url": f"{api}/pulls/{row['number']}",
            "head": {"ref": row["head_ref"], "sha": row["head_sha"], "repo": brief},
            "base": {"ref": row["base_ref"], "sha": row["base_sha"], "repo": brief},
        }
        for row in act.db.all(sql, repo["id"], sha)
    ]


def check_run(act: Act, repo: Row, row: Row) -> Json:
    """Show a check run as the API does."""
    url, page = f"{api_url(act, repo)}/check-runs/{row['id']}", f"{html_url(act, repo)}/runs/{row['id']}"
    return {
        "id": row["id"],
        "node_id": node_id("CheckRun", row["id"]),
        "head_sha": row["head_sha"],
        "external_id": row["external_id"] or "",
        "url": url,
        "html_url": page,
        "details_url": row["details_url"] or page,
        "status": row["status"],
        "conclusion": row["conclusion"],
        "started_at": row["started_at"],
        "completed_at": row["completed_at"],
        "output": {
            "title": row["title"],
            "summary": row["summary"],
            "text": row["text"],
            "annotations_count": len(json.loads(row["annotations"])),
            "annotations_url": f"{url}/annotations",
        },
        "name": row["name"],
        "check_suite": {"id": row["suite_id"]},
        "app": app(act, row["app_id"]),
        "pull_requests": pulls_of(act, repo, row["head_sha"]),
    }


def told_check_run(act: Act, repo: Row, row: Row) -> Json:
    """Show a check run as events do: with its suite."""
    suite = act.db.row("check_suites", row["suite_id"])
    told = check_suite(act, repo, suite)
    kept = (
        "id", "node_id", "head_branch", "head_sha", "status", "conclusion", "url", "before", "after", "pull_requests",
        "app", "created_at", "updated_at",
    )  # fmt: skip
    return check_run(act, repo, row) | {"check_suite": {name: told[name] for name in kept}}


def check_suite(act: Act, repo: Row, row: Row) -> Json:
    """Show a check suite; its state follows from its runs."""
    runs = act.db.all("SELECT * FROM check_runs WHERE suite_id = ? ORDER BY id", row["id"])
    git, api = act.git(repo), api_url(act, repo)
    found = git.commit(row["head_sha"])
    status, conclusion = summed(runs)
    parent = str(found.parent_ids[0]) if found.parent_ids else None
    people = {
        word: {"name": who.name, "email": who.email}
        for word, who in (("author", found.author), ("committer", found.committer))
    }
    when = commit(act, repo, row["head_sha"])["commit"]["committer"]["date"]
    return {
        "id": row["id"],
        "node_id": node_id("CheckSuite", row["id"]),
        "head_branch": row["head_branch"],
        "head_sha": row["head_sha"],
        "status": status,
        "conclusion": conclusion,
        "url": f"{api}/check-suites/{row['id']}",
        "before": parent,
        "after": row["head_sha"],
        "pull_requests": pulls_of(act, repo, row["head_sha"]),
        "app": app(act, row["app_id"]),
        "created_at": row["created_at"],
        "updated_at": max([row["created_at"], *(run["completed_at"] or "" for run in runs)]),
        "latest_check_runs_count": len({run["name"] for run in runs}),
        "check_runs_url": f"{api}/check-suites/{row['id']}/check-runs",
        "head_commit": {
            "id": row["head_sha"],
            "tree_id": str(found.tree_id),
            "message": found.message.rstrip("\n"),
            "timestamp": when,
            **people,
        },
    }


def summed(runs: list[Row]) -> tuple[str, str | None]:
    """Return status and conclusion that several check runs come to."""
    if not runs or any(run["status"] != "completed" for run in runs):
        return ("in_progress" if any(run["status"] == "in_progress" for run in runs) else "queued"), None
    found = {run["conclusion"] for run in runs}
    worst = ("action_required", "timed_out", "cancelled", "failure", "success", "neutral", "skipped")
    return "completed", next((word for word in worst if word in found), "neutral")


def status(act: Act, repo: Row, row: Row) -> Json:
    """Show a commit status."""
    creator = act.account(row["creator_id"])
    return {
        "url": f"{api_url(act, repo)}/statuses/{row['sha']}",
        "avatar_url": user(act, creator)["avatar_url"],
        "id": row["id"],
        "node_id": node_id("StatusContext", row["id"]),
        "state": row["state"],
        "description": row["description"],
        "target_url": row["target_url"],
        "context": row["context"],
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "creator": user_by_id(act, row["creator_id"]),
    }


def simple_status(act: Act, repo: Row, row: Row) -> Json:
    """Show a commit status as the combined status does."""
    shown = status(act, repo, row)
    del shown["creator"]
    return shown
