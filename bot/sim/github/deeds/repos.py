"""Repositories come to be: empty, with a first commit, from a folder, as a fork."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.sim.github.deeds.refs import HEADS, move, settle, signature
from bot.sim.github.git import program
from bot.sim.github.git.objects import NO_SHA, TreeEdit
from bot.sim.github.refusals import fault
from bot.sim.github.rules.names import is_repo_name
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row


def create(act: Act, owner: Row, name: str, **columns: Any) -> Row:
    """Make an empty repository of an account."""
    row = _add(act, owner, name, columns)
    program.create(act.state.path_of(row["id"]), row["default_branch"])
    return row


def _add(act: Act, owner: Row, name: str, columns: dict[str, Any]) -> Row:
    if not is_repo_name(name):
        raise fault("Repository", "name")
    if act.db.one("SELECT 1 FROM repos WHERE owner_id = ? AND name = ?", owner["id"], name):
        raise fault("Repository", "name", message="name already exists on this account")
    new = act.db.insert("repos", owner_id=owner["id"], name=name, created_at=act.now, updated_at=act.now, **columns)
    return act.db.row("repos", new)


def first_commit(act: Act, repo: Row, files: dict[str, bytes], message: str) -> str:
    """Put files into an empty repository as its first commit; executables keep no mode."""
    git = act.git(repo)
    tree = git.edit_tree(None, [TreeEdit(path, git.write_blob(data)) for path, data in files.items()])
    who = signature(act)
    sha = git.write_commit(tree, [], message, author=who, committer=who)
    move(act, repo, HEADS + repo["default_branch"], sha, NO_SHA, "first commit")
    return sha


def take_in(act: Act, owner: Row, name: str, origin: Path, **columns: Any) -> Row:
    """Make a repository with all branches and tags of a clone on this disk."""
    row = _add(act, owner, name, columns)
    program.copy(origin, act.state.path_of(row["id"]))
    settle(act, row)
    return row


def fork(act: Act, parent: Row, owner: Row, name: str) -> Row:
    """Fork a repository; its branches and tags are told as no pushes."""
    columns = {word: parent[word] for word in ("private", "default_branch", "description")}
    row = _add(act, owner, name, columns | {"parent_id": parent["id"]})
    program.copy(act.state.path_of(parent["id"]), act.state.path_of(row["id"]))
    for ref, sha in act.git(row).refs().items():
        if ref.startswith("refs/pull/"):
            act.git(row).raw.references.delete(ref)
        else:
            act.db.insert("refs", repo_id=row["id"], name=ref, sha=sha, pusher_id=act.user["id"])
    return row
