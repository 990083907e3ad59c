"""Pull requests, reviews and comments on lines."""

from __future__ import annotations

from bot.sim.github.shown.accounts import Json, listed_team, node_id, team, user, user_by_id
from bot.sim.github.shown.issues import association, issue, reaction_counts
from bot.sim.github.shown.repos import api_url, html_url, repository
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row

FROM_ISSUE = (
    "number", "state", "locked", "title", "user", "body", "milestone", "assignee", "assignees", "created_at",
    "updated_at", "closed_at", "author_association", "active_lock_reason",
)  # fmt: skip


def of_issue(act: Act, row: Row) -> Row:
    """Return a pull request's own row joined to that of its issue."""
    return act.db.row("issues", row["id"]) | act.db.row("pulls", row["id"])


def side(act: Act, repo_id: int | None, ref: str, sha: str) -> Json:
    """Show head or base; a head whose repository is gone has none."""
    repo = act.db.one("SELECT * FROM repos WHERE id = ?", repo_id)
    if repo is None:
        return {"label": f"unknown:{ref}", "ref": ref, "sha": sha, "user": None, "repo": None}
    owner = act.account(repo["owner_id"])
    shown = {"label": f"{owner['login']}:{ref}", "ref": ref, "sha": sha}
    return shown | {"user": user(act, owner), "repo": repository(act, repo)}


def reviewers(act: Act, issue_id: int) -> tuple[list[Row], list[Row]]:
    """Return the people and the teams whose review is asked for."""
    people = (
        "SELECT a.* FROM accounts a JOIN review_requests r ON r.account_id = a.id WHERE r.issue_id = ? ORDER BY a.login"
    )
    teams = "SELECT t.* FROM teams t JOIN review_requests r ON r.team_id = t.id WHERE r.issue_id = ? ORDER BY t.slug"
    return act.db.all(people, issue_id), act.db.all(teams, issue_id)


def simple(act: Act, repo: Row, row: Row) -> Json:
    """Show a pull request as lists do; `row` is joined to its issue's."""
    about = issue(act, repo, row)
    api, web, number = api_url(act, repo), html_url(act, repo), row["number"]
    url, page = f"{api}/pulls/{number}", f"{web}/pull/{number}"
    links = {
        "self": url,
        "html": page,
        "issue": f"{api}/issues/{number}",
        "comments": f"{api}/issues/{number}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{api}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{api}/statuses/{row['head_sha']}",
    }
    people, teams = reviewers(act, row["id"])
    labels = [label | {"description": label["description"] or ""} for label in about["labels"]]
    return {name: about[name] for name in FROM_ISSUE} | {
        "labels": labels,
        "id": row["id"],
        "node_id": node_id("PullRequest", row["id"]),
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        **{f"{name}_url": address for name, address in links.items() if name not in ("self", "html")},
        "_links": {name: {"href": address} for name, address in links.items()},
        "merged_at": row["merged_at"],
        "merge_commit_sha": row["merge_commit_sha"],
        "requested_reviewers": [user(act, person) for person in people],
        "requested_teams": [team(act, found) for found in teams],
        "head": side(act, row["head_repo_id"], row["head_ref"], row["head_sha"]),
        "base": side(act, repo["id"], row["base_ref"], row["base_sha"]),
        "auto_merge": None,
        "draft": bool(row["draft"]),
    }  # fmt: skip


def full(act: Act, repo: Row, row: Row) -> Json:
    """Show a pull request for itself, as events do too. `mergeable` is null until it has been computed."""
    git = act.git(repo)
    base = git.merge_base(row["base_sha"], row["head_sha"]) or row["base_sha"]
    files = git.changes(base, row["head_sha"])
    mergeable = (
        act.state.mergeable.get((row["id"], row["base_sha"], row["head_sha"])) if row["state"] == "open" else None
    )
    return simple(act, repo, row) | {
        "merged": row["merged_at"] is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": {None: "unknown", True: "clean", False: "dirty"}[mergeable],
        "merged_by": user_by_id(act, row["merged_by"]),
        "comments": act.db.value("SELECT count(*) FROM comments WHERE issue_id = ?", row["id"]),
        "review_comments": act.db.value("SELECT count(*) FROM review_comments WHERE issue_id = ?", row["id"]),
        "maintainer_can_modify": bool(row["maintainer_can_modify"]),
        "commits": git.ahead_behind(row["head_sha"], base)[0],
        "additions": sum(change.additions for change in files),
        "deletions": sum(change.deletions for change in files),
        "changed_files": len(files),
    }


def replied(act: Act, shown: Json, issue_id: int) -> Json:
    """Return a shown pull request as replies have it: teams with their type."""
    return shown | {"requested_teams": [listed_team(act, found) for found in reviewers(act, issue_id)[1]]}


def review(act: Act, repo: Row, row: Row) -> Json:
    """Show a review; `commit_id` is the head that its author saw."""
    about = act.db.row("issues", row["issue_id"])
    page = f"{html_url(act, repo)}/pull/{about['number']}#pullrequestreview-{row['id']}"
    url = f"{api_url(act, repo)}/pulls/{about['number']}"
    shown: Json = {
        "id": row["id"],
        "node_id": node_id("PullRequestReview", row["id"]),
        "user": user_by_id(act, row["user_id"]),
        "body": row["body"],
        "state": row["state"],
        "html_url": page,
        "pull_request_url": url,
        "author_association": association(act, repo, row["user_id"]),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "commit_id": row["commit_id"],
    }
    return shown | ({"submitted_at": row["submitted_at"]} if row["submitted_at"] else {})


def told_review(act: Act, repo: Row, row: Row) -> Json:
    """Show a review as events do: state in small letters, an empty body as null."""
    shown = review(act, repo, row)
    return shown | {"state": row["state"].lower(), "body": row["body"] or None}


def review_comment(act: Act, repo: Row, row: Row) -> Json:
    """Show a comment on a line or a file of a pull request."""
    about = act.db.row("issues", row["issue_id"])
    url = f"{api_url(act, repo)}/pulls/comments/{row['id']}"
    pull = f"{api_url(act, repo)}/pulls/{about['number']}"
    page = f"{html_url(act, repo)}/pull/{about['number']}#discussion_r{row['id']}"
    shown: Json = {
        "id": row["id"],
        "node_id": node_id("PullRequestReviewComment", row["id"]),
        "url": url,
        "html_url": page,
        "pull_request_url": pull,
        "pull_request_review_id": row["review_id"],
        "diff_hunk": row["diff_hunk"],
        "path": row["path"],
        "position": row["line"] or 1,
        "original_position": row["line"] or 1,
        "commit_id": row["commit_id"],
        "original_commit_id": row["original_commit_id"],
        "user": user_by_id(act, row["user_id"]),
        "body": row["body"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "author_association": association(act, repo, row["user_id"]),
        "line": row["line"],
        "original_line": row["line"] or 1,
        "side": row["side"] or "RIGHT",
        "start_line": row["start_line"],
        "original_start_line": row["start_line"],
        "start_side": row["start_side"],
        "subject_type": row["subject_type"],
        "reactions": reaction_counts(act, "review_comment", row["id"], url),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pull}},
    }
    return shown | ({"in_reply_to_id": row["in_reply_to"]} if row["in_reply_to"] else {})
