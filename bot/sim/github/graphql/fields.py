"""The fields that are not simply what the API shows under a name in small letters: type -> field -> how it is found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.sim.github.deeds.protection import merge_faults, rules_of
from bot.sim.github.graphql.asking import Asking, page
from bot.sim.github.refusals import Refusal
from bot.sim.github.rules.access import ROLES
from bot.sim.github.shown import accounts
from bot.sim.github.shown.accounts import Json
from bot.sim.github.shown.pulls import of_issue
from bot.sim.github.store.roles import role_of_caller

Found = Callable[..., Any]
"""Gets what the field belongs to, who asks, and the field's arguments."""


def here(shown: Json) -> str:
    """Return where the API has something that it shows: the path of its address."""
    return _path(shown["url"])


def _path(url: str) -> str:
    return urlsplit(url).path.removeprefix("/api/v3")


def _renamed(name: str) -> Found:
    return lambda shown, _asking: shown[name]


def _upper(name: str) -> Found:
    return lambda shown, _asking: None if shown[name] is None else shown[name].upper()


def _listed(name: str) -> Found:
    return lambda shown, _asking, **asked: page(shown[name], asked)


def viewer(_root: Any, asking: Asking) -> Json:
    """Return who asks."""
    return accounts.user(asking, asking.user) | {"name": asking.user["name"]}


def repository(_root: Any, asking: Asking, owner: str, name: str) -> Json:
    """Return a repository by name."""
    try:
        found: Json = asking.ask("GET", f"/repos/{owner}/{name}")
    except Refusal as refusal:
        words = f"Could not resolve to a Repository with the name '{owner}/{name}'."
        raise (Refusal(404, words) if refusal.status == 404 else refusal) from refusal
    return found


def node(_root: Any, asking: Asking, id: str) -> Json:  # noqa: A002  (GraphQL's own name)
    """Return what an id names."""
    return asking.find(id, "Repository", "Issue", "PullRequest")


def _permission(repo: Json, asking: Asking) -> str | None:
    role = role_of_caller(asking.db, asking.who, asking.db.row("repos", repo["id"]))
    return None if role == "none" or role not in ROLES else role.upper()


def _numbered(kind: str, words: str) -> Found:
    def find(repo: Json, asking: Asking, number: int) -> Json:
        try:
            found: Json = asking.ask("GET", f"{here(repo)}/{words}/{number}")
        except Refusal as refusal:
            told = f"Could not resolve to {kind} with the number of {number}."
            raise (Refusal(404, told) if refusal.status == 404 else refusal) from refusal
        return asking.ask("GET", f"{here(repo)}/pulls/{number}") if found.get("pull_request") else found

    return find


def _sorted(items: list[Json], order: Json | None) -> list[Json]:
    """Return items in the order that is asked for; by default as they were made."""
    field = str((order or {}).get("field", "CREATED_AT")).lower()
    is_down = (order or {}).get("direction") == "DESC"
    return sorted(items, key=lambda item: (item[field] or "", item["id"]), reverse=is_down)


def _issues(repo: Json, asking: Asking, **asked: Any) -> Json:
    query = {"state": "all"}
    for name, word in (("assignee", "assignee"), ("createdBy", "creator"), ("mentioned", "mentioned")):
        query |= {word: (asked.get("filterBy") or {})[name]} if (asked.get("filterBy") or {}).get(name) else {}
    found = asking.all_of(f"{here(repo)}/issues", **query)
    states = [state.lower() for state in asked.get("states") or ("OPEN", "CLOSED")]
    kept = [issue for issue in found if "pull_request" not in issue and issue["state"] in states]
    return page(_sorted(kept, asked.get("orderBy")), asked)


def _pulls(repo: Json, asking: Asking, **asked: Any) -> Json:
    found = asking.all_of(f"{here(repo)}/pulls", state="all")
    states, base, head = asked.get("states"), asked.get("baseRefName"), asked.get("headRefName")
    kept = [
        pull
        for pull in found
        if (not states or _pull_state(pull, asking) in states)
        and base in (None, pull["base"]["ref"])
        and head in (None, pull["head"]["ref"])
    ]
    return page(_sorted(kept, asked.get("orderBy")), asked)


def _labels(repo: Json, asking: Asking, **asked: Any) -> Json:
    """Return the labels, by their names' order or as they were made, in whose name or words something stands."""
    found, words = asking.all_of(f"{here(repo)}/labels"), (asked.get("query") or "").lower()
    kept = [one for one in found if words in f"{one['name']} {one['description'] or ''}".lower()]
    order = asked.get("orderBy") or {}
    by = "name" if order.get("field") == "NAME" else "id"
    return page(sorted(kept, key=lambda one: one[by], reverse=order.get("direction") == "DESC"), asked)


