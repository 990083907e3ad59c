"""Environments, those who must approve their jobs, and deployments that wait."""

from __future__ import annotations

import json
from typing import Any

from bot.sim.github.shown.accounts import Json, node_id, team, user, user_by_id
from bot.sim.github.shown.repos import api_url, html_url
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row


def brief(act: Act, repo: Row, row: Row) -> Json:
    """Show an environment in brief."""
    return {
        "id": row["id"],
        "node_id": node_id("Environment", row["id"]),
        "name": row["name"],
        "url": f"{api_url(act, repo)}/environments/{row['name']}",
        "html_url": f"{html_url(act, repo)}/deployments/activity_log?environments_filter={row['name']}",
    }


def dated(act: Act, repo: Row, row: Row) -> Json:
    """Show an environment in brief, with its times."""
    return brief(act, repo, row) | {"created_at": row["created_at"], "updated_at": row["updated_at"]}


def environment(act: Act, repo: Row, row: Row) -> Json:
    """Show an environment with its rules."""
    rules = json.loads(row["rules"])
    shown: list[Json] = []
    if rules.get("reviewers"):
        more = {"prevent_self_review": bool(rules.get("prevent_self_review"))}
        shown.append({"type": "required_reviewers", "reviewers": reviewers(act, rules["reviewers"])} | more)
    numbered = [
        {"id": row["id"] * 10 + number, "node_id": node_id("Gate", row["id"] * 10 + number)} | rule
        for number, rule in enumerate(shown)
    ]
    return dated(act, repo, row) | {"protection_rules": numbered, "deployment_branch_policy": None}


def reviewers(act: Act, told: list[dict[str, Any]]) -> list[Json]:
    """Show who must approve."""
    return [
        {
            "type": one["type"],
            "reviewer": user(act, act.account(one["id"]))
            if one["type"] == "User"
            else team(act, act.db.row("teams", one["id"])),
        }
        for one in told
    ]


def deployment(act: Act, repo: Row, run: Row, job: Row) -> Json:
    """Show a job of an environment as the deployment that it is."""
    url = f"{api_url(act, repo)}/deployments/{job['id']}"
    return {
        "id": job["id"],
        "node_id": node_id("Deployment", job["id"]),
        "url": url,
        "sha": run["head_sha"],
        "ref": run["head_branch"] or run["head_sha"],
        "task": "deploy",
        "payload": {},
        "original_environment": job["environment"],
        "environment": job["environment"],
        "description": None,
        "creator": user_by_id(act, run["actor_id"]),
        "created_at": job["created_at"],
        "updated_at": job["created_at"],
        "statuses_url": f"{url}/statuses",
        "repository_url": api_url(act, repo),
    }
