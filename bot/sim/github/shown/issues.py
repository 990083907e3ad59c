"""Issues, comments, labels, milestones, reactions."""

from __future__ import annotations

from urllib.parse import quote

from bot.sim.github.shown.accounts import Json, node_id, user, user_by_id
from bot.sim.github.shown.repos import api_url, html_url
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def association(act: Act, repo: Row, account_id: int) -> str:
    """Say how an account stands to a repository (author_association)."""
    if account_id == repo["owner_id"]:
        return "OWNER"
    if act.db.one("SELECT 1 FROM org_members WHERE org_id = ? AND account_id = ?", repo["owner_id"], account_id):
        return "MEMBER"
    if act.db.one("SELECT 1 FROM collaborators WHERE repo_id = ? AND account_id = ?", repo["id"], account_id):
        return "COLLABORATOR"
    theirs = "SELECT 1 FROM issues i JOIN pulls p ON p.id = i.id WHERE i.repo_id = ? AND i.user_id = ?"
    has_merged = act.db.one(f"{theirs} AND p.merged_at IS NOT NULL", repo["id"], account_id)
    return "CONTRIBUTOR" if has_merged else "NONE"


def label(act: Act, repo: Row, row: Row) -> Json:
    """Show a label."""
    return {
        "id": row["id"],
        "node_id": node_id("Label", row["id"]),
        "url": f"{api_url(act, repo)}/labels/{quote(row['name'], safe='')}",
        "name": row["name"],
        "color": row["color"],
        "default": False,
        "description": row["description"],
    }


def labels_of(act: Act, repo: Row, issue_id: int) -> list[Json]:
    """Show the labels of an issue, by name."""
    sql = "SELECT l.* FROM labels l JOIN issue_labels i ON i.label_id = l.id WHERE i.issue_id = ? ORDER BY l.name"
    return [label(act, repo, row) for row in act.db.all(sql, issue_id)]


def milestone(act: Act, repo: Row, row: Row) -> Json:
    """Show a milestone."""
    api = f"{api_url(act, repo)}/milestones/{row['number']}"
    count = "SELECT count(*) FROM issues WHERE milestone_id = ? AND state = ?"
    return {
        "id": row["id"],
        "node_id": node_id("Milestone", row["id"]),
        "url": api,
        "html_url": f"{html_url(act, repo)}/milestone/{row['number']}",
        "labels_url": f"{api}/labels",
        "number": row["number"],
        "title": row["title"],
        "description": row["description"],
        "state": row["state"],
        "creator": user_by_id(act, row["creator_id"]),
        "open_issues": act.db.value(count, row["id"], "open"),
        "closed_issues": act.db.value(count, row["id"], "closed"),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "closed_at": row["closed_at"],
        "due_on": row["due_on"],
    }


def milestone_by_id(act: Act, repo: Row, milestone_id: int | None) -> Json | None:
    """Show a milestone by its id; None stays None."""
    return milestone(act, repo, act.db.row("milestones", milestone_id)) if milestone_id else None


def assignees_of(act: Act, issue_id: int) -> list[Json]:
    """Show who an issue is assigned to, by login."""
    sql = "SELECT a.* FROM accounts a JOIN assignees s ON s.account_id = a.id WHERE s.issue_id = ? ORDER BY a.login"
    return [user(act, row) for row in act.db.all(sql, issue_id)]


def reaction_counts(act: Act, subject: str, subject_id: int, url: str) -> Json:
    """Show how often each reaction was given."""
    sql = "SELECT content, count(*) AS n FROM reactions WHERE subject = ? AND subject_id = ? GROUP BY content"
    counts = {row["content"]: row["n"] for row in act.db.all(sql, subject, subject_id)}
    shown: Json = {name: counts.get(name, 0) for name in REACTIONS}
    return shown | {"url": f"{url}/reactions", "total_count": sum(counts.values())}


def reaction(act: Act, row: Row) -> Json:
    """Show one reaction."""
    return {
        "id": row["id"],
        "node_id": node_id("Reaction", row["id"]),
        "user": user_by_id(act, row["user_id"]),
        "content": row["content"],
        "created_at": row["created_at"],
    }


def issue(act: Act, repo: Row, row: Row) -> Json:
    """Show an issue (or a pull request as the issue that it is too)."""
    api, web = api_url(act, repo), html_url(act, repo)
    url, word = f"{api}/issues/{row['number']}", "pull" if row["is_pull"] else "issues"
    assignees = assignees_of(act, row["id"])
    shown: Json = {
        "id": row["id"],
        "node_id": node_id("Issue", row["id"]),
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": f"{web}/{word}/{row['number']}",
        "number": row["number"],
        "state": row["state"],
        "state_reason": row["state_reason"],
        "title": row["title"],
        "body": row["body"],
        "user": user_by_id(act, row["user_id"]),
        "labels": labels_of(act, repo, row["id"]),
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": milestone_by_id(act, repo, row["milestone_id"]),
        "locked": bool(row["locked"]),
        "active_lock_reason": row["lock_reason"],
        "comments": act.db.value("SELECT count(*) FROM comments WHERE issue_id = ?", row["id"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "closed_at": row["closed_at"],
        "author_association": association(act, repo, row["user_id"]),
        "reactions": reaction_counts(act, "issue", row["id"], url),
        "performed_via_github_app": None,
    }
    if row["is_pull"]:
        pull = act.db.row("pulls", row["id"])
        page = f"{web}/pull/{row['number']}"
        addresses = {
            "url": f"{api}/pulls/{row['number']}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
        }
        shown |= {"pull_request": addresses | {"merged_at": pull["merged_at"]}, "draft": bool(pull["draft"])}
    return shown


def listed_issue(act: Act, repo: Row, row: Row) -> Json:
    """Show an issue as the API's replies do: also who closed it."""
    return issue(act, repo, row) | {"closed_by": user_by_id(act, row["closed_by"])}


def comment(act: Act, repo: Row, row: Row) -> Json:
    """Show a comment on an issue or a pull request's conversation."""
    about = act.db.row("issues", row["issue_id"])
    api, word = api_url(act, repo), "pull" if about["is_pull"] else "issues"
    url = f"{api}/issues/comments/{row['id']}"
    return {
        "id": row["id"],
        "node_id": node_id("IssueComment", row["id"]),
        "url": url,
        "html_url": f"{html_url(act, repo)}/{word}/{about['number']}#issuecomment-{row['id']}",
        "issue_url": f"{api}/issues/{about['number']}",
        "user": user_by_id(act, row["user_id"]),
        "body": row["body"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "author_association": association(act, repo, row["user_id"]),
        "reactions": reaction_counts(act, "comment", row["id"], url),
        "performed_via_github_app": None,
    }