def _releases(repo: Json, asking: Asking, **asked: Any) -> Json:
    found = asking.all_of(f"{here(repo)}/releases")
    published = [one for one in found if not one["draft"] and not one["prerelease"]]
    latest = max(published, key=lambda one: (one["created_at"], one["id"]), default=None)
    told = [one | {"is_latest": one is latest} for one in found]
    return page(_sorted(told, asked.get("orderBy")), asked)


def _pull_state(pull: Json, _asking: Asking) -> str:
    return "MERGED" if pull["merged_at"] else str(pull["state"]).upper()


def _whole(pull: Json, asking: Asking) -> Json:
    """Return a pull request with what lists leave out."""
    return pull if "mergeable" in pull else asking.ask("GET", here(pull))


def _of_whole(name: str) -> Found:
    return lambda pull, asking: _whole(pull, asking)[name]


def _mergeable(pull: Json, asking: Asking) -> str:
    return {None: "UNKNOWN", True: "MERGEABLE", False: "CONFLICTING"}[_whole(pull, asking)["mergeable"]]


def _merge_state(pull: Json, asking: Asking) -> str:
    """Return whether merging would go, for who asks: what forbids it is the rule that the merge itself applies."""
    mergeable = _whole(pull, asking)["mergeable"]
    if mergeable is not True:
        return "UNKNOWN" if mergeable is None else "DIRTY"
    repo = asking.db.row("repos", pull["base"]["repo"]["id"])
    row = of_issue(asking, {"id": pull["id"]})
    return "BLOCKED" if merge_faults(asking, repo, row, "merge") else "CLEAN"


def _comments(shown: Json, asking: Asking, **asked: Any) -> Json:
    issue = here(shown).replace("/pulls/", "/issues/")
    return page(asking.all_of(f"{issue}/comments"), asked)


def _commits(pull: Json, asking: Asking, **asked: Any) -> Json:
    found = asking.all_of(f"{here(pull)}/commits")
    numbered = [{"commit": one | {"pull": pull}} for one in found]
    return page(numbered, asked)


def _reviews(pull: Json, asking: Asking, **asked: Any) -> Json:
    return page(asking.all_of(f"{here(pull)}/reviews"), asked)


def _requested(pull: Json, _asking: Asking, **asked: Any) -> Json:
    people, teams = pull["requested_reviewers"], pull["requested_teams"]
    return page([{"requested_reviewer": one} for one in (*people, *teams)], asked)


def _rollup(commit: Json, asking: Asking) -> Json | None:
    """Return the newest check runs and statuses of a commit; None when it has none."""
    repo = here(commit).rpartition("/commits/")[0]
    checks = asking.all_of(f"{repo}/commits/{commit['sha']}/check-runs", "check_runs")
    statuses = asking.ask("GET", f"{repo}/commits/{commit['sha']}/status")["statuses"]
    found = [*checks, *statuses]
    return {"contexts": [one | {"of_pull": commit.get("pull")} for one in found]} if found else None


def _suite(check: Json, asking: Asking) -> Json:
    row = asking.db.one("SELECT * FROM runs WHERE suite_id = ?", check["check_suite"]["id"])
    if row is None:
        return {"workflow_run": None}
    name = asking.db.row("workflows", row["workflow_id"])["name"]
    return {"workflow_run": {"event": row["event"], "workflow": {"name": name}}}


def _is_required(check: Json, asking: Asking, **_asked: Any) -> bool:
    pull = check["of_pull"]
    rules = (
        rules_of(asking, asking.db.row("repos", pull["base"]["repo"]["id"]), pull["base"]["ref"]) if pull else {}
    ) or {}
    wanted = (rules.get("required_status_checks") or {}).get("contexts") or []
    return check.get("name", check.get("context")) in wanted


REACTIONS = {
    "+1": "THUMBS_UP", "-1": "THUMBS_DOWN", "laugh": "LAUGH", "hooray": "HOORAY", "confused": "CONFUSED",
    "heart": "HEART", "rocket": "ROCKET", "eyes": "EYES",
}  # fmt: skip


def _reactions(shown: Json, _asking: Asking) -> list[Json]:
    counts = shown.get("reactions") or {}
    return [{"content": new, "users": {"total_count": counts.get(old, 0)}} for old, new in REACTIONS.items()]


def _pull_reactions(pull: Json, asking: Asking) -> list[Json]:
    return _reactions(asking.ask("GET", here(pull).replace("/pulls/", "/issues/")), asking)


def _has_author(comment: Json, asking: Asking) -> bool:
    return asking.who.account is not None and comment["user"]["id"] == asking.user["id"]


