"""Comments on issues and on the conversation of pull requests."""

from __future__ import annotations

from typing import Any

from bot.sim.github.deeds import issues as deeds
from bot.sim.github.deeds.telling import touch
from bot.sim.github.events.outbox import tell
from bot.sim.github.refusals import fault, forbidden, not_found
from bot.sim.github.resources.issues import ANYBODY, ISSUE, READ, issue_of
from bot.sim.github.rules.access import is_at_least
from bot.sim.github.shown import issues as shown
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.routing import Route


def comment_of(call: Call) -> Row:
    """Return the comment that the path names, or refuse (404)."""
    sql = "SELECT c.* FROM comments c JOIN issues i ON i.id = c.issue_id WHERE c.id = ? AND i.repo_id = ?"
    found = call.db.one(sql, call.number("comment_id"), call.repo["id"])
    if found is None:
        raise not_found()
    return found


def list_comments(call: Call) -> Reply:
    """List the comments of an issue, oldest first."""
    sql = "SELECT * FROM comments WHERE issue_id = ? AND updated_at >= ? ORDER BY id"
    rows = call.db.all(sql, issue_of(call)["id"], call.query.get("since", ""))
    return call.paged(rows, lambda row: shown.comment(call, call.repo, row))


def list_all_comments(call: Call) -> Reply:
    """List the comments of a whole repository."""
    order = "DESC" if call.query.get("direction") == "desc" else "ASC"
    # the direction is one of two words of ours
    held = "SELECT c.* FROM comments c JOIN issues i ON i.id = c.issue_id WHERE i.repo_id = ? AND c.updated_at >= ?"
    rows = call.db.all(f"{held} ORDER BY c.id {order}", call.repo["id"], call.query.get("since", ""))
    return call.paged(rows, lambda row: shown.comment(call, call.repo, row))


def _body(call: Call) -> str:
    body = call.need("body", str)
    if not body.strip():
        raise fault("IssueComment", "body", "missing_field")
    deeds.check_body("IssueComment", body)
    return str(body)


def _tell(call: Call, row: Row, action: str, **more: Any) -> None:
    told = call.told
    about = shown.issue(told, call.repo, call.db.row("issues", row["issue_id"]))
    tell(
        call,
        "issue_comment",
        action,
        call.repo,
        {"issue": about, "comment": shown.comment(told, call.repo, row)} | more,
    )


def create_comment(call: Call) -> Reply:
    """Comment; on a locked issue only who can write."""
    about, body = issue_of(call), _body(call)
    if about["locked"] and not is_at_least(call.role, "write"):
        raise forbidden("Unable to create comment because issue is locked.")
    comment_id = call.db.insert(
        "comments",
        issue_id=about["id"],
        user_id=call.user["id"],
        app_id=call.who.app_id,
        body=body,
        created_at=call.now,
        updated_at=call.now,
    )
    touch(call, about["id"])
    row = call.db.row("comments", comment_id)
    _tell(call, row, "created")
    return created(shown.comment(call, call.repo, row))


def get_comment(call: Call) -> Reply:
    """Show a comment."""
    return Reply(shown.comment(call, call.repo, comment_of(call)))


def _need_author(call: Call, row: Row) -> None:
    if row["user_id"] != call.user["id"] and not is_at_least(call.role, "write"):
        raise forbidden("Must be the author or have push access to repository.")


def update_comment(call: Call) -> Reply:
    """Change one's own comment; who can write changes any."""
    row, body = comment_of(call), _body(call)
    _need_author(call, row)
    call.db.update("comments", row["id"], body=body, updated_at=call.now)
    _tell(call, comment_of(call), "edited", changes={"body": {"from": row["body"]}})
    return get_comment(call)


def delete_comment(call: Call) -> Reply:
    """Delete one's own comment; who can write deletes any."""
    row = comment_of(call)
    _need_author(call, row)
    _tell(call, row, "deleted")
    call.db.run("DELETE FROM comments WHERE id = ?", row["id"])
    return nothing()


ALL = "/repos/{owner}/{repo}/issues/comments"
ROUTES = (
    Route("GET", f"{ISSUE}/comments", list_comments, READ),
    Route("POST", f"{ISSUE}/comments", create_comment, ANYBODY),
    Route("GET", ALL, list_all_comments, READ),
    Route("GET", f"{ALL}/{{comment_id}}", get_comment, READ),
    Route("PATCH", f"{ALL}/{{comment_id}}", update_comment, ANYBODY),
    Route("DELETE", f"{ALL}/{{comment_id}}", delete_comment, ANYBODY),
)
