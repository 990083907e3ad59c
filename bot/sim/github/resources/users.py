"""People and bots: who am I, who is that, whose repositories."""

from __future__ import annotations

from bot.sim.github.refusals import not_found
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import accounts, repos
from bot.sim.github.store.database import Row
from bot.sim.github.store.roles import role_of_caller
from bot.sim.github.wire.call import Call, Reply
from bot.sim.github.wire.routing import Route

ACCOUNT = Right("account")
UNCOUNTED = ("private_gists", "total_private_repos", "owned_private_repos", "disk_usage", "collaborators")


def account_named(call: Call, login: str) -> Row:
    """Return the account with this login, or refuse (404)."""
    found = call.db.one("SELECT * FROM accounts WHERE login = ?", login)
    if found is None:
        raise not_found()
    return found


def get_me(call: Call) -> Reply:
    """Show the caller."""
    shown = accounts.full_user(call, call.user)
    return Reply(shown | dict.fromkeys(UNCOUNTED, 0) | {"two_factor_authentication": True})


def get_user(call: Call) -> Reply:
    """Show somebody."""
    return Reply(accounts.full_user(call, account_named(call, call.path["username"])))


def list_users(call: Call) -> Reply:
    """List everybody, oldest first."""
    since = call.query.get("since", "0")
    sql = "SELECT * FROM accounts WHERE id > ? ORDER BY id"
    return call.paged(call.db.all(sql, int(since) if since.isdecimal() else 0), lambda row: accounts.user(call, row))


def list_my_orgs(call: Call) -> Reply:
    """List the organisations that the caller is a member of."""
    sql = "SELECT a.* FROM accounts a JOIN org_members m ON m.org_id = a.id WHERE m.account_id = ? ORDER BY a.id"
    return call.paged(call.db.all(sql, call.user["id"]), lambda row: accounts.organization(call, row))


def list_my_teams(call: Call) -> Reply:
    """List the teams that the caller is in."""
    sql = "SELECT t.* FROM teams t JOIN team_members m ON m.team_id = t.id WHERE m.account_id = ? ORDER BY t.id"
    return call.paged(call.db.all(sql, call.user["id"]), lambda row: accounts.full_team(call, row))


def visible_repos(call: Call, sql: str, *values: object) -> Reply:
    """List the repositories of a query that the caller may see."""
    found = [(row, role_of_caller(call.db, call.who, row)) for row in call.db.all(sql, *values)]
    shown = [(row, role) for row, role in found if role != "none"]
    return call.paged(shown, lambda item: repos.listed(call, *item))


def list_my_repos(call: Call) -> Reply:
    """List what the caller owns, collaborates in, or reaches through organisations."""
    me = call.user["id"]
    sql = (
        "SELECT * FROM repos WHERE owner_id = ? OR id IN (SELECT repo_id FROM collaborators WHERE account_id = ?) "
        "OR owner_id IN (SELECT org_id FROM org_members WHERE account_id = ?) ORDER BY id"
    )
    return visible_repos(call, sql, me, me, me)


def list_repos_of(call: Call) -> Reply:
    """List somebody's repositories."""
    owner = account_named(call, call.path["username"])
    return visible_repos(call, "SELECT * FROM repos WHERE owner_id = ? ORDER BY id", owner["id"])


ROUTES = (
    Route("GET", "/user", get_me, ACCOUNT),
    Route("GET", "/user/orgs", list_my_orgs, ACCOUNT),
    Route("GET", "/user/teams", list_my_teams, ACCOUNT),
    Route("GET", "/user/repos", list_my_repos, ACCOUNT),
    Route("GET", "/users", list_users, None),
    Route("GET", "/users/{username}", get_user, None),
    Route("GET", "/users/{username}/repos", list_repos_of, None),
)
