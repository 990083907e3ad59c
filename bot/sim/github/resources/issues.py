"""Issues (pull requests among them): open, list, change, assign, label, lock, and what happened to them."""

from __future__ import annotations

import json
from typing import Any

from bot.sim.github.deeds import issues as deeds
from bot.sim.github.deeds import pulls
from bot.sim.github.deeds.telling import note, tell_change, touch
from bot.sim.github.refusals import forbidden, invalid, not_found
from bot.sim.github.rules.access import Right, is_at_least
from bot.sim.github.shown import accounts
from bot.sim.github.shown import issues as shown
from bot.sim.github.shown.accounts import Json
from bot.sim.github.shown.repos import api_url
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.routing import Route

SORTS = {"created": "created_at", "updated": "updated_at", "comments": "id"}


def issue_of(call: Call) -> Row:
    """Return the issue that the path names, or refuse (404)."""
    sql = "SELECT * FROM issues WHERE repo_id = ? AND number = ?"
    found = call.db.one(sql, call.repo["id"], call.number("issue_number"))
    if found is None:
        raise not_found()
    return found


def _labels_of(call: Call, row: Row) -> set[str]:
    sql = "SELECT l.name FROM labels l JOIN issue_labels i ON i.label_id = l.id WHERE i.issue_id = ?"
    return {found["name"].lower() for found in call.db.all(sql, row["id"])}


def _fits(call: Call, row: Row) -> bool:
    query = call.query
    if query.get("state", "open") not in ("all", row["state"]) or query.get("since", "") > row["updated_at"]:
        return False
    wanted = {name.lower() for name in query.get("labels", "").split(",") if name}
    if wanted and not wanted <= _labels_of(call, row):
        return False
    if "creator" in query and call.account(row["user_id"])["login"].lower() != query["creator"].lower():
        return False
    if "assignee" in query and not _is_assigned(call, row, query["assignee"]):
        return False
    return "milestone" not in query or _is_in_milestone(call, row, query["milestone"])


def _is_assigned(call: Call, row: Row, login: str) -> bool:
    logins = {found["login"].lower() for found in shown.assignees_of(call, row["id"])}
    return {"none": not logins, "*": bool(logins)}.get(login, login.lower() in logins)


def _is_in_milestone(call: Call, row: Row, number: str) -> bool:
    held = call.db.value("SELECT number FROM milestones WHERE id = ?", row["milestone_id"])
    return {"none": held is None, "*": held is not None}.get(number, str(held) == number)


def list_issues(call: Call) -> Reply:
    """List issues and pull requests: open ones, newest first, unless asked otherwise."""
    sort, order = (
        SORTS.get(call.query.get("sort", ""), "created_at"),
        "ASC" if call.query.get("direction") == "asc" else "DESC",
    )
    # the column and its direction come from the table above
    rows = call.db.all(f"SELECT * FROM issues WHERE repo_id = ? ORDER BY {sort} {order}, id {order}", call.repo["id"])  # noqa: S608
    return call.paged([row for row in rows if _fits(call, row)], lambda row: shown.listed_issue(call, call.repo, row))


def _names(call: Call, key: str = "labels") -> list[str]:
    given = call.get(key, list, [])
    return [item if isinstance(item, str) else str(item.get("name", "")) for item in given]


def create_issue(call: Call) -> Reply:
    """Open an issue; labels, assignees and milestone only from who may triage, silently as documented."""
    title = call.body.get("title")
    if not isinstance(title, str | int) or isinstance(title, bool):
        raise invalid('Invalid request.\n\n"title" wasn\'t supplied.')
    issue_id = deeds.add(call, call.repo, title=str(title), body=call.get("body", str))
    tell_change(call, call.repo, issue_id, "opened")
    if is_at_least(call.role, "triage") or call.who.permissions is not None:
        _set_more(call, issue_id)
    return created(shown.listed_issue(call, call.repo, call.db.row("issues", issue_id)))


def _set_more(call: Call, issue_id: int) -> None:
    if "labels" in call.body:
        deeds.set_labels(call, call.repo, issue_id, _names(call))
    if "assignees" in call.body or call.get("assignee", str):
        deeds.set_assignees(call, call.repo, issue_id, call.strings("assignees") or [call.get("assignee", str)])
    if "milestone" in call.body:
        deeds.set_milestone(call, call.repo, issue_id, call.get("milestone", int))


def get_issue(call: Call) -> Reply:
    """Show an issue."""
    return Reply(shown.listed_issue(call, call.repo, issue_of(call)))


