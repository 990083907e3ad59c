"""Organisations and their members."""

from __future__ import annotations

from bot.sim.github.refusals import forbidden, not_found
from bot.sim.github.resources.users import account_named, visible_repos
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import accounts
from bot.sim.github.shown.accounts import Json
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, nothing
from bot.sim.github.wire.routing import Route

READ, ADMIN = Right("account"), Right("account", "write")


def org_of(call: Call) -> Row:
    """Return the organisation that the path names, or refuse (404)."""
    found = account_named(call, call.path["org"])
    if found["type"] != "Organization":
        raise not_found()
    return found


def role_in(call: Call, org: Row, account_id: int | None) -> str | None:
    """Return member or admin; None for strangers."""
    found = call.db.value("SELECT role FROM org_members WHERE org_id = ? AND account_id = ?", org["id"], account_id)
    return str(found) if found else None


def need_owner(call: Call, org: Row) -> None:
    """Refuse who does not own the organisation (an App: without the permission members)."""
    if call.who.permissions is not None:
        if call.who.permissions.get("members") != "write":
            raise forbidden("Resource not accessible by integration")
    elif role_in(call, org, call.user["id"]) != "admin":
        raise forbidden("You must be an organization owner.")


def get_org(call: Call) -> Reply:
    """Show an organisation."""
    return Reply(accounts.full_organization(call, org_of(call)))


def list_members(call: Call) -> Reply:
    """List the members."""
    sql = "SELECT a.* FROM accounts a JOIN org_members m ON m.account_id = a.id WHERE m.org_id = ? ORDER BY a.id"
    return call.paged(call.db.all(sql, org_of(call)["id"]), lambda row: accounts.user(call, row))


def is_member(call: Call) -> Reply:
    """Tell whether somebody is a member: 204 or 404."""
    if role_in(call, org_of(call), account_named(call, call.path["username"])["id"]) is None:
        raise not_found()
    return nothing()


def _membership(call: Call, org: Row, person: Row) -> Json:
    role = role_in(call, org, person["id"])
    if role is None:
        raise not_found()
    api = accounts.organization(call, org)["url"]
    return {
        "url": f"{api}/memberships/{person['login']}",
        "state": "active",
        "role": role,
        "organization_url": api,
        "organization": accounts.organization(call, org),
        "user": accounts.user(call, person),
    }


def get_membership(call: Call) -> Reply:
    """Show how somebody belongs to an organisation."""
    return Reply(_membership(call, org_of(call), account_named(call, call.path["username"])))


def set_membership(call: Call) -> Reply:
    """Make somebody a member or owner; the invitation is taken at once."""
    org, person = org_of(call), account_named(call, call.path["username"])
    need_owner(call, org)
    role = call.choice("role", ("member", "admin"), "member")
    call.db.run("DELETE FROM org_members WHERE org_id = ? AND account_id = ?", org["id"], person["id"])
    call.db.insert("org_members", org_id=org["id"], account_id=person["id"], role=role)
    return Reply(_membership(call, org, person))


def remove_membership(call: Call) -> Reply:
    """Remove somebody."""
    org, person = org_of(call), account_named(call, call.path["username"])
    need_owner(call, org)
    call.db.run("DELETE FROM org_members WHERE org_id = ? AND account_id = ?", org["id"], person["id"])
    return nothing()


def list_repos(call: Call) -> Reply:
    """List the organisation's repositories that the caller may see."""
    return visible_repos(call, "SELECT * FROM repos WHERE owner_id = ? ORDER BY id", org_of(call)["id"])


ROUTES = (
    Route("GET", "/orgs/{org}", get_org, None),
    Route("GET", "/orgs/{org}/members", list_members, READ),
    Route("GET", "/orgs/{org}/members/{username}", is_member, READ),
    Route("GET", "/orgs/{org}/memberships/{username}", get_membership, READ),
    Route("PUT", "/orgs/{org}/memberships/{username}", set_membership, ADMIN),
    Route("DELETE", "/orgs/{org}/memberships/{username}", remove_membership, ADMIN),
    Route("GET", "/orgs/{org}/repos", list_repos, None),
)
