"""Branches and what protects them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from bot.sim.github.deeds.protection import rules_of
from bot.sim.github.deeds.refs import HEADS, move
from bot.sim.github.git.objects import NO_SHA
from bot.sim.github.refusals import Refusal, invalid, not_found
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import accounts
from bot.sim.github.shown.accounts import Json
from bot.sim.github.shown.checks import app
from bot.sim.github.shown.commits import commit
from bot.sim.github.shown.repos import api_url, html_url
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.routing import Route

REQUIRED = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")
SWITCHES = (
    "required_linear_history", "allow_force_pushes", "allow_deletions", "block_creations",
    "required_conversation_resolution", "lock_branch", "allow_fork_syncing",
)  # fmt: skip


def tip_of(call: Call) -> str:
    """Return the tip of the branch that the path names, or refuse (404)."""
    found = call.git(call.repo).ref(HEADS + call.path["branch"])
    if found is None:
        raise Refusal(404, "Branch not found")
    return found


def _brief(call: Call, branch: str, sha: str) -> Json:
    api = api_url(call, call.repo)
    is_protected = rules_of(call, call.repo, branch) is not None
    return {"name": branch, "commit": {"sha": sha, "url": f"{api}/commits/{sha}"}, "protected": is_protected}


def list_branches(call: Call) -> Reply:
    """List the branches, by name."""
    found = [(name.removeprefix(HEADS), sha) for name, sha in call.git(call.repo).refs(HEADS).items()]
    if "protected" in call.query:
        wanted = call.query["protected"] == "true"
        found = [item for item in found if (rules_of(call, call.repo, item[0]) is not None) == wanted]
    return call.paged(found, lambda item: _brief(call, *item))


def _branch(call: Call, name: str, sha: str) -> Json:
    url = f"{api_url(call, call.repo)}/branches/{quote(name)}"
    rules = rules_of(call, call.repo, name)
    checks = (rules or {}).get("required_status_checks") or {}
    contexts = [*checks.get("contexts", []), *(check["context"] for check in checks.get("checks", []))]
    level = "off" if not checks else "everyone" if (rules or {}).get("enforce_admins") else "non_admins"
    told = {
        "enforcement_level": level,
        "contexts": contexts,
        "checks": [{"context": c, "app_id": None} for c in contexts],
    }
    return _brief(call, name, sha) | {
        "commit": commit(call, call.repo, sha),
        "_links": {"self": url, "html": f"{html_url(call, call.repo)}/tree/{quote(name)}"},
        "protection": {"enabled": rules is not None, "required_status_checks": told},
        "protection_url": f"{url}/protection",
    }


def get_branch(call: Call) -> Reply:
    """Show a branch."""
    return Reply(_branch(call, call.path["branch"], tip_of(call)))


def rename_branch(call: Call) -> Reply:
    """Rename a branch."""
    sha, old, new = tip_of(call), call.path["branch"], call.need("new_name", str)
    if call.git(call.repo).ref(HEADS + new):
        raise invalid(f"Branch {new} already exists")
    move(call, call.repo, HEADS + new, sha, NO_SHA, "renamed")
    if call.repo["default_branch"] == old:
        call.db.update("repos", call.repo["id"], default_branch=new)
    move(call, call.repo, HEADS + old, NO_SHA, sha, "renamed")
    return created(_branch(call, new, sha))


def _protection(call: Call, branch: str, rules: dict[str, Any]) -> Json:
    url = f"{api_url(call, call.repo)}/branches/{quote(branch)}/protection"
    shown: Json = {
        "url": url,
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": bool(rules["enforce_admins"])},
    }
    shown |= {name: {"enabled": bool(rules.get(name))} for name in SWITCHES}
    shown["required_signatures"] = {"url": f"{url}/required_signatures", "enabled": False}
    if rules["required_status_checks"] is not None:
        shown["required_status_checks"] = _checks(rules["required_status_checks"], url)
    if rules["required_pull_request_reviews"] is not None:
        shown["required_pull_request_reviews"] = _reviews(call, rules["required_pull_request_reviews"], url)
    if rules["restrictions"] is not None:
        shown["restrictions"] = _named(call, rules["restrictions"], f"{url}/restrictions")
    return shown


def _checks(rules: dict[str, Any], url: str) -> Json:
    names = list(dict.fromkeys([*rules.get("contexts", []), *(check["context"] for check in rules.get("checks", []))]))
    checks = [{"context": name, "app_id": None} for name in names]
    own = f"{url}/required_status_checks"
    return {
        "url": own,
        "strict": bool(rules.get("strict")),
        "contexts": names,
        "contexts_url": f"{own}/contexts",
        "checks": checks,
    }


def _reviews(call: Call, rules: dict[str, Any], url: str) -> Json:
    own = f"{url}/required_pull_request_reviews"
    shown: Json = {
        "url": own,
        "dismiss_stale_reviews": bool(rules.get("dismiss_stale_reviews")),
        "require_code_owner_reviews": bool(rules.get("require_code_owner_reviews")),
        "required_approving_review_count": rules.get("required_approving_review_count", 1),
        "require_last_push_approval": bool(rules.get("require_last_push_approval")),
    }
    for word, tail in (
        ("dismissal_restrictions", "dismissal_restrictions"),
        ("bypass_pull_request_allowances", "bypass"),
    ):
        if rules.get(word):
            named = _named(call, rules[word], f"{own}/{tail}")
            if word != "dismissal_restrictions":
                named = {name: value for name, value in named.items() if name in ("users", "teams", "apps")}
            shown[word] = named
    return shown


def _named(call: Call, names: dict[str, list[str]], url: str) -> Json:
    people = [
        row for login in names.get("users", []) if (row := call.db.one("SELECT * FROM accounts WHERE login = ?", login))
    ]
    sql = "SELECT * FROM teams WHERE org_id = ? AND slug = ?"
    teams = [row for slug in names.get("teams", []) if (row := call.db.one(sql, call.repo["owner_id"], slug))]
    apps = [row for slug in names.get("apps", []) if (row := call.db.one("SELECT * FROM apps WHERE slug = ?", slug))]
    return {
        "url": url,
        "users_url": f"{url}/users",
        "teams_url": f"{url}/teams",
        "apps_url": f"{url}/apps",
        "users": [accounts.user(call, row) for row in people],
        "teams": [accounts.listed_team(call, row) for row in teams],
        "apps": [app(call, row["id"]) for row in apps],
    }


def _rules_row(call: Call) -> dict[str, Any]:
    sql = "SELECT rules FROM protections WHERE repo_id = ? AND branch = ?"
    found = call.db.value(sql, call.repo["id"], call.path["branch"])
    if found is None:
        raise Refusal(404, "Branch not protected")
    rules: dict[str, Any] = json.loads(found)
    return rules


def get_protection(call: Call) -> Reply:
    """Show what protects a branch."""
    tip_of(call)
    return Reply(_protection(call, call.path["branch"], _rules_row(call)))


def set_protection(call: Call) -> Reply:
    """Protect a branch; the four main rules must be given, if only as null."""
    tip_of(call)
    missing = [name for name in REQUIRED if name not in call.body]
    if missing:
        raise invalid("Invalid request.\n\n" + "\n".join(f'"{name}" wasn\'t supplied.' for name in missing))
    rules: dict[str, Any] = {name: call.body.get(name) for name in (*REQUIRED, *SWITCHES)}
    for name in ("required_status_checks", "required_pull_request_reviews", "restrictions"):
        call.get(name, dict)
    call.db.run("DELETE FROM protections WHERE repo_id = ? AND branch = ?", call.repo["id"], call.path["branch"])
    call.db.insert("protections", repo_id=call.repo["id"], branch=call.path["branch"], rules=json.dumps(rules))
    return Reply(_protection(call, call.path["branch"], rules))


def delete_protection(call: Call) -> Reply:
    """Let a branch be free again."""
    _rules_row(call)
    call.db.run("DELETE FROM protections WHERE repo_id = ? AND branch = ?", call.repo["id"], call.path["branch"])
    return nothing()


def _part(name: str) -> tuple[Any, Any, Any]:
    """Return the handlers that get, change and remove one part of a branch's protection."""

    def get(call: Call) -> Reply:
        shown = _protection(call, call.path["branch"], _rules_row(call))
        if name not in shown:
            raise not_found()
        return Reply(shown[name])

    def keep(call: Call, value: Any) -> Reply:
        rules = _rules_row(call) | {name: value}
        sql = "UPDATE protections SET rules = ? WHERE repo_id = ? AND branch = ?"
        call.db.run(sql, json.dumps(rules), call.repo["id"], call.path["branch"])
        return Reply(_protection(call, call.path["branch"], rules).get(name))

    def change(call: Call) -> Reply:
        return keep(call, True if name == "enforce_admins" else (_rules_row(call)[name] or {}) | call.body)

    def remove(call: Call) -> Reply:
        keep(call, False if name == "enforce_admins" else None)
        return nothing()

    return get, change, remove


