"""People, bots, organisations and teams."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row

Json = dict[str, Any]


def node_id(kind: str, number: int | str) -> str:
    """Return an opaque global id, as GraphQL knows things."""
    return base64.b64encode(f"{len(kind):02}:{kind}{number}".encode()).decode()


def user(act: Act, row: Row) -> Json:
    """Show an account as part of something else (simple-user)."""
    api, web, login = f"{act.places.api}/users/{quote(row['login'])}", act.places.web, row["login"]
    return {
        "login": login,
        "id": row["id"],
        "node_id": node_id("User", row["id"]),
        "avatar_url": f"{web}/avatars/{row['id']}",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{web}/{login.removesuffix('[bot]')}",
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": row["type"],
        "site_admin": bool(row["site_admin"]),
    }


def user_by_id(act: Act, account_id: int | None) -> Json | None:
    """Show an account by its id; None stays None."""
    return user(act, act.account(account_id)) if account_id is not None else None


def full_user(act: Act, row: Row) -> Json:
    """Show an account for itself (public-user)."""
    count = act.db.value("SELECT count(*) FROM repos WHERE owner_id = ? AND NOT private", row["id"])
    return user(act, row) | {
        "name": row["name"],
        "company": None,
        "blog": "",
        "location": None,
        "email": row["email"],
        "hireable": None,
        "bio": row["description"],
        "twitter_username": None,
        "public_repos": count,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }


def organization(act: Act, row: Row) -> Json:
    """Show an organisation as part of something else (organization-simple)."""
    api = f"{act.places.api}/orgs/{row['login']}"
    return {
        "login": row["login"],
        "id": row["id"],
        "node_id": node_id("Organization", row["id"]),
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": f"{act.places.web}/avatars/{row['id']}",
        "description": row["description"],
    }


def full_organization(act: Act, row: Row) -> Json:
    """Show an organisation for itself."""
    count = act.db.value("SELECT count(*) FROM repos WHERE owner_id = ? AND NOT private", row["id"])
    return organization(act, row) | {
        "name": row["name"] or row["login"],
        "html_url": f"{act.places.web}/{row['login']}",
        "type": "Organization",
        "has_organization_projects": False,
        "has_repository_projects": False,
        "public_repos": count,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "archived_at": None,
    }


def team(act: Act, row: Row) -> Json:
    """Show a team as events and lists do."""
    org = act.account(row["org_id"])
    api = f"{act.places.api}/organizations/{org['id']}/team/{row['id']}"
    return {
        "id": row["id"],
        "node_id": node_id("Team", row["id"]),
        "name": row["name"],
        "slug": row["slug"],
        "description": row["description"],
        "privacy": row["privacy"],
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": api,
        "html_url": f"{act.places.web}/orgs/{org['login']}/teams/{row['slug']}",
        "members_url": f"{api}/members{{/member}}",
        "repositories_url": f"{api}/repos",
        "parent": None,
    }


def listed_team(act: Act, row: Row) -> Json:
    """Show a team in the lists of the API, which say its type."""
    return team(act, row) | {"type": "organization", "organization_id": row["org_id"]}


def full_team(act: Act, row: Row) -> Json:
    """Show a team for itself."""
    return listed_team(act, row) | {
        "members_count": act.db.value("SELECT count(*) FROM team_members WHERE team_id = ?", row["id"]),
        "repos_count": act.db.value("SELECT count(*) FROM team_repos WHERE team_id = ?", row["id"]),
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "organization": full_organization(act, act.account(row["org_id"])),
    }
