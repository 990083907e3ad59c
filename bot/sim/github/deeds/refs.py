"""Refs move: by REST, by a push, or while we were dead. What follows from a move is told here and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Iterable

from bot.sim.github.deeds import pulls
from bot.sim.github.events.outbox import tell
from bot.sim.github.git.objects import NO_SHA, Repository, Signature
from bot.sim.github.rules.access import Kind, Who
from bot.sim.github.shown import accounts, repos
from bot.sim.github.shown.commits import pushed_commit
from bot.sim.github.store.act import Act, Places
from bot.sim.github.store.database import Row
from bot.sim.github.store.state import State

HEADS, TAGS = "refs/heads/", "refs/tags/"
MOST_COMMITS = 2048
"""A push event lists no more commits than this."""


def signature(act: Act, account: Row | None = None) -> Signature:
    """Return who signs a commit or a move of a ref, now; a person's public address unless they gave one."""
    account = account or act.user
    email = account["email"] or f"{account['id']}+{account['login']}@users.noreply.github.com"
    return Signature(account["name"] or account["login"], email, int(act.state.clock().timestamp()))


def move(act: Act, repo: Row, name: str, new: str, old: str, why: str) -> None:
    """Move a ref from `old` to `new` (NO_SHA: none) and tell what follows; raise RefMoved when it is elsewhere."""
    login = act.user["login"]
    by = Signature(login, f"{login}@users.noreply.github.localhost", int(time.time()))
    act.git(repo).move(name, new, old, by=by, why=why)
    settle(act, repo, [name])


def settle(act: Act, repo: Row, names: Iterable[str] | None = None) -> None:
    """Compare git's refs (or only these) with what was seen last, and tell every difference."""
    git = act.git(repo)
    if names is None:
        seen = {row["name"]: row["sha"] for row in act.db.all("SELECT * FROM refs WHERE repo_id = ?", repo["id"])}
        found = git.refs()
    else:
        sql = "SELECT sha FROM refs WHERE repo_id = ? AND name = ?"
        seen = {name: act.db.value(sql, repo["id"], name) for name in names}
        found = {name: git.ref(name) or NO_SHA for name in names}
    for name in sorted({**seen, **found}):
        old, new = seen.get(name) or NO_SHA, found.get(name, NO_SHA)
        if old != new and name.startswith((HEADS, TAGS)):
            _moved(act, repo, name, old, new)


def settle_all(state: State) -> None:
    """Tell the moves that a crash left untold; each by the person whom git's own log names."""
    with state.db.transaction():
        for repo in state.db.all("SELECT * FROM repos"):
            settle(Act(state, _last_mover(state, repo), Places(*[state.address] * 3)), repo)


def _last_mover(state: State, repo: Row) -> Who:
    git = state.repository(repo["id"])
    logins = [entry.committer.name for name in git.refs(HEADS) for entry in list(git.raw.references[name].log())[:1]]
    found = (state.db.one("SELECT * FROM accounts WHERE login = ?", login) for login in logins)
    return Who(Kind.USER, next((row for row in found if row), state.db.row("accounts", repo["owner_id"])))


def _moved(act: Act, repo: Row, name: str, old: str, new: str) -> None:
    pusher = act.who.account["id"] if act.who.account else None
    act.db.run("DELETE FROM refs WHERE repo_id = ? AND name = ?", repo["id"], name)
    if new != NO_SHA:
        act.db.insert("refs", repo_id=repo["id"], name=name, sha=new, pusher_id=pusher)
    act.db.update("repos", repo["id"], pushed_at=act.now)
    if NO_SHA in (old, new):
        _tell_birth_or_death(act, repo, name, is_new=old == NO_SHA)
    _tell_push(act, repo, name, old, new)
    if name.startswith(HEADS):
        pulls.follow_branch(act, repo, name.removeprefix(HEADS), new)


def _tell_birth_or_death(act: Act, repo: Row, name: str, *, is_new: bool) -> None:
    kind = "branch" if name.startswith(HEADS) else "tag"
    payload = {"ref": name.removeprefix(HEADS).removeprefix(TAGS), "ref_type": kind, "pusher_type": "user"}
    if is_new:
        payload |= {"master_branch": repo["default_branch"], "description": repo["description"]}
    tell(act, "create" if is_new else "delete", None, repo, payload)


def _tell_push(act: Act, repo: Row, name: str, old: str, new: str) -> None:
    told, git = act.told, act.git(repo)
    commit = git.peel(new) if new != NO_SHA else None
    before = git.peel(old) if old != NO_SHA else None
    shas = _new_commits(git, name, before, commit)
    shown = {sha: pushed_commit(told, repo, sha) for sha in dict.fromkeys((*shas, *([commit] if commit else [])))}
    pusher = accounts.user(told, act.user)
    payload = {
        "ref": name,
        "before": old,
        "after": new,
        "created": old == NO_SHA,
        "deleted": new == NO_SHA,
        "forced": bool(commit and before and not git.is_ancestor(before, commit)),
        "base_ref": None,
        "compare": f"{repos.html_url(told, repo)}/compare/{old[:12]}...{new[:12]}",
        "commits": [shown[sha] for sha in shas],
        "head_commit": shown[commit] if commit else None,
        "pusher": {"name": pusher["login"], "email": signature(act).email},
    }
    tell(act, "push", None, repo, payload)


def _new_commits(git: Repository, name: str, before: str | None, commit: str | None) -> list[str]:
    """Return the commits that the branch did not hold before; of a new branch, those that no other branch holds."""
    if commit is None or name.startswith(TAGS):
        return []
    if before and git.parents(commit) == [before]:
        return [commit]
    others = [before] if before else []
    if not before:
        others = [sha for other, sha in git.refs(HEADS).items() if other != name]
    return [str(found.id) for found in git.history(commit, without=others, oldest_first=True)][:MOST_COMMITS]
