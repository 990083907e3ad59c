"""Reviews of pull requests, and comments on their lines."""

from __future__ import annotations

from typing import Any

from bot.sim.github.deeds import issues as issue_deeds
from bot.sim.github.deeds import pulls as deeds
from bot.sim.github.deeds.telling import tell_review, touch
from bot.sim.github.events.outbox import tell
from bot.sim.github.refusals import forbidden, invalid, not_found
from bot.sim.github.resources.pulls import PULL, pull_of
from bot.sim.github.rules.access import Right, is_at_least
from bot.sim.github.shown import pulls as shown
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.routing import Route

STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def review_of(call: Call) -> Row:
    """Return the review that the path names, or refuse (404); others' pending ones do not exist."""
    found = call.db.one(
        "SELECT * FROM reviews WHERE id = ? AND issue_id = ?", call.number("review_id"), pull_of(call)["id"]
    )
    if found is None or (found["state"] == "PENDING" and found["user_id"] != call.user["id"]):
        raise not_found()
    return found


def list_reviews(call: Call) -> Reply:
    """List the reviews, oldest first."""
    rows = call.db.all("SELECT * FROM reviews WHERE issue_id = ? ORDER BY id", pull_of(call)["id"])
    me = call.who.account["id"] if call.who.account else None
    seen = [row for row in rows if row["state"] != "PENDING" or row["user_id"] == me]
    return call.paged(seen, lambda row: shown.review(call, call.repo, row))


def get_review(call: Call) -> Reply:
    """Show a review."""
    return Reply(shown.review(call, call.repo, review_of(call)))


def create_review(call: Call) -> Reply:
    """Review the head (or another commit of it), with comments on lines; without an event it stays pending."""
    pull, body = pull_of(call), call.get("body", str, "")
    event = call.choice("event", tuple(STATES))
    _check(call, pull, event, body, call.get("comments", list, []))
    issue_deeds.check_body("PullRequestReview", body)
    commit = call.get("commit_id", str, pull["head_sha"])
    if call.git(call.repo).kind(commit) != "commit":
        raise invalid("commit_id is not part of the pull request")
    review_id = call.db.insert(
        "reviews", issue_id=pull["id"], user_id=call.user["id"], body=body, state="PENDING", commit_id=commit
    )
    for comment in call.get("comments", list, []):
        _add_comment(call, pull, comment, commit, review_id)
    if event:
        _submit(call, pull, review_id, event)
    return Reply(shown.review(call, call.repo, call.db.row("reviews", review_id)))


def _check(call: Call, pull: Row, event: str | None, body: str, comments: list[Any]) -> None:
    if event in ("APPROVE", "REQUEST_CHANGES") and call.user["id"] == pull["user_id"]:
        word = "approve" if event == "APPROVE" else "request changes on"
        raise invalid(f"Can not {word} your own pull request")
    if event in ("REQUEST_CHANGES", "COMMENT") and not body and not comments:
        raise invalid("Body can't be blank")


def _submit(call: Call, pull: Row, review_id: int, event: str) -> None:
    call.db.update("reviews", review_id, state=STATES[event], submitted_at=call.now)
    call.db.run("DELETE FROM review_requests WHERE issue_id = ? AND account_id = ?", pull["id"], call.user["id"])
    touch(call, pull["id"])
    tell_review(call, call.repo, review_id, "submitted")
    for row in call.db.all("SELECT * FROM review_comments WHERE review_id = ? ORDER BY id", review_id):
        _tell_comment(call, row, "created")


def submit_review(call: Call) -> Reply:
    """Submit a pending review."""
    pull, review = pull_of(call), review_of(call)
    event, body = call.need("event", str), call.get("body", str, review["body"])
    if event not in STATES or review["state"] != "PENDING":
        raise invalid("the review is not pending, or the event is unknown")
    _check(call, pull, event, body, call.db.all("SELECT 1 FROM review_comments WHERE review_id = ?", review["id"]))
    call.db.update("reviews", review["id"], body=body)
    _submit(call, pull, review["id"], event)
    return Reply(shown.review(call, call.repo, call.db.row("reviews", review["id"])))


