"""Commit statuses."""

from __future__ import annotations

from bot.sim.github.events.outbox import tell
from bot.sim.github.refusals import fault
from bot.sim.github.resources.commits import commit_named
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import checks as shown
from bot.sim.github.shown.accounts import Json
from bot.sim.github.shown.commits import commit
from bot.sim.github.shown.repos import api_url, minimal
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, created
from bot.sim.github.wire.routing import Route

STATES = ("error", "failure", "pending", "success")
LONGEST_DESCRIPTION = 140


def create_status(call: Call) -> Reply:
    """Say how a commit stands in one context."""
    sha, words = commit_named(call, call.path["sha"], 422), call.get("description", str)
    call.need("state", str)
    if words and len(words) > LONGEST_DESCRIPTION:
        raise fault(
            "Status", "description", message=f"description is too long (maximum is {LONGEST_DESCRIPTION} characters)"
        )
    status_id = call.db.insert(
        "statuses",
        repo_id=call.repo["id"],
        sha=sha,
        state=call.choice("state", STATES),
        context=call.get("context", str, "default"),
        description=words,
        target_url=call.get("target_url", str),
        creator_id=call.user["id"],
        created_at=call.now,
    )
    row = call.db.row("statuses", status_id)
    _tell(call, row)
    return created(shown.status(call, call.repo, row))


def _tell(call: Call, row: Row) -> None:
    told = call.told
    at = commit(told, call.repo, row["sha"])
    at["commit"] = at["commit"] | {
        "verification": {k: v for k, v in at["commit"]["verification"].items() if k != "verified_at"}
    }
    api = api_url(told, call.repo)
    tips = [(name.removeprefix("refs/heads/"), sha) for name, sha in call.git(call.repo).refs("refs/heads/").items()]
    branches = [
        {"name": name, "commit": {"sha": sha, "url": f"{api}/commits/{sha}"}, "protected": False}
        for name, sha in tips
        if call.git(call.repo).is_ancestor(row["sha"], sha)
    ]
    kept = ("id", "sha", "context", "description", "state", "target_url", "created_at")
    payload: Json = {name: row[name] for name in kept} | {"name": call.repo["name"], "updated_at": row["created_at"]}
    payload |= {"avatar_url": shown.status(told, call.repo, row)["avatar_url"], "commit": at, "branches": branches[:10]}
    tell(call, "status", None, call.repo, payload)


def _rows(call: Call, sha: str) -> list[Row]:
    return call.db.all("SELECT * FROM statuses WHERE repo_id = ? AND sha = ? ORDER BY id DESC", call.repo["id"], sha)


def list_statuses(call: Call) -> Reply:
    """List all statuses of a commit, newest first."""
    rows = _rows(call, commit_named(call, call.path["ref"]))
    return call.paged(rows, lambda row: shown.status(call, call.repo, row))


def combined_status(call: Call) -> Reply:
    """Show the newest status of each context, and what they come to."""
    sha = commit_named(call, call.path["ref"])
    newest = list({row["context"]: row for row in reversed(_rows(call, sha))}.values())
    found = {row["state"] for row in newest}
    state = "failure" if found & {"failure", "error"} else "success" if found == {"success"} else "pending"
    paged = call.paged(newest, lambda row: shown.simple_status(call, call.repo, row))
    url = f"{api_url(call, call.repo)}/commits/{sha}"
    body = {"state": state, "statuses": paged.body, "sha": sha, "total_count": len(newest)}
    return Reply(
        body | {"repository": minimal(call, call.repo), "commit_url": url, "url": f"{url}/status"},
        headers=paged.headers,
    )


HERE = "/repos/{owner}/{repo}/commits/{ref...}"
READ = Right("statuses")
ROUTES = (
    Route("POST", "/repos/{owner}/{repo}/statuses/{sha}", create_status, Right("statuses", "write")),
    Route("GET", f"{HERE}/statuses", list_statuses, READ),
    Route("GET", f"{HERE}/status", combined_status, READ),
)
