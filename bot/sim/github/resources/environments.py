"""Environments: whose approval their jobs need."""

from __future__ import annotations

import json
from typing import Any

from bot.sim.github.refusals import invalid, not_found
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import environments as shown
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, nothing
from bot.sim.github.wire.routing import Route

MOST_REVIEWERS = 6
UNKNOWN = ("wait_timer", "deployment_branch_policy")


def environment_of(call: Call) -> Row:
    """Return the environment that the path names, or refuse (404)."""
    sql = "SELECT * FROM environments WHERE repo_id = ? AND name = ?"
    found = call.db.one(sql, call.repo["id"], call.path["environment_name"])
    if found is None:
        raise not_found()
    return found


def list_environments(call: Call) -> Reply:
    """List the environments."""
    rows = call.db.all("SELECT * FROM environments WHERE repo_id = ? ORDER BY id", call.repo["id"])
    return call.paged(rows, lambda row: shown.environment(call, call.repo, row), key="environments")


def get_environment(call: Call) -> Reply:
    """Show an environment."""
    return Reply(shown.environment(call, call.repo, environment_of(call)))


def put_environment(call: Call) -> Reply:
    """Make an environment or change its rules."""
    if asked := [name for name in UNKNOWN if call.body.get(name)]:
        raise invalid(f"{asked[0]} is not simulated here")
    reviewers = call.get("reviewers", list, [])
    rules = json.dumps(
        {
            "reviewers": [_reviewer(call, told) for told in reviewers],
            "prevent_self_review": call.get("prevent_self_review", bool, False),
        }
    )
    if len(reviewers) > MOST_REVIEWERS:
        raise invalid(f"No more than {MOST_REVIEWERS} reviewers are allowed")
    call.db.run(
        "INSERT INTO environments (repo_id, name, rules, created_at, updated_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (repo_id, name) DO UPDATE SET rules = excluded.rules, updated_at = excluded.updated_at",
        call.repo["id"], call.path["environment_name"], rules, call.now, call.now,
    )  # fmt: skip
    return get_environment(call)


def _reviewer(call: Call, told: Any) -> dict[str, Any]:
    table = {"User": "accounts", "Team": "teams"}.get(told.get("type", "")) if isinstance(told, dict) else None
    if table is None or call.db.one(f"SELECT 1 FROM {table} WHERE id = ?", told.get("id")) is None:  # noqa: S608
        raise invalid(f"Invalid request.\n\n{json.dumps(told)[:200]} is no reviewer.")
    return {"type": told["type"], "id": told["id"]}


def delete_environment(call: Call) -> Reply:
    """Delete an environment, with its secrets and variables."""
    row = environment_of(call)
    call.db.run("DELETE FROM secrets WHERE repo_id = ? AND environment = ?", call.repo["id"], row["name"])
    call.db.run("DELETE FROM environments WHERE id = ?", row["id"])
    return nothing()


ALL, ONE = "/repos/{owner}/{repo}/environments", "/repos/{owner}/{repo}/environments/{environment_name}"
ROUTES = (
    Route("GET", ALL, list_environments, Right("actions")),
    Route("GET", ONE, get_environment, Right("actions")),
    Route("PUT", ONE, put_environment, Right("administration", "write", "admin")),
    Route("DELETE", ONE, delete_environment, Right("administration", "write", "admin")),
)
