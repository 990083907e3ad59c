"""What the server says of itself: its root, meta, the rate limit."""

from __future__ import annotations

from bot.sim.github.wire.call import Call, Reply
from bot.sim.github.wire.limits import window_of
from bot.sim.github.wire.routing import Route

ROOT = {
    "authorizations": "/authorizations",
    "code_search": "/search/code?q={query}{&page,per_page,sort,order}",
    "commit_search": "/search/commits?q={query}{&page,per_page,sort,order}",
    "current_user": "/user",
    "current_user_authorizations_html": "/settings/connections/applications{/client_id}",
    "current_user_repositories": "/user/repos{?type,page,per_page,sort}",
    "emails": "/user/emails",
    "emojis": "/emojis",
    "events": "/events",
    "feeds": "/feeds",
    "followers": "/user/followers",
    "following": "/user/following{/target}",
    "gists": "/gists{/gist_id}",
    "issue_search": "/search/issues?q={query}{&page,per_page,sort,order}",
    "issues": "/issues",
    "keys": "/user/keys",
    "label_search": "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
    "notifications": "/notifications",
    "organization": "/orgs/{org}",
    "organization_repositories": "/orgs/{org}/repos{?type,page,per_page,sort}",
    "organization_teams": "/orgs/{org}/teams",
    "public_gists": "/gists/public",
    "rate_limit": "/rate_limit",
    "repository": "/repos/{owner}/{repo}",
    "repository_search": "/search/repositories?q={query}{&page,per_page,sort,order}",
    "starred": "/user/starred{/owner}{/repo}",
    "starred_gists": "/gists/starred",
    "user": "/users/{user}",
    "user_organizations": "/user/orgs",
    "user_repositories": "/users/{user}/repos{?type,page,per_page,sort}",
    "user_search": "/search/users?q={query}{&page,per_page,sort,order}",
}
"""What the documented root names; not all of it is simulated."""


def root(call: Call) -> Reply:
    """Name the ways in, as documented."""
    return Reply({f"{name}_url": call.places.api + path for name, path in ROOT.items()})


def meta(_call: Call) -> Reply:
    """Say that names and passwords are not taken, only tokens."""
    return Reply({"verifiable_password_authentication": False})


def rate_limit(call: Call) -> Reply:
    """Tell the caller's hour; asking does not count."""
    told = window_of(call.state, call.who).told()
    free = told | {"used": 0, "remaining": told["limit"]}
    resources = {"core": told, "search": free, "graphql": free, "integration_manifest": free}
    return Reply({"resources": resources, "rate": told})


def zen(_call: Call) -> Reply:
    """Say something wise."""
    return Reply(b"Practicality beats purity.", media_type="text/plain;charset=utf-8")


ROUTES = (
    Route("GET", "/meta", meta, None),
    Route("GET", "/rate_limit", rate_limit, None),
    Route("GET", "/zen", zen, None),
    Route("GET", "/", root, None),
)
