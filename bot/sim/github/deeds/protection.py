"""What a protected branch allows: pushes to it, and merges into it."""

from __future__ import annotations

import json
from typing import Any

from bot.sim.github.rules.access import Kind
from bot.sim.github.rules.owners import PLACES, owners_of, read_owners
from bot.sim.github.rules.patterns import matches
from bot.sim.github.rules.reviews import Review, ReviewRule, newest_opinions, standing
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row
from bot.sim.github.store.roles import role_of_caller, writers

GOOD_CONCLUSIONS = ("success", "neutral", "skipped")


def rules_of(act: Act, repo: Row, branch: str) -> dict[str, Any] | None:
    """Return the rules that hold for a branch: its own, else those of a pattern that it fits, else None."""
    rows = act.db.all(
        "SELECT * FROM protections WHERE repo_id = ? ORDER BY branch = ? DESC, branch", repo["id"], branch
    )
    return next(
        (json.loads(row["rules"]) for row in rows if row["branch"] == branch or matches(row["branch"], branch)), None
    )


def is_exempt(act: Act, repo: Row, rules: dict[str, Any]) -> bool:
    """Tell whether the rules bind this caller: they do not bind administrators unless they say so."""
    return not rules.get("enforce_admins") and role_of_caller(act.db, act.who, repo) == "admin"


def push_fault(act: Act, repo: Row, branch: str, new: str, *, is_forced: bool, is_deletion: bool) -> str:
    """Return what forbids moving a branch directly; empty: nothing."""
    rules = rules_of(act, repo, branch)
    if rules is None:
        return ""
    if is_deletion and not rules.get("allow_deletions"):
        return "Cannot delete a protected branch"
    if is_forced and not rules.get("allow_force_pushes"):
        return "Cannot force-push to a protected branch"
    if is_exempt(act, repo, rules):
        return ""
    if not may_push(act, rules):
        return "You're not authorized to push to this branch."
    if rules.get("lock_branch"):
        return "Cannot change this locked branch"
    if rules.get("required_pull_request_reviews") is not None and not _may_bypass(act, rules):
        return "Changes must be made through a pull request."
    missing = [] if is_deletion else check_faults(act, repo, rules, new)
    return missing[0] if missing else ""


def may_push(act: Act, rules: dict[str, Any]) -> bool:
    """Tell whether the restrictions, if there are any, name the caller."""
    allowed = rules.get("restrictions")
    return allowed is None or _is_named(act, allowed)


def _may_bypass(act: Act, rules: dict[str, Any]) -> bool:
    allowed = (rules.get("required_pull_request_reviews") or {}).get("bypass_pull_request_allowances")
    return allowed is not None and _is_named(act, allowed)


def _is_named(act: Act, allowed: dict[str, list[str]]) -> bool:
    if act.who.kind == Kind.INSTALLATION:
        return act.db.value("SELECT slug FROM apps WHERE id = ?", act.who.app_id) in allowed.get("apps", [])
    sql = "SELECT t.slug FROM teams t JOIN team_members m ON m.team_id = t.id WHERE m.account_id = ?"
    teams = {row["slug"] for row in act.db.all(sql, act.user["id"])}
    return act.user["login"] in allowed.get("users", []) or bool(teams & set(allowed.get("teams", [])))


def merge_faults(act: Act, repo: Row, pull: Row, method: str) -> list[str]:
    """Return what the base branch's rules still miss before this merge."""
    rules = rules_of(act, repo, pull["base_ref"])
    if rules is None or is_exempt(act, repo, rules):
        return []
    faults = [] if may_push(act, rules) else ["You're not authorized to push to this branch."]
    if rules.get("required_linear_history") and method == "merge":
        faults.append("Merge commits are not allowed on this branch.")
    if rules.get("required_pull_request_reviews") is not None and not _may_bypass(act, rules):
        faults += review_faults(act, repo, pull, rules["required_pull_request_reviews"])
    faults += check_faults(act, repo, rules, pull["head_sha"])
    checks = rules.get("required_status_checks") or {}
    if checks.get("strict") and act.git(repo).ahead_behind(pull["head_sha"], pull["base_sha"])[1]:
        faults.append("The head branch must be up to date with the base branch before merging.")
    return faults


def review_faults(act: Act, repo: Row, pull: Row, wanted: dict[str, Any]) -> list[str]:
    """Return what the reviews still miss."""
    rows = act.db.all("SELECT * FROM reviews WHERE issue_id = ? AND state != 'PENDING' ORDER BY id", pull["id"])
    rule = ReviewRule(
        approvals=wanted.get("required_approving_review_count", 1),
        code_owners=bool(wanted.get("require_code_owner_reviews")),
        last_push=bool(wanted.get("require_last_push_approval")),
    )
    opinions = newest_opinions(
        [Review(row["user_id"], row["state"], row["commit_id"]) for row in rows], writers(act.db, repo)
    )
    owners = [people for _, people in code_owners(act, repo, pull)]
    return list(standing(opinions, rule, owners=owners, last_pusher=pull["last_pusher_id"]).faults)


def check_faults(act: Act, repo: Row, rules: dict[str, Any], sha: str) -> list[str]:
    """Return the required checks that have not passed on a commit."""
    wanted = rules.get("required_status_checks") or {}
    names = [*wanted.get("contexts", []), *(check["context"] for check in wanted.get("checks", []))]
    passed = passed_checks(act, repo, sha)
    words = {True: "is failing", None: "is expected"}
    return [
        f'Required status check "{name}" {words[True if name in passed else None]}.'
        for name in dict.fromkeys(names)
        if not passed.get(name)
    ]


def passed_checks(act: Act, repo: Row, sha: str) -> dict[str, bool]:
    """Return, for each check run and status on a commit, whether the newest of that name has passed."""
    runs = act.db.all(
        "SELECT name, status, conclusion FROM check_runs WHERE repo_id = ? AND head_sha = ? ORDER BY id",
        repo["id"],
        sha,
    )
    found = {run["name"]: run["status"] == "completed" and run["conclusion"] in GOOD_CONCLUSIONS for run in runs}
    statuses = act.db.all(
        "SELECT context, state FROM statuses WHERE repo_id = ? AND sha = ? ORDER BY id", repo["id"], sha
    )
    return found | {status["context"]: status["state"] == "success" for status in statuses}


def code_owners(act: Act, repo: Row, pull: Row) -> list[tuple[tuple[str, ...], frozenset[int]]]:
    """Return the owners of changed files: as written in the base branch's CODEOWNERS, and the people they are."""
    git = act.git(repo)
    text = next((text for place in PLACES if (text := git.text(pull["base_sha"], place)) is not None), None)
    if text is None:
        return []
    lines = read_owners(text)
    base = git.merge_base(pull["base_sha"], pull["head_sha"]) or pull["base_sha"]
    found = {owners_of(lines, change.path) for change in git.changes(base, pull["head_sha"])} - {()}
    return [
        (owners, frozenset(person for owner in owners for person in _people(act, owner))) for owners in sorted(found)
    ]


def _people(act: Act, owner: str) -> list[int]:
    name = owner.removeprefix("@")
    if "/" in name:
        org, _, slug = name.partition("/")
        sql = (
            "SELECT m.account_id AS id FROM team_members m JOIN teams t ON t.id = m.team_id "
            "JOIN accounts o ON o.id = t.org_id WHERE o.login = ? AND t.slug = ?"
        )
        return [row["id"] for row in act.db.all(sql, org, slug)]
    return [row["id"] for row in act.db.all("SELECT id FROM accounts WHERE login = ? OR email = ?", name, name)]