def update_review(call: Call) -> Reply:
    """Change the words of one's own review."""
    review = review_of(call)
    _need_author(call, review)
    call.db.update("reviews", review["id"], body=call.need("body", str))
    changes = {"body": {"from": review["body"]}}
    tell_review(call, call.repo, review["id"], "edited", changes=changes)
    return Reply(shown.review(call, call.repo, call.db.row("reviews", review["id"])))


def _need_author(call: Call, row: Row) -> None:
    if row["user_id"] != call.user["id"] and not is_at_least(call.role, "write"):
        raise forbidden("Must be the author or have push access to repository.")


def delete_review(call: Call) -> Reply:
    """Delete one's own pending review."""
    review = review_of(call)
    if review["state"] != "PENDING":
        raise invalid("Can not delete a non-pending pull request review")
    shown_review = shown.review(call, call.repo, review)
    call.db.run("DELETE FROM reviews WHERE id = ?", review["id"])
    return Reply(shown_review)


def dismiss_review(call: Call) -> Reply:
    """Let an approval or a request for changes count no longer."""
    review = review_of(call)
    call.need("message", str)
    if review["state"] not in ("APPROVED", "CHANGES_REQUESTED"):
        raise invalid("Can not dismiss a commented, pending or dismissed pull request review")
    deeds.dismiss(call, call.repo, review)
    return Reply(shown.review(call, call.repo, call.db.row("reviews", review["id"])))


def list_comments_of_review(call: Call) -> Reply:
    """List a review's comments on lines."""
    rows = call.db.all("SELECT * FROM review_comments WHERE review_id = ? ORDER BY id", review_of(call)["id"])
    return call.paged(rows, lambda row: shown.review_comment(call, call.repo, row))


def list_comments(call: Call) -> Reply:
    """List all comments on lines of a pull request."""
    sql = (
        "SELECT c.* FROM review_comments c JOIN reviews r ON r.id = c.review_id "
        "WHERE c.issue_id = ? AND r.state != 'PENDING' ORDER BY c.id"
    )
    return call.paged(call.db.all(sql, pull_of(call)["id"]), lambda row: shown.review_comment(call, call.repo, row))


def _add_comment(call: Call, pull: Row, wanted: Any, commit: str, review_id: int, reply_to: Row | None = None) -> int:
    git = call.git(call.repo)
    path, body = wanted.get("path"), wanted.get("body")
    base = git.merge_base(pull["base_sha"], pull["head_sha"]) or pull["base_sha"]
    change = next((found for found in git.changes(base, commit) if found.path == path), None)
    if not isinstance(body, str) or not body:
        raise invalid('Invalid request.\n\n"body" wasn\'t supplied.')
    if change is None:
        raise invalid("Validation Failed: path is not part of the pull request")
    subject = wanted.get("subject_type") or "line"
    line = wanted.get("line") or wanted.get("position")
    if subject == "line" and not isinstance(line, int):
        raise invalid("Validation Failed: line must be part of the diff")
    issue_deeds.check_body("PullRequestReviewComment", body)
    return call.db.insert(
        "review_comments",
        issue_id=pull["id"],
        review_id=review_id,
        user_id=call.user["id"],
        body=body,
        path=path,
        commit_id=commit,
        original_commit_id=commit,
        line=line,
        side=wanted.get("side") or "RIGHT",
        start_line=wanted.get("start_line"),
        start_side=wanted.get("start_side"),
        subject_type=subject,
        diff_hunk=(change.patch or "")[:2000],
        in_reply_to=reply_to["id"] if reply_to else None,
        created_at=call.now,
        updated_at=call.now,
    )


def _tell_comment(call: Call, row: Row, action: str, **more: Any) -> None:
    told = call.told
    pull = shown.simple(told, call.repo, shown.of_issue(told, {"id": row["issue_id"]}))
    comment = shown.review_comment(told, call.repo, row)
    tell(call, "pull_request_review_comment", action, call.repo, {"comment": comment, "pull_request": pull} | more)


