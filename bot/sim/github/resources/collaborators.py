"""Who may do what in a repository."""

from __future__ import annotations

from bot.sim.github.refusals import not_found
from bot.sim.github.resources.users import account_named
from bot.sim.github.rules.access import Right, flags, permission_word
from bot.sim.github.shown import accounts
from bot.sim.github.shown.accounts import Json
from bot.sim.github.store.database import Row
from bot.sim.github.store.roles import is_named, role_of
from bot.sim.github.wire.call import Call, Reply, nothing
from bot.sim.github.wire.routing import Route

ROLES = ("pull", "triage", "push", "maintain", "admin", "read", "write")
OLD_WORDS = {"pull": "read", "push": "write"}


def _shown(call: Call, row: Row, role: str) -> Json:
    return accounts.user(call, row) | {"permissions": flags(role), "role_name": role}


def list_collaborators(call: Call) -> Reply:
    """List everybody whom something gives a role here: owner, organisation, team or themselves."""
    rows = call.db.all("SELECT * FROM accounts WHERE type = 'User' ORDER BY id")
    named = [row for row in rows if is_named(call.db, row["id"], call.repo)]
    return call.paged(named, lambda row: _shown(call, row, role_of(call.db, row["id"], call.repo)))


def is_collaborator(call: Call) -> Reply:
    """Tell whether somebody is one: 204 or 404."""
    person = account_named(call, call.path["username"])
    if not is_named(call.db, person["id"], call.repo):
        raise not_found()
    return nothing()


def get_permission(call: Call) -> Reply:
    """Say what somebody may; of a public repository everybody reads."""
    person = account_named(call, call.path["username"])
    role = role_of(call.db, person["id"], call.repo)
    return Reply({"permission": permission_word(role), "role_name": role, "user": _shown(call, person, role)})


def add_collaborator(call: Call) -> Reply:
    """Give somebody a role; the invitation is taken at once."""
    person, role = account_named(call, call.path["username"]), call.choice("permission", ROLES, "push")
    call.db.run("DELETE FROM collaborators WHERE repo_id = ? AND account_id = ?", call.repo["id"], person["id"])
    call.db.insert("collaborators", repo_id=call.repo["id"], account_id=person["id"], role=OLD_WORDS.get(role, role))
    return nothing()


def remove_collaborator(call: Call) -> Reply:
    """Take the role away."""
    person = account_named(call, call.path["username"])
    call.db.run("DELETE FROM collaborators WHERE repo_id = ? AND account_id = ?", call.repo["id"], person["id"])
    return nothing()


HERE = "/repos/{owner}/{repo}/collaborators"
READ, ADMIN = Right("metadata"), Right("administration", "write", "admin")
ROUTES = (
    Route("GET", HERE, list_collaborators, READ),
    Route("GET", f"{HERE}/{{username}}", is_collaborator, READ),
    Route("GET", f"{HERE}/{{username}}/permission", get_permission, READ),
    Route("PUT", f"{HERE}/{{username}}", add_collaborator, ADMIN),
    Route("DELETE", f"{HERE}/{{username}}", remove_collaborator, ADMIN),
)
