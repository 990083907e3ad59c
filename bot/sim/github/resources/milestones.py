"""Milestones."""

from __future__ import annotations

from typing import Any

from bot.sim.github.events.outbox import tell
from bot.sim.github.refusals import fault, not_found
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import issues as shown
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.routing import Route


def milestone_of(call: Call) -> Row:
    """Return the milestone that the path names, or refuse (404)."""
    sql = "SELECT * FROM milestones WHERE repo_id = ? AND number = ?"
    found = call.db.one(sql, call.repo["id"], call.number("milestone_number"))
    if found is None:
        raise not_found()
    return found


def list_milestones(call: Call) -> Reply:
    """List the open milestones, or by state."""
    state = call.query.get("state", "open")
    rows = call.db.all(
        "SELECT * FROM milestones WHERE repo_id = ? AND (state = ? OR ? = 'all') ORDER BY number",
        call.repo["id"],
        state,
        state,
    )
    return call.paged(rows, lambda row: shown.milestone(call, call.repo, row))


def _tell(call: Call, row: Row, action: str, **more: Any) -> None:
    tell(call, "milestone", action, call.repo, {"milestone": shown.milestone(call.told, call.repo, row)} | more)


def create_milestone(call: Call) -> Reply:
    """Make a milestone; its title is its own."""
    title = call.need("title", str)
    if call.db.one("SELECT 1 FROM milestones WHERE repo_id = ? AND title = ?", call.repo["id"], title):
        raise fault("Milestone", "title", "already_exists")
    number = (call.db.value("SELECT max(number) FROM milestones WHERE repo_id = ?", call.repo["id"]) or 0) + 1
    milestone_id = call.db.insert(
        "milestones",
        repo_id=call.repo["id"],
        number=number,
        title=title,
        description=call.get("description", str),
        state=call.choice("state", ("open", "closed"), "open"),
        due_on=call.get("due_on", str),
        creator_id=call.user["id"],
        created_at=call.now,
        updated_at=call.now,
    )
    row = call.db.row("milestones", milestone_id)
    _tell(call, row, "created")
    return created(shown.milestone(call, call.repo, row))


def get_milestone(call: Call) -> Reply:
    """Show a milestone."""
    return Reply(shown.milestone(call, call.repo, milestone_of(call)))


def update_milestone(call: Call) -> Reply:
    """Change, close or open a milestone."""
    row = milestone_of(call)
    changes: dict[str, Any] = {name: call.get(name, str, row[name]) for name in ("title", "description", "due_on")}
    state = call.choice("state", ("open", "closed"), row["state"])
    changes |= {"state": state, "closed_at": (row["closed_at"] or call.now) if state == "closed" else None}
    call.db.update("milestones", row["id"], updated_at=call.now, **changes)
    if state != row["state"]:
        _tell(call, milestone_of(call), "closed" if state == "closed" else "opened")
    return get_milestone(call)


def delete_milestone(call: Call) -> Reply:
    """Delete a milestone; its issues stay."""
    row = milestone_of(call)
    _tell(call, row, "deleted")
    call.db.run("UPDATE issues SET milestone_id = NULL WHERE milestone_id = ?", row["id"])
    call.db.run("DELETE FROM milestones WHERE id = ?", row["id"])
    return nothing()


HERE = "/repos/{owner}/{repo}/milestones"
READ, WRITE = Right("issues|pull_requests"), Right("issues|pull_requests", "write")
ROUTES = (
    Route("GET", HERE, list_milestones, READ),
    Route("POST", HERE, create_milestone, WRITE),
    Route("GET", f"{HERE}/{{milestone_number}}", get_milestone, READ),
    Route("PATCH", f"{HERE}/{{milestone_number}}", update_milestone, WRITE),
    Route("DELETE", f"{HERE}/{{milestone_number}}", delete_milestone, WRITE),
)