SHARED: Mapping[str, Found] = {
    "id": _renamed("node_id"),
    "url": _renamed("html_url"),
    "body": lambda shown, _asking: shown["body"] or "",
    "author": _renamed("user"),
    "databaseId": _renamed("id"),
    "assignees": _listed("assignees"),
    "labels": _listed("labels"),
    "comments": _comments,
    "projectItems": lambda _shown, _asking, **asked: page([], asked),
}
"""Of every type that has a field of this name, unless it says else."""
FIELDS: Mapping[str, Mapping[str, Found]] = {
    "Query": {"viewer": viewer, "repository": repository, "node": node},
    "User": {"name": lambda who, _asking: who.get("name")},
    "Organization": {"name": lambda who, _asking: who.get("name")},
    "Team": {"organization": lambda team, _asking: {"login": team["html_url"].split("/")[4]}},
    "Repository": {
        "nameWithOwner": _renamed("full_name"),
        "isPrivate": _renamed("private"),
        "isFork": _renamed("fork"),
        "hasIssuesEnabled": _renamed("has_issues"),
        "hasWikiEnabled": _renamed("has_wiki"),
        "mergeCommitAllowed": lambda repo, _asking: repo.get("allow_merge_commit", True),
        "rebaseMergeAllowed": lambda repo, _asking: repo.get("allow_rebase_merge", True),
        "squashMergeAllowed": lambda repo, _asking: repo.get("allow_squash_merge", True),
        "deleteBranchOnMerge": lambda repo, _asking: repo.get("delete_branch_on_merge", False),
        "viewerPermission": _permission,
        "defaultBranchRef": lambda repo, _asking: {"name": repo["default_branch"]},
        "parent": lambda repo, _asking: repo.get("parent"),
        "issue": _numbered("an Issue", "issues"),
        "issueOrPullRequest": _numbered("an issue or pull request", "issues"),
        "pullRequest": _numbered("a PullRequest", "pulls"),
        "issues": _issues,
        "pullRequests": _pulls,
        "releases": _releases,
        "labels": _labels,
    },
    "Release": {"isDraft": _renamed("draft"), "isPrerelease": _renamed("prerelease")},
    "Issue": {
        "state": _upper("state"),
        "stateReason": lambda issue, _asking, **_asked: issue["state_reason"] and issue["state_reason"].upper(),
        "reactionGroups": _reactions,
        "repository": lambda issue, asking: asking.ask("GET", _path(issue["repository_url"])),
        "issueType": lambda _issue, _asking: None,
        "parent": lambda _issue, _asking: None,
        "subIssues": lambda _issue, _asking, **asked: page([], asked),
        "subIssuesSummary": lambda _issue, _asking: {"completed": 0, "percent_completed": 0, "total": 0},
        "blockedBy": lambda _issue, _asking, **asked: page([], asked),
        "blocking": lambda _issue, _asking, **asked: page([], asked),
    },
    "PullRequest": {
        "state": _pull_state,
        "isDraft": _renamed("draft"),
        "isCrossRepository": lambda pull, _asking: pull["head"]["repo"] != pull["base"]["repo"],
        "maintainerCanModify": _of_whole("maintainer_can_modify"),
        "mergeable": _mergeable,
        "mergeStateStatus": _merge_state,
        "additions": _of_whole("additions"),
        "deletions": _of_whole("deletions"),
        "changedFiles": _of_whole("changed_files"),
        "baseRefName": lambda pull, _asking: pull["base"]["ref"],
        "baseRefOid": lambda pull, _asking: pull["base"]["sha"],
        "headRefName": lambda pull, _asking: pull["head"]["ref"],
        "headRefOid": lambda pull, _asking: pull["head"]["sha"],
        "headRepository": lambda pull, _asking: pull["head"]["repo"],
        "headRepositoryOwner": lambda pull, _asking: pull["head"]["user"],
        "autoMergeRequest": _renamed("auto_merge"),
        "commits": _commits,
        "reviews": _reviews,
        "reviewRequests": _requested,
        "reactionGroups": _pull_reactions,
    },
    "Commit": {
        "oid": _renamed("sha"),
        "messageHeadline": lambda commit, _asking: commit["commit"]["message"].partition("\n")[0],
        "statusCheckRollup": _rollup,
    },
    "Label": {"isDefault": _renamed("default"), "url": _renamed("url")},
    "StatusCheckRollup": {"contexts": _listed("contexts")},
    "CheckRun": {
        "status": _upper("status"),
        "conclusion": _upper("conclusion"),
        "checkSuite": _suite,
        "isRequired": _is_required,
    },
    "StatusContext": {"state": _upper("state"), "isRequired": _is_required},
    "IssueComment": {
        "includesCreatedEdit": lambda comment, _asking: comment["updated_at"] != comment["created_at"],
        "isMinimized": lambda _comment, _asking: False,
        "minimizedReason": lambda _comment, _asking: None,
        "reactionGroups": _reactions,
        "viewerDidAuthor": _has_author,
    },
    "PullRequestReview": {
        "commit": lambda review, _asking: {"sha": review["commit_id"], "node_id": review["commit_id"]},
        "submittedAt": lambda review, _asking: review.get("submitted_at"),
        "reactionGroups": _reactions,
    },
}