def create_comment(call: Call) -> Reply:
    """Comment on a line or file of the pull request; a review of its own holds it."""
    pull = pull_of(call)
    reply_to = call.get("in_reply_to", int)
    return _single(call, pull, call.body, _parent(call, pull, reply_to) if reply_to else None)


def reply_to_comment(call: Call) -> Reply:
    """Answer a comment on a line."""
    pull = pull_of(call)
    parent = _parent(call, pull, call.number("comment_id"))
    return _single(
        call, pull, {name: parent[name] for name in ("path", "line", "side", "subject_type")} | call.body, parent
    )


def _parent(call: Call, pull: Row, comment_id: int) -> Row:
    found = call.db.one("SELECT * FROM review_comments WHERE id = ? AND issue_id = ?", comment_id, pull["id"])
    if found is None:
        raise not_found()
    return found


def _single(call: Call, pull: Row, wanted: dict[str, Any], parent: Row | None) -> Reply:
    commit = wanted.get("commit_id") or pull["head_sha"]
    if call.git(call.repo).kind(commit) != "commit":
        raise invalid("Validation Failed: commit_id is not part of the pull request")
    if parent:
        wanted = {name: parent[name] for name in ("path", "line", "side", "subject_type")} | wanted
    review_id = call.db.insert(
        "reviews",
        issue_id=pull["id"],
        user_id=call.user["id"],
        body="",
        state="COMMENTED",
        commit_id=commit,
        submitted_at=call.now,
    )
    row = call.db.row("review_comments", _add_comment(call, pull, wanted, commit, review_id, parent))
    _tell_comment(call, row, "created")
    return created(shown.review_comment(call, call.repo, row))


def comment_of(call: Call) -> Row:
    """Return the comment that the path names, or refuse (404)."""
    sql = "SELECT c.* FROM review_comments c JOIN issues i ON i.id = c.issue_id WHERE c.id = ? AND i.repo_id = ?"
    found = call.db.one(sql, call.number("comment_id"), call.repo["id"])
    if found is None:
        raise not_found()
    return found


def get_comment(call: Call) -> Reply:
    """Show a comment on a line."""
    return Reply(shown.review_comment(call, call.repo, comment_of(call)))


def update_comment(call: Call) -> Reply:
    """Change a comment on a line."""
    row, body = comment_of(call), call.need("body", str)
    _need_author(call, row)
    call.db.update("review_comments", row["id"], body=body, updated_at=call.now)
    _tell_comment(call, comment_of(call), "edited", changes={"body": {"from": row["body"]}})
    return get_comment(call)


def delete_comment(call: Call) -> Reply:
    """Delete a comment on a line."""
    row = comment_of(call)
    _need_author(call, row)
    _tell_comment(call, row, "deleted")
    call.db.run("DELETE FROM review_comments WHERE id = ?", row["id"])
    return nothing()


REVIEW = f"{PULL}/reviews/{{review_id}}"
COMMENT = "/repos/{owner}/{repo}/pulls/comments/{comment_id}"
READ, WRITE, ANYBODY = Right("pull_requests"), Right("pull_requests", "write"), Right("pull_requests", "write", "read")
ROUTES = (
    Route("GET", f"{PULL}/reviews", list_reviews, READ),
    Route("POST", f"{PULL}/reviews", create_review, ANYBODY),
    Route("GET", REVIEW, get_review, READ),
    Route("PUT", REVIEW, update_review, ANYBODY),
    Route("DELETE", REVIEW, delete_review, ANYBODY),
    Route("POST", f"{REVIEW}/events", submit_review, ANYBODY),
    Route("PUT", f"{REVIEW}/dismissals", dismiss_review, WRITE),
    Route("GET", f"{REVIEW}/comments", list_comments_of_review, READ),
    Route("GET", f"{PULL}/comments", list_comments, READ),
    Route("POST", f"{PULL}/comments", create_comment, ANYBODY),
    Route("POST", f"{PULL}/comments/{{comment_id}}/replies", reply_to_comment, ANYBODY),
    Route("GET", COMMENT, get_comment, READ),
    Route("PATCH", COMMENT, update_comment, ANYBODY),
    Route("DELETE", COMMENT, delete_comment, ANYBODY),
)
