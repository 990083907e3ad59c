"""Teams: their members and what they may in which repository."""

from __future__ import annotations

import re

from bot.sim.github.refusals import fault, not_found
from bot.sim.github.resources.orgs import need_owner, org_of
from bot.sim.github.resources.users import account_named
from bot.sim.github.rules.access import Right, flags
from bot.sim.github.shown import accounts, repos
from bot.sim.github.shown.accounts import Json
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.gate import find_repo
from bot.sim.github.wire.routing import Route

READ, ADMIN = Right("account"), Right("account", "write")
OLD_WORDS = {"pull": "read", "push": "write"}
ROLES = ("pull", "triage", "push", "maintain", "admin", "read", "write")


def team_of(call: Call) -> Row:
    """Return the team that the path names, or refuse (404)."""
    found = call.db.one("SELECT * FROM teams WHERE org_id = ? AND slug = ?", org_of(call)["id"], call.path["team_slug"])
    if found is None:
        raise not_found()
    return found


def list_teams(call: Call) -> Reply:
    """List an organisation's teams."""
    rows = call.db.all("SELECT * FROM teams WHERE org_id = ? ORDER BY id", org_of(call)["id"])
    return call.paged(rows, lambda row: accounts.listed_team(call, row))


def create_team(call: Call) -> Reply:
    """Make a team; its maker maintains it."""
    org, name = org_of(call), call.need("name", str)
    need_owner(call, org)
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not slug or call.db.one("SELECT 1 FROM teams WHERE org_id = ? AND slug = ?", org["id"], slug):
        raise fault("Team", "name", message="Name must be unique for this org")
    team_id = call.db.insert(
        "teams",
        org_id=org["id"],
        name=name,
        slug=slug,
        description=call.get("description", str),
        privacy=call.choice("privacy", ("secret", "closed"), "closed"),
        created_at=call.now,
    )
    for login in call.strings("maintainers"):
        call.db.insert("team_members", team_id=team_id, account_id=account_named(call, login)["id"], role="maintainer")
    return created(accounts.full_team(call, call.db.row("teams", team_id)))


def get_team(call: Call) -> Reply:
    """Show a team."""
    return Reply(accounts.full_team(call, team_of(call)))


def update_team(call: Call) -> Reply:
    """Change a team's description or privacy."""
    team = team_of(call)
    need_owner(call, org_of(call))
    call.db.update("teams", team["id"], description=call.get("description", str, team["description"]))
    return Reply(accounts.full_team(call, call.db.row("teams", team["id"])))


def delete_team(call: Call) -> Reply:
    """Delete a team."""
    team = team_of(call)
    need_owner(call, org_of(call))
    call.db.run("DELETE FROM teams WHERE id = ?", team["id"])
    return nothing()


def list_members(call: Call) -> Reply:
    """List a team's members."""
    sql = "SELECT a.* FROM accounts a JOIN team_members m ON m.account_id = a.id WHERE m.team_id = ? ORDER BY a.id"
    return call.paged(call.db.all(sql, team_of(call)["id"]), lambda row: accounts.user(call, row))


def _membership(call: Call, team: Row, person: Row) -> Json:
    sql = "SELECT role FROM team_members WHERE team_id = ? AND account_id = ?"
    role = call.db.value(sql, team["id"], person["id"])
    if role is None:
        raise not_found()
    url = f"{accounts.team(call, team)['url']}/memberships/{person['login']}"
    return {"url": url, "role": role, "state": "active"}


def get_membership(call: Call) -> Reply:
    """Show how somebody belongs to a team."""
    return Reply(_membership(call, team_of(call), account_named(call, call.path["username"])))


def set_membership(call: Call) -> Reply:
    """Put somebody into a team, and so into the organisation."""
    org, team, person = org_of(call), team_of(call), account_named(call, call.path["username"])
    need_owner(call, org)
    role = call.choice("role", ("member", "maintainer"), "member")
    call.db.run("DELETE FROM team_members WHERE team_id = ? AND account_id = ?", team["id"], person["id"])
    call.db.insert("team_members", team_id=team["id"], account_id=person["id"], role=role)
    call.db.run("INSERT OR IGNORE INTO org_members VALUES (?, ?, 'member')", org["id"], person["id"])
    return Reply(_membership(call, team, person))


def remove_membership(call: Call) -> Reply:
    """Take somebody out of a team."""
    team, person = team_of(call), account_named(call, call.path["username"])
    need_owner(call, org_of(call))
    call.db.run("DELETE FROM team_members WHERE team_id = ? AND account_id = ?", team["id"], person["id"])
    return nothing()


def list_repos(call: Call) -> Reply:
    """List what a team reaches."""
    held = "SELECT r.*, t.role AS team_role FROM repos r JOIN team_repos t ON t.repo_id = r.id"
    sql = f"{held} WHERE t.team_id = ? ORDER BY r.id"
    return call.paged(call.db.all(sql, team_of(call)["id"]), lambda row: repos.listed(call, row, row["team_role"]))


def set_repo(call: Call) -> Reply:
    """Give a team a role in a repository of its organisation."""
    org, team, repo = org_of(call), team_of(call), find_repo(call)
    need_owner(call, org)
    role = call.choice("permission", ROLES, "push")
    call.db.run("DELETE FROM team_repos WHERE team_id = ? AND repo_id = ?", team["id"], repo["id"])
    call.db.insert("team_repos", team_id=team["id"], repo_id=repo["id"], role=OLD_WORDS.get(role, role))
    return nothing()


def remove_repo(call: Call) -> Reply:
    """Take a repository from a team."""
    team, repo = team_of(call), find_repo(call)
    need_owner(call, org_of(call))
    call.db.run("DELETE FROM team_repos WHERE team_id = ? AND repo_id = ?", team["id"], repo["id"])
    return nothing()


def list_teams_of_repo(call: Call) -> Reply:
    """List the teams that reach a repository."""
    held = "SELECT t.*, r.role AS repo_role FROM teams t JOIN team_repos r ON r.team_id = t.id"
    sql = f"{held} WHERE r.repo_id = ? ORDER BY t.id"
    new_words = {role: word for word, role in OLD_WORDS.items()}

    def show(row: Row) -> Json:
        role = row["repo_role"]
        return accounts.listed_team(call, row) | {"permission": new_words.get(role, role), "permissions": flags(role)}

    return call.paged(call.db.all(sql, call.repo["id"]), show)


TEAM = "/orgs/{org}/teams/{team_slug}"
ROUTES = (
    Route("GET", "/orgs/{org}/teams", list_teams, READ),
    Route("POST", "/orgs/{org}/teams", create_team, ADMIN),
    Route("GET", TEAM, get_team, READ),
    Route("PATCH", TEAM, update_team, ADMIN),
    Route("DELETE", TEAM, delete_team, ADMIN),
    Route("GET", f"{TEAM}/members", list_members, READ),
    Route("GET", f"{TEAM}/memberships/{{username}}", get_membership, READ),
    Route("PUT", f"{TEAM}/memberships/{{username}}", set_membership, ADMIN),
    Route("DELETE", f"{TEAM}/memberships/{{username}}", remove_membership, ADMIN),
    Route("GET", f"{TEAM}/repos", list_repos, READ),
    Route("PUT", f"{TEAM}/repos/{{owner}}/{{repo}}", set_repo, ADMIN),
    Route("DELETE", f"{TEAM}/repos/{{owner}}/{{repo}}", remove_repo, ADMIN),
    Route("GET", "/repos/{owner}/{repo}/teams", list_teams_of_repo, Right("administration", "read", role="read")),
)
