"""The contexts of expressions, as far as they are known before a job has a host."""

from __future__ import annotations

import json
from typing import Any

from bot.sim.github.rules.expressions import Scope
from bot.sim.github.rules.triggers import BY_BASE
from bot.sim.github.rules.workflow_file import triggers_of
from bot.sim.github.shown.accounts import Json
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row

HEADS, TAGS = "refs/heads/", "refs/tags/"


def github(act: Act, repo: Row, run: Row) -> Json:
    """Return the `github` context of a run."""
    event, ref = json.loads(run["payload"]), run["ref"] or ""
    pull = event.get("pull_request") if run["event"] in BY_BASE else None
    owner = act.account(repo["owner_id"])["login"]
    return {
        "event": event,
        "event_name": run["event"],
        "sha": run["sha"],
        "ref": ref,
        "ref_name": ref.removeprefix(HEADS).removeprefix(TAGS).removeprefix("refs/pull/"),
        "ref_type": "tag" if ref.startswith(TAGS) else "branch",
        "head_ref": pull["head"]["ref"] if pull else "",
        "base_ref": pull["base"]["ref"] if pull else "",
        "repository": f"{owner}/{repo['name']}",
        "repository_id": str(repo["id"]),
        "repository_owner": owner,
        "actor": act.account(run["actor_id"])["login"],
        "triggering_actor": act.account(run["triggering_actor_id"] or run["actor_id"])["login"],
        "workflow": act.db.row("workflows", run["workflow_id"])["name"],
        "run_id": str(run["id"]),
        "run_number": str(run["number"]),
        "run_attempt": str(run["attempt"]),
        "server_url": act.state.address,
        "api_url": act.state.address,
    }


def values(act: Act, repo: Row, kind: str, environment: str = "") -> dict[str, str]:
    """Return the variables or secrets of a repository; those of the environment go before."""
    sql = "SELECT name, value FROM secrets WHERE repo_id = ? AND kind = ? AND environment IN ('', ?)"
    rows = act.db.all(f"{sql} ORDER BY environment", repo["id"], kind, environment)
    return {row["name"].upper(): row["value"] for row in rows}


def scope(act: Act, repo: Row, run: Row, **more: Any) -> Scope:
    """Return what expressions of the workflow file may name; `more`: needs, matrix, strategy."""
    told = {"github": github(act, repo, run), "vars": values(act, repo, "variable")}
    told["inputs"] = _inputs(run, told["github"]["event"].get("inputs") or {})
    return Scope(told | more, is_cancelled=bool(run["is_cancelled"]))


def _inputs(run: Row, given: dict[str, str]) -> dict[str, Any]:
    """Return the `inputs` context: booleans are booleans there, unlike in `github.event.inputs`."""
    known = (triggers_of(run["definition"]).get("workflow_dispatch") or {}).get("inputs") or {}
    return {
        name: value == "true" if (known.get(name) or {}).get("type") == "boolean" else value
        for name, value in given.items()
    }
