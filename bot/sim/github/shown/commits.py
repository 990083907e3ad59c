"""Commits, files of a difference, refs, trees, blobs and tags."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import pygit2

from bot.sim.github.git.objects import FileChange
from bot.sim.github.shown.accounts import Json, node_id, user
from bot.sim.github.shown.repos import api_url, html_url
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row

UNSIGNED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def person(signature: pygit2.Signature) -> Json:
    """Show an author or committer as git knows them."""
    when = datetime.fromtimestamp(signature.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"name": signature.name, "email": signature.email, "date": when}


def account_of(act: Act, signature: pygit2.Signature) -> Json | None:
    """Show the account whose address of mail the signature bears, or None."""
    login = signature.email.partition("@")[0].rpartition("+")[2]
    row = act.db.one(
        "SELECT * FROM accounts WHERE email = ? OR login = ? ORDER BY email = ? DESC",
        signature.email,
        login,
        signature.email,
    )
    is_ours = row and (row["email"] == signature.email or "@users.noreply." in signature.email)
    return user(act, row) if row and is_ours else None


def commit(act: Act, repo: Row, sha: str) -> Json:
    """Show a commit as lists do."""
    found, api, web = act.git(repo).commit(sha), api_url(act, repo), html_url(act, repo)
    return {
        "sha": sha,
        "node_id": node_id("Commit", sha),
        "url": f"{api}/commits/{sha}",
        "html_url": f"{web}/commit/{sha}",
        "comments_url": f"{api}/commits/{sha}/comments",
        "commit": {
            "url": f"{api}/git/commits/{sha}",
            "author": person(found.author),
            "committer": person(found.committer),
            "message": found.message.rstrip("\n"),
            "tree": {"sha": str(found.tree_id), "url": f"{api}/git/trees/{found.tree_id}"},
            "comment_count": 0,
            "verification": UNSIGNED,
        },
        "author": account_of(act, found.author),
        "committer": account_of(act, found.committer),
        "parents": [
            {"sha": str(parent), "url": f"{api}/commits/{parent}", "html_url": f"{web}/commit/{parent}"}
            for parent in found.parent_ids
        ],
    }


def full_commit(act: Act, repo: Row, sha: str, files: Sequence[FileChange]) -> Json:
    """Show a commit with its files."""
    added, removed = sum(f.additions for f in files), sum(f.deletions for f in files)
    stats = {"total": added + removed, "additions": added, "deletions": removed}
    return commit(act, repo, sha) | {"stats": stats, "files": [file_change(act, repo, sha, f) for f in files]}


def file_change(act: Act, repo: Row, sha: str, change: FileChange) -> Json:
    """Show one file of a difference."""
    api, web, path = api_url(act, repo), html_url(act, repo), quote(change.path)
    shown: Json = {
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{web}/blob/{sha}/{path}",
        "raw_url": f"{web}/raw/{sha}/{path}",
        "contents_url": f"{api}/contents/{path}?ref={sha}",
    }
    shown |= {"patch": change.patch} if change.patch is not None else {}
    return shown | ({"previous_filename": change.previous} if change.previous else {})


def git_commit(act: Act, repo: Row, sha: str) -> Json:
    """Show a commit as a git object."""
    found, api, web = act.git(repo).commit(sha), api_url(act, repo), html_url(act, repo)
    return {
        "sha": sha,
        "node_id": node_id("Commit", sha),
        "url": f"{api}/git/commits/{sha}",
        "html_url": f"{web}/commit/{sha}",
        "author": person(found.author),
        "committer": person(found.committer),
        "message": found.message.rstrip("\n"),
        "tree": {"sha": str(found.tree_id), "url": f"{api}/git/trees/{found.tree_id}"},
        "parents": [
            {"sha": str(parent), "url": f"{api}/git/commits/{parent}", "html_url": f"{web}/commit/{parent}"}
            for parent in found.parent_ids
        ],
        "verification": UNSIGNED,
    }


def pushed_commit(act: Act, repo: Row, sha: str) -> Json:
    """Show a commit as a push event does, with the names of its files."""
    git = act.git(repo)
    found = git.commit(sha)
    parent = str(found.parent_ids[0]) if found.parent_ids else None
    names: dict[str, list[str]] = {"added": [], "removed": [], "modified": []}
    for change in git.changes(parent, sha):
        names[change.status if change.status in names else "modified"].append(change.path)
    return {
        "id": sha,
        "tree_id": str(found.tree_id),
        "distinct": True,
        "message": found.message.rstrip("\n"),
        "timestamp": person(found.committer)["date"],
        "url": f"{html_url(act, repo)}/commit/{sha}",
        "author": {"name": found.author.name, "email": found.author.email},
        "committer": {"name": found.committer.name, "email": found.committer.email},
    } | names


def ref(act: Act, repo: Row, name: str, sha: str) -> Json:
    """Show a ref."""
    api, kind = api_url(act, repo), act.git(repo).kind(sha)
    return {
        "ref": name,
        "node_id": node_id("Ref", name),
        "url": f"{api}/git/{quote(name)}",
        "object": {"sha": sha, "type": kind, "url": f"{api}/git/{kind}s/{sha}"},
    }
