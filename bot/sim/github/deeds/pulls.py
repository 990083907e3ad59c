"""Pull requests: opened, following their branches, asked about, closed. Merging them is in `merging`."""

from __future__ import annotations

from typing import Any

from bot.sim.github.deeds import issues, protection
from bot.sim.github.deeds.telling import note, tell_pull, tell_review, touch
from bot.sim.github.git import program
from bot.sim.github.git.objects import NO_SHA, Signature
from bot.sim.github.refusals import fault
from bot.sim.github.shown import pulls as shown
from bot.sim.github.shown.accounts import team, user
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row

COMMITTER = ("GitHub", "noreply@github.com")


def open_pull(act: Act, repo: Row, head: tuple[Row, str], base: str, wanted: dict[str, Any]) -> int:
    """Open a pull request from a branch (`head`: its repository and name) to `base`; return its id."""
    head_repo, head_ref = head
    git = act.git(repo)
    base_sha, head_sha = git.ref(f"refs/heads/{base}"), act.git(head_repo).ref(f"refs/heads/{head_ref}")
    if base_sha is None or head_sha is None:
        raise fault("PullRequest", "base" if base_sha is None else "head")
    sql = (
        "SELECT 1 FROM pulls p JOIN issues i ON i.id = p.id WHERE p.repo_id = ? AND p.head_repo_id = ? "
        "AND p.head_ref = ? AND p.base_ref = ? AND i.state = 'open'"
    )
    label = f"{act.account(head_repo['owner_id'])['login']}:{head_ref}"
    if act.db.one(sql, repo["id"], head_repo["id"], head_ref, base):
        raise fault("PullRequest", "base", message=f"A pull request already exists for {label}.")
    _bring(act, repo, head_repo, head_sha)
    if git.merge_base(base_sha, head_sha) is None:
        raise fault("PullRequest", "base", message=f"The {label} branch has no history in common with {base}")
    if git.is_ancestor(head_sha, base_sha):
        raise fault("PullRequest", "base", message=f"No commits between {base} and {label}")
    pull_id = issues.add(act, repo, title=wanted["title"], body=wanted["body"], is_pull=True)
    act.db.insert(
        "pulls",
        id=pull_id,
        repo_id=repo["id"],
        head_repo_id=head_repo["id"],
        head_ref=head_ref,
        head_sha=head_sha,
        base_ref=base,
        base_sha=base_sha,
        draft=wanted["draft"],
        maintainer_can_modify=wanted["maintainer_can_modify"] and head_repo["id"] != repo["id"],
        last_pusher_id=_pusher(act, head_repo, head_ref),
    )
    _point(act, repo, pull_id, "head", head_sha)
    tell_pull(act, repo, pull_id, "opened")
    _ask_owners(act, repo, pull_id)
    return pull_id


def _pusher(act: Act, repo: Row, branch: str) -> int | None:
    found = act.db.value(
        "SELECT pusher_id FROM refs WHERE repo_id = ? AND name = ?", repo["id"], f"refs/heads/{branch}"
    )
    return int(found) if found else None


def _bring(act: Act, repo: Row, head_repo: Row, sha: str) -> None:
    """Make a fork's commit known to the base repository."""
    if head_repo["id"] != repo["id"]:
        program.fetch(act.state.path_of(repo["id"]), act.state.path_of(head_repo["id"]), sha)


def _point(act: Act, repo: Row, pull_id: int, word: str, sha: str) -> None:
    """Let refs/pull/N/head or refs/pull/N/merge point to a commit."""
    number = act.db.value("SELECT number FROM issues WHERE id = ?", pull_id)
    act.git(repo).raw.references.create(f"refs/pull/{number}/{word}", sha, force=True)


def _ask_owners(act: Act, repo: Row, pull_id: int) -> None:
    """Ask the code owners of the changed files for their review."""
    pull = shown.of_issue(act, {"id": pull_id})
    names = sorted({owner for owners, _ in protection.code_owners(act, repo, pull) for owner in owners})
    people = [name[1:] for name in names if name.startswith("@") and "/" not in name]
    teams = [name.partition("/")[2] for name in names if "/" in name]
    accounts = [row for login in people if (row := act.db.one("SELECT * FROM accounts WHERE login = ?", login))]
    found = [row for slug in teams if (row := team_named(act, repo, slug))]
    ask_review(act, repo, pull, [row for row in accounts if row["id"] != pull["user_id"]], found)


def team_named(act: Act, repo: Row, slug: str) -> Row | None:
    """Return a team of the repository's organisation, or None."""
    return act.db.one("SELECT * FROM teams WHERE org_id = ? AND slug = ?", repo["owner_id"], slug)


def ask_review(act: Act, repo: Row, pull: Row, people: list[Row], teams: list[Row]) -> None:
    """Ask people and teams for their review; who is asked already is not asked again."""
    for person in people:
        known = "SELECT 1 FROM review_requests WHERE issue_id = ? AND account_id = ?"
        if not act.db.one(known, pull["id"], person["id"]):
            act.db.insert("review_requests", issue_id=pull["id"], account_id=person["id"])
            note(act, pull["id"], "review_requested", requested_reviewer=person["login"])
            tell_pull(act, repo, pull["id"], "review_requested", requested_reviewer=user(act.told, person))
    for asked in teams:
        if not act.db.one("SELECT 1 FROM review_requests WHERE issue_id = ? AND team_id = ?", pull["id"], asked["id"]):
            act.db.insert("review_requests", issue_id=pull["id"], team_id=asked["id"])
            note(act, pull["id"], "review_requested", requested_team=asked["slug"])
            tell_pull(act, repo, pull["id"], "review_requested", requested_team=team(act.told, asked))


