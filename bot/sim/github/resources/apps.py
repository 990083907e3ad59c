"""Apps, where they are installed, and the short-lived tokens of installations."""

from __future__ import annotations

import json

from bot.sim.github.refusals import invalid, not_found
from bot.sim.github.resources.users import account_named
from bot.sim.github.rules.access import LEVELS, Kind, Right
from bot.sim.github.shown import accounts, repos
from bot.sim.github.shown.accounts import Json
from bot.sim.github.shown.checks import app
from bot.sim.github.store.database import Row
from bot.sim.github.store.tokens import expiry, hashed, make_token
from bot.sim.github.wire.call import Call, Reply, nothing
from bot.sim.github.wire.routing import Route

APP = Right("app")


def _installation(call: Call, row: Row) -> Json:
    account, api = call.account(row["account_id"]), call.places.api
    found = call.db.row("apps", row["app_id"])
    return {
        "id": row["id"],
        "account": accounts.user(call, account),
        "repository_selection": "all" if row["repo_ids"] is None else "selected",
        "access_tokens_url": f"{api}/app/installations/{row['id']}/access_tokens",
        "repositories_url": f"{api}/installation/repositories",
        "html_url": f"{call.places.web}/settings/installations/{row['id']}",
        "app_id": row["app_id"],
        "app_slug": found["slug"],
        "target_id": account["id"],
        "target_type": account["type"],
        "permissions": json.loads(row["permissions"]),
        "events": json.loads(found["events"]),
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }


def get_app(call: Call) -> Reply:
    """Show the App whose key signed the call."""
    count = call.db.value("SELECT count(*) FROM installations WHERE app_id = ?", call.who.app_id)
    return Reply((app(call, call.who.app_id) or {}) | {"installations_count": count})


def get_app_named(call: Call) -> Reply:
    """Show an App by its slug."""
    return Reply(app(call, call.db.value("SELECT id FROM apps WHERE slug = ?", call.path["app_slug"])) or _missing())


def _missing() -> Json:
    raise not_found()


def list_installations(call: Call) -> Reply:
    """List where the App is installed."""
    rows = call.db.all("SELECT * FROM installations WHERE app_id = ? ORDER BY id", call.who.app_id)
    return call.paged(rows, lambda row: _installation(call, row))


def _own(call: Call, sql: str, *values: object) -> Row:
    found = call.db.one(f"SELECT * FROM installations WHERE app_id = ? AND {sql}", call.who.app_id, *values)  # noqa: S608
    return found or _missing()


def get_installation(call: Call) -> Reply:
    """Show one installation."""
    return Reply(_installation(call, _own(call, "id = ?", call.number("installation_id"))))


def get_installation_of_account(call: Call) -> Reply:
    """Show where the App is installed for an organisation or a person."""
    owner = account_named(call, call.path.get("org") or call.path["username"])
    return Reply(_installation(call, _own(call, "account_id = ?", owner["id"])))


def get_installation_of_repo(call: Call) -> Reply:
    """Show the installation that reaches a repository."""
    owner = account_named(call, call.path["owner"])
    return Reply(_installation(call, _own(call, "account_id = ?", owner["id"])))


def create_token(call: Call) -> Reply:
    """Make a token of an hour; it may have fewer permissions and repositories than the installation, never more."""
    row = _own(call, "id = ?", call.number("installation_id"))
    held = json.loads(row["permissions"])
    permissions = call.get("permissions", dict) or held
    for name, level in permissions.items():
        if level not in LEVELS or LEVELS.index(level) > LEVELS.index(held.get(name, "none")):
            raise invalid("The permissions requested are not granted to this installation.")
    chosen = _chosen_repos(call, row)
    bot = call.account(call.db.row("apps", row["app_id"])["bot_id"])
    token = make_token(
        call.state,
        Kind.INSTALLATION,
        bot,
        permissions={"metadata": "read"} | permissions,
        repo_ids=None if chosen is None else [repo["id"] for repo in chosen],
        installation=row,
        hours=1,
    )
    shown: Json = {"token": token, "expires_at": expiry(call.state, 1), "permissions": permissions}
    shown["repository_selection"] = "all" if chosen is None else "selected"
    if chosen is not None:
        shown["repositories"] = [repos.repository(call, repo) for repo in chosen]
    return Reply(shown, 201)


def _chosen_repos(call: Call, row: Row) -> list[Row] | None:
    rows = call.db.all("SELECT * FROM repos WHERE owner_id = ?", row["account_id"])
    allowed = [repo for repo in rows if row["repo_ids"] is None or repo["id"] in json.loads(row["repo_ids"])]
    names, ids = call.strings("repositories"), call.get("repository_ids", list, [])
    if not names and not ids:
        return None if row["repo_ids"] is None else allowed
    chosen = [repo for repo in allowed if repo["name"] in names or repo["id"] in ids]
    if len(chosen) < len(set(names)) + len(set(ids)):
        raise invalid(
            "There is at least one repository that does not exist or is not accessible to the parent installation."
        )
    return chosen


def list_repos_of_installation(call: Call) -> Reply:
    """List what the token of an installation reaches."""
    owner = call.db.value("SELECT account_id FROM installations WHERE id = ?", call.who.installation_id)
    rows = call.db.all("SELECT * FROM repos WHERE owner_id = ? ORDER BY id", owner)
    reached = [row for row in rows if call.who.repo_ids is None or row["id"] in call.who.repo_ids]
    return call.paged(reached, lambda row: repos.repository(call, row), key="repositories")


def revoke_token(call: Call) -> Reply:
    """End the token with which the call is made."""
    token = call.headers.get("authorization", "").rpartition(" ")[2]
    call.db.run("DELETE FROM tokens WHERE hash = ?", hashed(token))
    return nothing()


ROUTES = (
    Route("GET", "/app", get_app, APP),
    Route("GET", "/apps/{app_slug}", get_app_named, None),
    Route("GET", "/app/installations", list_installations, APP),
    Route("GET", "/app/installations/{installation_id}", get_installation, APP),
    Route("POST", "/app/installations/{installation_id}/access_tokens", create_token, APP),
    Route("GET", "/orgs/{org}/installation", get_installation_of_account, APP),
    Route("GET", "/users/{username}/installation", get_installation_of_account, APP),
    Route("GET", "/repos/{owner}/{repo}/installation", get_installation_of_repo, APP),
    Route("GET", "/installation/repositories", list_repos_of_installation, Right("account")),
    Route("DELETE", "/installation/token", revoke_token, Right("account")),
)
