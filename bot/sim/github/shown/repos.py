"""Repositories."""

from __future__ import annotations

import json

from bot.sim.github.rules.access import flags
from bot.sim.github.shown.accounts import Json, node_id, user
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row

SETTINGS = {
    "has_issues": True,
    "has_projects": False,
    "has_downloads": True,
    "has_wiki": False,
    "has_pages": False,
    "has_discussions": False,
    "is_template": False,
    "web_commit_signoff_required": False,
    "allow_squash_merge": True,
    "allow_merge_commit": True,
    "allow_rebase_merge": True,
    "allow_auto_merge": False,
    "allow_update_branch": False,
    "delete_branch_on_merge": False,
    "allow_forking": True,
    "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
    "squash_merge_commit_message": "COMMIT_MESSAGES",
    "merge_commit_title": "MERGE_MESSAGE",
    "merge_commit_message": "PR_TITLE",
}
"""What may be set, with its default; `repos.settings` keeps only what differs."""

TEMPLATES = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def full_name(act: Act, row: Row) -> str:
    """Return OWNER/NAME."""
    return f"{act.account(row['owner_id'])['login']}/{row['name']}"


def api_url(act: Act, row: Row) -> str:
    """Return the repository's address in the API."""
    return f"{act.places.api}/repos/{full_name(act, row)}"


def html_url(act: Act, row: Row) -> str:
    """Return the repository's page."""
    return f"{act.places.web}/{full_name(act, row)}"


def settings(row: Row) -> Json:
    """Return all settings of a repository."""
    chosen: Json = json.loads(row["settings"])
    return SETTINGS | chosen


def minimal(act: Act, row: Row) -> Json:
    """Show a repository as some events do: identity and addresses."""
    api, owner = api_url(act, row), act.account(row["owner_id"])
    return {
        "id": row["id"],
        "node_id": node_id("Repository", row["id"]),
        "name": row["name"],
        "full_name": f"{owner['login']}/{row['name']}",
        "private": bool(row["private"]),
        "owner": user(act, owner),
        "html_url": html_url(act, row),
        "description": row["description"],
        "fork": row["parent_id"] is not None,
        "url": api,
    } | {name: api + tail for name, tail in TEMPLATES.items()}


def repository(act: Act, row: Row) -> Json:
    """Show a repository as lists, pull requests and most events do."""
    web, name = html_url(act, row), full_name(act, row)
    issues = act.db.value("SELECT count(*) FROM issues WHERE repo_id = ? AND state = 'open'", row["id"])
    forks = act.db.value("SELECT count(*) FROM repos WHERE parent_id = ?", row["id"])
    return minimal(act, row) | settings(row) | {
        "git_url": f"git:{web.removeprefix('http:')}.git",
        "ssh_url": f"git@localhost:{name}.git",
        "clone_url": f"{web}.git",
        "svn_url": web,
        "mirror_url": None,
        "homepage": row["homepage"],
        "language": None,
        "license": None,
        "forks_count": forks,
        "forks": forks,
        "stargazers_count": 0,
        "watchers_count": 0,
        "watchers": 0,
        "size": 0,
        "default_branch": row["default_branch"],
        "open_issues_count": issues,
        "open_issues": issues,
        "topics": json.loads(row["topics"]),
        "archived": bool(row["archived"]),
        "disabled": False,
        "visibility": "private" if row["private"] else "public",
        "custom_properties": {},
        "pushed_at": row["pushed_at"] or row["created_at"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }  # fmt: skip


def full(act: Act, row: Row, role: str) -> Json:
    """Show a repository for itself, to somebody with this role."""
    owner = act.account(row["owner_id"])
    shown = listed(act, row, role) | {"network_count": 0, "subscribers_count": 0, "temp_clone_token": ""}
    if owner["type"] == "Organization":
        shown["organization"] = user(act, owner)
    if row["parent_id"]:
        shown["parent"] = shown["source"] = repository(act, act.db.row("repos", row["parent_id"]))
    return shown


def listed(act: Act, row: Row, role: str) -> Json:
    """Show a repository in a list, to somebody with this role."""
    return repository(act, row) | {"permissions": flags(role)}


def organization_of(act: Act, row: Row) -> Row | None:
    """Return the organisation that owns the repository, or None."""
    owner = act.account(row["owner_id"])
    return owner if owner["type"] == "Organization" else None