def follow_branch(act: Act, repo: Row, branch: str, new: str) -> None:
    """Let open pull requests follow a branch that moved: as their base, then as their head."""
    sql = "SELECT p.*, i.state FROM pulls p JOIN issues i ON i.id = p.id WHERE i.state = 'open' AND "
    for pull in act.db.all(sql + "p.repo_id = ? AND p.base_ref = ?", repo["id"], branch):
        if new == NO_SHA:
            close(act, repo, pull["id"])
        elif act.git(repo).is_ancestor(pull["head_sha"], new):
            act.db.update("pulls", pull["id"], base_sha=new)
            mark_merged(act, repo, pull["id"], new)
        else:
            act.db.update("pulls", pull["id"], base_sha=new)
    for pull in act.db.all(sql + "p.head_repo_id = ? AND p.head_ref = ?", repo["id"], branch):
        base_repo = act.db.row("repos", pull["repo_id"])
        if new == NO_SHA:
            close(act, base_repo, pull["id"])
        else:
            _synchronize(act, base_repo, pull, repo, new)


def _synchronize(act: Act, repo: Row, pull: Row, head_repo: Row, new: str) -> None:
    _bring(act, repo, head_repo, new)
    _point(act, repo, pull["id"], "head", new)
    act.db.update("pulls", pull["id"], head_sha=new, last_pusher_id=act.user["id"])
    touch(act, pull["id"])
    tell_pull(act, repo, pull["id"], "synchronize", before=pull["head_sha"], after=new)
    rules = protection.rules_of(act, repo, pull["base_ref"]) or {}
    if (rules.get("required_pull_request_reviews") or {}).get("dismiss_stale_reviews"):
        for row in act.db.all("SELECT * FROM reviews WHERE issue_id = ? AND state = 'APPROVED'", pull["id"]):
            dismiss(act, repo, row)


def dismiss(act: Act, repo: Row, review: Row) -> None:
    """Let a review count no longer, and tell it."""
    act.db.update("reviews", review["id"], state="DISMISSED")
    note(act, review["issue_id"], "review_dismissed", review_id=review["id"])
    tell_review(act, repo, review["id"], "dismissed")


def compute_mergeable(act: Act, repo: Row, pull_id: int) -> None:
    """Try the merge that would be made, and keep whether it went and its commit (refs/pull/N/merge)."""
    pull = shown.of_issue(act, {"id": pull_id})
    key = (pull_id, pull["base_sha"], pull["head_sha"])
    if pull["state"] != "open" or key in act.state.mergeable:
        return
    git = act.git(repo)
    tree = program.merged_tree(git, pull["base_sha"], pull["head_sha"])
    if tree is not None:
        by = Signature(*COMMITTER, int(act.state.clock().timestamp()))
        message = f"Merge {pull['head_sha']} into {pull['base_sha']}"
        sha = git.write_commit(tree, [pull["base_sha"], pull["head_sha"]], message, author=by, committer=by)
        _point(act, repo, pull_id, "merge", sha)
        act.db.update("pulls", pull_id, merge_commit_sha=sha)
    act.state.mergeable[key] = tree is not None


def close(act: Act, repo: Row, pull_id: int) -> None:
    """Close a pull request without merging it."""
    actor = act.who.account["id"] if act.who.account else None
    touch(act, pull_id, state="closed", closed_at=act.now, closed_by=actor)
    note(act, pull_id, "closed")
    tell_pull(act, repo, pull_id, "closed")


def reopen(act: Act, repo: Row, pull_id: int) -> None:
    """Open a closed pull request again, where its branches are now."""
    pull = shown.of_issue(act, {"id": pull_id})
    head_repo = act.db.one("SELECT * FROM repos WHERE id = ?", pull["head_repo_id"])
    head = act.git(head_repo).ref(f"refs/heads/{pull['head_ref']}") if head_repo else None
    base = act.git(repo).ref(f"refs/heads/{pull['base_ref']}")
    if pull["merged_at"] or head is None or base is None or head_repo is None:
        raise fault("PullRequest", "state", message="state cannot be changed. The pull request cannot be reopened.")
    _bring(act, repo, head_repo, head)
    _point(act, repo, pull_id, "head", head)
    act.db.update("pulls", pull_id, head_sha=head, base_sha=base)
    touch(act, pull_id, state="open", closed_at=None, closed_by=None)
    note(act, pull_id, "reopened")
    tell_pull(act, repo, pull_id, "reopened")


def mark_merged(act: Act, repo: Row, pull_id: int, sha: str) -> None:
    actor = act.user["id"]
    act.db.update("pulls", pull_id, merged_at=act.now, merged_by=actor, merge_commit_sha=sha)
    touch(act, pull_id, state="closed", closed_at=act.now, closed_by=actor)
    note(act, pull_id, "merged", commit=sha)
    note(act, pull_id, "closed")
    tell_pull(act, repo, pull_id, "closed")
