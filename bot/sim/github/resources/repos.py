"""Repositories: make, show, change, delete, fork; topics; collaborators are beside."""

from __future__ import annotations

import json
import shutil

from bot.sim.github.deeds import repos as deeds
from bot.sim.github.events.outbox import tell
from bot.sim.github.refusals import forbidden, invalid
from bot.sim.github.resources.orgs import org_of, role_in
from bot.sim.github.resources.users import account_named, visible_repos
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import accounts
from bot.sim.github.shown import repos as shown
from bot.sim.github.store.database import Row
from bot.sim.github.store.roles import writers
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.routing import Route

REPO = "/repos/{owner}/{repo}"
COLUMNS = {"description": str, "homepage": str}


def get_repo(call: Call) -> Reply:
    """Show a repository."""
    return Reply(shown.full(call, call.repo, call.role))


def _create(call: Call, owner: Row) -> Reply:
    chosen = {
        name: value for name in shown.SETTINGS if isinstance(value := call.body.get(name), type(shown.SETTINGS[name]))
    }
    row = deeds.create(
        call,
        owner,
        call.need("name", str),
        description=call.get("description", str),
        homepage=call.get("homepage", str),
        private=call.get("private", bool, call.get("visibility", str) == "private"),
        settings=json.dumps(chosen),
    )
    tell(call, "repository", "created", row, {})
    if call.get("auto_init", bool, False):
        deeds.first_commit(call, row, {"README.md": f"# {row['name']}\n".encode()}, "Initial commit")
    return created(shown.full(call, call.db.row("repos", row["id"]), "admin"))


def create_mine(call: Call) -> Reply:
    """Make a repository of the caller's own."""
    return _create(call, call.user)


def create_in_org(call: Call) -> Reply:
    """Make a repository of an organisation; its members may."""
    org = org_of(call)
    if role_in(call, org, call.user["id"]) is None:
        raise forbidden("You need to be a member of the organization.")
    return _create(call, org)


def update_repo(call: Call) -> Reply:
    """Change description, visibility, default branch, settings or name."""
    repo = call.repo
    changes = {name: call.get(name, kind, repo[name]) for name, kind in COLUMNS.items()}
    changes["private"] = call.get("private", bool, bool(repo["private"]))
    changes["archived"] = call.get("archived", bool, bool(repo["archived"]))
    changes["name"] = call.get("name", str, repo["name"])
    branch = changes["default_branch"] = call.get("default_branch", str, repo["default_branch"])
    if branch != repo["default_branch"] and call.git(repo).ref(f"refs/heads/{branch}") is None:
        raise invalid("The branch does not exist.")
    chosen = {name: call.get(name, type(default)) for name, default in shown.SETTINGS.items() if name in call.body}
    changes["settings"] = json.dumps(json.loads(repo["settings"]) | chosen)
    call.db.update("repos", repo["id"], updated_at=call.now, **changes)
    call.git(repo).raw.set_head(f"refs/heads/{branch}")
    return Reply(shown.full(call, call.db.row("repos", repo["id"]), call.role))


def delete_repo(call: Call) -> Reply:
    """Delete a repository and all that is in it."""
    tell(call, "repository", "deleted", call.repo, {})
    call.db.run("UPDATE repos SET parent_id = NULL WHERE parent_id = ?", call.repo["id"])
    call.db.run("DELETE FROM check_runs WHERE repo_id = ?", call.repo["id"])
    call.db.run("DELETE FROM repos WHERE id = ?", call.repo["id"])
    call.state.forget(call.repo["id"])
    folder = call.state.path_of(call.repo["id"])
    call.state.later(lambda: shutil.rmtree(folder, ignore_errors=True))
    return nothing()


def fork(call: Call) -> Reply:
    """Fork a repository to the caller or an organisation; who has one gets it again."""
    login = call.get("organization", str)
    owner = account_named(call, login) if login else call.user
    known = call.db.one("SELECT * FROM repos WHERE owner_id = ? AND parent_id = ?", owner["id"], call.repo["id"])
    if owner["id"] == call.repo["owner_id"]:
        raise forbidden("You cannot fork a repository into its own account.")
    row = known or deeds.fork(call, call.repo, owner, call.get("name", str, call.repo["name"]))
    if known is None:
        told = shown.repository(call.told, row)
        tell(call, "fork", None, call.repo, {"forkee": told | {"public": not row["private"]}})
    return Reply(shown.full(call, row, "admin"), 202)


def list_forks(call: Call) -> Reply:
    """List the forks that the caller may see."""
    return visible_repos(call, "SELECT * FROM repos WHERE parent_id = ? ORDER BY id", call.repo["id"])


def get_topics(call: Call) -> Reply:
    """List the topics."""
    return Reply({"names": json.loads(call.repo["topics"])})


def set_topics(call: Call) -> Reply:
    """Replace the topics."""
    names = [name.lower() for name in call.strings("names")]
    call.db.update("repos", call.repo["id"], topics=json.dumps(names))
    return Reply({"names": names})


def list_assignees(call: Call) -> Reply:
    """List who may be assigned: those who can write."""
    rows = [call.account(account_id) for account_id in sorted(writers(call.db, call.repo))]
    return call.paged(rows, lambda row: accounts.user(call, row))


ADMIN, READ = Right("administration", "write", "admin"), Right("metadata")
ROUTES = (
    Route("GET", REPO, get_repo, READ),
    Route("PATCH", REPO, update_repo, ADMIN),
    Route("DELETE", REPO, delete_repo, ADMIN),
    Route("POST", "/user/repos", create_mine, Right("account", "write")),
    Route("POST", "/orgs/{org}/repos", create_in_org, Right("account", "write")),
    Route("POST", f"{REPO}/forks", fork, Right("metadata", "read")),
    Route("GET", f"{REPO}/forks", list_forks, READ),
    Route("GET", f"{REPO}/topics", get_topics, READ),
    Route("PUT", f"{REPO}/topics", set_topics, ADMIN),
    Route("GET", f"{REPO}/assignees", list_assignees, READ),
)
