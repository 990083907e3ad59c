"""Reactions to issues, comments and comments on lines: one of each kind a person."""

from __future__ import annotations

from collections.abc import Callable

from bot.sim.github.refusals import forbidden, not_found
from bot.sim.github.resources import comments, issues, reviews
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import issues as shown
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, nothing
from bot.sim.github.wire.routing import Route

Find = Callable[[Call], Row]


def routes_of(subject: str, path: str, find: Find, right: Right, read: Right) -> tuple[Route, ...]:
    """Return the four endpoints of what can be reacted to."""

    def list_reactions(call: Call) -> Reply:
        sql = "SELECT * FROM reactions WHERE subject = ? AND subject_id = ? AND (content = ? OR ? = '') ORDER BY id"
        content = call.query.get("content", "")
        rows = call.db.all(sql, subject, find(call)["id"], content, content)
        return call.paged(rows, lambda row: shown.reaction(call, row))

    def create_reaction(call: Call) -> Reply:
        call.need("content", str)
        content, about = call.choice("content", shown.REACTIONS), find(call)
        same = (subject, about["id"], call.user["id"], content)
        sql = "SELECT * FROM reactions WHERE subject = ? AND subject_id = ? AND user_id = ? AND content = ?"
        if known := call.db.one(sql, *same):
            return Reply(shown.reaction(call, known))
        new = call.db.insert(
            "reactions",
            subject=subject,
            subject_id=about["id"],
            user_id=call.user["id"],
            content=content,
            created_at=call.now,
        )
        return Reply(shown.reaction(call, call.db.row("reactions", new)), 201)

    def delete_reaction(call: Call) -> Reply:
        sql = "SELECT * FROM reactions WHERE id = ? AND subject = ? AND subject_id = ?"
        row = call.db.one(sql, call.number("reaction_id"), subject, find(call)["id"])
        if row is None:
            raise not_found()
        if row["user_id"] != call.user["id"]:
            raise forbidden("You may delete only your own reactions.")
        call.db.run("DELETE FROM reactions WHERE id = ?", row["id"])
        return nothing()

    return (
        Route("GET", f"{path}/reactions", list_reactions, read),
        Route("POST", f"{path}/reactions", create_reaction, right),
        Route("DELETE", f"{path}/reactions/{{reaction_id}}", delete_reaction, right),
    )


ROUTES = (
    *routes_of("issue", issues.ISSUE, issues.issue_of, issues.ANYBODY, issues.READ),
    *routes_of("comment", f"{comments.ALL}/{{comment_id}}", comments.comment_of, issues.ANYBODY, issues.READ),
    *routes_of("review_comment", reviews.COMMENT, reviews.comment_of, reviews.ANYBODY, reviews.READ),
)