HERE = "/repos/{owner}/{repo}/branches"
PROTECTION = f"{HERE}/{{branch...}}/protection"
READ, RULES_READ, RULES = (
    Right("contents"),
    Right("administration", "read", "admin"),
    Right("administration", "write", "admin"),
)
CHECKS, REVIEWS, ADMINS = (
    _part(name) for name in ("required_status_checks", "required_pull_request_reviews", "enforce_admins")
)
ROUTES = (
    Route("GET", HERE, list_branches, READ),
    Route("GET", f"{HERE}/{{branch...}}", get_branch, READ),
    Route("POST", f"{HERE}/{{branch...}}/rename", rename_branch, Right("contents", "write")),
    Route("GET", PROTECTION, get_protection, RULES_READ),
    Route("PUT", PROTECTION, set_protection, RULES),
    Route("DELETE", PROTECTION, delete_protection, RULES),
    Route("GET", f"{PROTECTION}/required_status_checks", CHECKS[0], RULES_READ),
    Route("PATCH", f"{PROTECTION}/required_status_checks", CHECKS[1], RULES),
    Route("DELETE", f"{PROTECTION}/required_status_checks", CHECKS[2], RULES),
    Route("GET", f"{PROTECTION}/required_pull_request_reviews", REVIEWS[0], RULES_READ),
    Route("PATCH", f"{PROTECTION}/required_pull_request_reviews", REVIEWS[1], RULES),
    Route("DELETE", f"{PROTECTION}/required_pull_request_reviews", REVIEWS[2], RULES),
    Route("GET", f"{PROTECTION}/enforce_admins", ADMINS[0], RULES_READ),
    Route("POST", f"{PROTECTION}/enforce_admins", ADMINS[1], RULES),
    Route("DELETE", f"{PROTECTION}/enforce_admins", ADMINS[2], RULES),
)