def update_issue(call: Call) -> Reply:
    """Change an issue; its author may change words and state, the rest needs triage."""
    row = issue_of(call)
    may_triage = is_at_least(call.role, "triage") or call.who.permissions is not None
    if not may_triage and row["user_id"] != call.user["id"]:
        raise forbidden("Must have triage access to repository.")
    changes: Json = {}
    for name in ("title", "body"):
        value = call.get(name, str)
        if value is not None and value != row[name]:
            deeds.check_body("Issue", value)
            changes[name] = {"from": row[name] or ""}
            touch(call, row["id"], **{name: value})
    if changes:
        tell_change(call, call.repo, row["id"], "edited", changes=changes)
    if may_triage:
        _set_more(call, row["id"])
    state = call.choice("state", ("open", "closed"))
    if state is not None and state != row["state"]:
        _set_state(call, row, state)
    return Reply(shown.listed_issue(call, call.repo, issue_of(call)))


def _set_state(call: Call, row: Row, state: str) -> None:
    if row["is_pull"]:
        (pulls.close if state == "closed" else pulls.reopen)(call, call.repo, row["id"])
    else:
        deeds.set_state(call, call.repo, row["id"], state, call.get("state_reason", str))


def add_assignees(call: Call) -> Reply:
    """Assign more people."""
    row = issue_of(call)
    held = [found["login"] for found in shown.assignees_of(call, row["id"])]
    deeds.set_assignees(call, call.repo, row["id"], held + call.strings("assignees"))
    return created(shown.listed_issue(call, call.repo, issue_of(call)))


def remove_assignees(call: Call) -> Reply:
    """Assign fewer people."""
    row, gone = issue_of(call), {login.lower() for login in call.strings("assignees")}
    held = [found["login"] for found in shown.assignees_of(call, row["id"])]
    deeds.set_assignees(call, call.repo, row["id"], [login for login in held if login.lower() not in gone])
    return Reply(shown.listed_issue(call, call.repo, issue_of(call)))


def lock(call: Call) -> Reply:
    """Let only who can write comment."""
    reason = call.choice("lock_reason", ("off-topic", "too heated", "resolved", "spam"))
    touch(call, issue_of(call)["id"], locked=True, lock_reason=reason)
    note(call, issue_of(call)["id"], "locked")
    return nothing()


def unlock(call: Call) -> Reply:
    """Let everybody comment again."""
    touch(call, issue_of(call)["id"], locked=False, lock_reason=None)
    return nothing()


def _event(call: Call, row: Row) -> Json:
    detail: dict[str, Any] = json.loads(row["detail"])
    return {
        "id": row["id"],
        "node_id": accounts.node_id("IssueEvent", row["id"]),
        "url": f"{api_url(call, call.repo)}/issues/events/{row['id']}",
        "actor": accounts.user_by_id(call, row["actor_id"]),
        "event": row["event"],
        "commit_id": row["commit_id"],
        "commit_url": f"{api_url(call, call.repo)}/commits/{row['commit_id']}" if row["commit_id"] else None,
        "created_at": row["created_at"],
        "performed_via_github_app": None,
    } | {name: detail[name] for name in ("label",) if name in detail}


def list_events(call: Call) -> Reply:
    """List what happened to an issue."""
    rows = call.db.all("SELECT * FROM issue_events WHERE issue_id = ? ORDER BY id", issue_of(call)["id"])
    shown_rows = [
        row for row in rows if row["event"] not in ("assigned", "unassigned", "review_requested", "review_dismissed")
    ]
    return call.paged(shown_rows, lambda row: _event(call, row))


HERE = "/repos/{owner}/{repo}/issues"
ISSUE = f"{HERE}/{{issue_number}}"
BOTH = "issues|pull_requests"
READ, WRITE, ANYBODY = Right(BOTH), Right(BOTH, "write", "triage"), Right(BOTH, "write", "read")
ROUTES = (
    Route("GET", HERE, list_issues, READ),
    Route("POST", HERE, create_issue, Right("issues", "write", "read")),
    Route("GET", ISSUE, get_issue, READ),
    Route("PATCH", ISSUE, update_issue, ANYBODY),
    Route("POST", f"{ISSUE}/assignees", add_assignees, WRITE),
    Route("DELETE", f"{ISSUE}/assignees", remove_assignees, WRITE),
    Route("PUT", f"{ISSUE}/lock", lock, WRITE),
    Route("DELETE", f"{ISSUE}/lock", unlock, WRITE),
    Route("GET", f"{ISSUE}/events", list_events, READ),
)
