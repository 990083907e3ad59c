"""Pull requests: open, list, change, files, commits, merge, who is asked to review."""

from __future__ import annotations

from bot.sim.github.deeds import issues as issue_deeds
from bot.sim.github.deeds import merging
from bot.sim.github.deeds import pulls as deeds
from bot.sim.github.deeds.refs import HEADS, move, signature
from bot.sim.github.deeds.telling import tell_pull, touch
from bot.sim.github.git import program
from bot.sim.github.git.objects import NO_SHA, FileChange
from bot.sim.github.refusals import Refusal, conflict, fault, forbidden, invalid, not_found
from bot.sim.github.rules.access import Right, is_at_least
from bot.sim.github.shown import accounts
from bot.sim.github.shown import commits as shown_commits
from bot.sim.github.shown import pulls as shown
from bot.sim.github.shown.accounts import Json
from bot.sim.github.shown.repos import full_name, settings
from bot.sim.github.store.database import Row
from bot.sim.github.store.roles import is_named, role_of
from bot.sim.github.wire.call import Call, Reply, created
from bot.sim.github.wire.routing import Route

METHODS = {"merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge"}
MOST_COMMITS, MOST_FILES = 250, 3000
SORTS = {"created": "i.created_at", "updated": "i.updated_at", "popularity": "i.id", "long-running": "i.created_at"}


def pull_of(call: Call) -> Row:
    """Return the pull request that the path names, joined to its issue, or refuse (404)."""
    sql = "SELECT * FROM issues WHERE repo_id = ? AND number = ? AND is_pull"
    found = call.db.one(sql, call.repo["id"], call.number("pull_number"))
    if found is None:
        raise not_found()
    return shown.of_issue(call, found)


def _full(call: Call, pull_id: int) -> Json:
    whole = shown.full(call, call.repo, shown.of_issue(call, {"id": pull_id}))
    return shown.replied(call, whole, pull_id)


def list_pulls(call: Call) -> Reply:
    """List pull requests: open ones, or by state, head (`owner:branch`) and base."""
    query = call.query
    sort = SORTS.get(query.get("sort", ""), "i.created_at")
    down = query.get(
        "direction", "desc" if sort == "i.created_at" and query.get("sort", "created") == "created" else "asc"
    )
    order = "DESC" if down == "desc" else "ASC"
    # the column and its direction come from the table above
    held = "SELECT i.*, p.*, p.id AS id FROM issues i JOIN pulls p ON p.id = i.id WHERE i.repo_id = ?"
    rows = call.db.all(f"{held} ORDER BY {sort} {order}, i.id {order}", call.repo["id"])
    state = query.get("state", "open")
    rows = [
        row for row in rows if state in ("all", row["state"]) and query.get("base", row["base_ref"]) == row["base_ref"]
    ]
    if head := query.get("head"):
        rows = [row for row in rows if _label(call, row) == head or (":" not in head and row["head_ref"] == head)]
    return call.paged(rows, lambda row: shown.replied(call, shown.simple(call, call.repo, row), row["id"]))


def _label(call: Call, row: Row) -> str:
    login = call.db.value(
        "SELECT a.login FROM accounts a JOIN repos r ON r.owner_id = a.id WHERE r.id = ?", row["head_repo_id"]
    )
    return f"{login}:{row['head_ref']}"


def _head_of(call: Call, text: str) -> tuple[Row, str]:
    """Return the repository and branch that a head names: `branch`, or `login:branch` of a fork."""
    login, colon, branch = text.rpartition(":")
    if not colon:
        return call.repo, branch
    sql = (
        "SELECT r.* FROM repos r JOIN accounts a ON a.id = r.owner_id "
        "WHERE a.login = ? AND (r.id = ? OR r.parent_id = ?)"
    )
    repo = call.db.one(sql, login, call.repo["id"], call.repo["id"])
    if repo is None:
        raise fault("PullRequest", "head")
    return repo, branch


def create_pull(call: Call) -> Reply:
    """Open a pull request; its author must be able to write to its head."""
    head = _head_of(call, call.need("head", str))
    wanted = {
        "title": call.need("title", str),
        "body": call.get("body", str),
        "draft": call.get("draft", bool, False),
        "maintainer_can_modify": call.get("maintainer_can_modify", bool, True),
    }
    writes_head = role_of(call.db, call.user["id"], head[0]) if call.who.permissions is None else call.role
    if head[0]["id"] != call.repo["id"] and not is_at_least(writes_head, "write"):
        raise forbidden("must be a collaborator")
    pull_id = deeds.open_pull(call, call.repo, head, call.need("base", str), wanted)
    return created(_full(call, pull_id))


def get_pull(call: Call) -> Reply:
    """Show a pull request; whether it can be merged is computed after the first look."""
    pull = pull_of(call)
    git = call.git(call.repo)
    if call.wants("diff") or call.wants("patch"):
        base = git.merge_base(pull["base_sha"], pull["head_sha"]) or pull["base_sha"]
        return Reply(
            git.patch_text(base, pull["head_sha"]).encode(), media_type="application/vnd.github.diff; charset=utf-8"
        )
    if pull["state"] == "open" and (pull["id"], pull["base_sha"], pull["head_sha"]) not in call.state.mergeable:
        call.state.later(lambda: deeds.compute_mergeable(call, call.repo, pull["id"]))
    return Reply(_full(call, pull["id"]))


def update_pull(call: Call) -> Reply:
    """Change title, body, base or state."""
    pull = pull_of(call)
    if call.user["id"] != pull["user_id"] and not is_at_least(call.role, "triage") and call.who.permissions is None:
        raise forbidden("Must have triage access to repository.")
    changes: Json = {}
    for name in ("title", "body"):
        value = call.get(name, str)
        if value is not None and value != pull[name]:
            issue_deeds.check_body("PullRequest", value)
            changes[name] = {"from": pull[name] or ""}
            touch(call, pull["id"], **{name: value})
    base = call.get("base", str)
    if base is not None and base != pull["base_ref"]:
        tip = call.git(call.repo).ref(f"refs/heads/{base}")
        if tip is None:
            raise fault("PullRequest", "base")
        changes["base"] = {"ref": {"from": pull["base_ref"]}, "sha": {"from": pull["base_sha"]}}
        call.db.update("pulls", pull["id"], base_ref=base, base_sha=tip)
    if changes:
        tell_pull(call, call.repo, pull["id"], "edited", changes=changes)
    state = call.choice("state", ("open", "closed"))
    if state is not None and state != pull["state"]:
        (deeds.close if state == "closed" else deeds.reopen)(call, call.repo, pull["id"])
    return Reply(_full(call, pull["id"]))


def _files(call: Call, pull: Row) -> list[FileChange]:
    git = call.git(call.repo)
    base = git.merge_base(pull["base_sha"], pull["head_sha"]) if not pull["merged_at"] else None
    return git.changes(base or git.merge_base(pull["base_sha"], pull["head_sha"]), pull["head_sha"])[:MOST_FILES]


def list_files(call: Call) -> Reply:
    """List the files that differ between the head and where it left the base."""
    pull = pull_of(call)
    return call.paged(
        _files(call, pull), lambda change: shown_commits.file_change(call, call.repo, pull["head_sha"], change)
    )


def list_commits(call: Call) -> Reply:
    """List the commits, oldest first."""
    pull, git = pull_of(call), call.git(call.repo)
    base = git.merge_base(pull["base_sha"], pull["head_sha"]) or pull["base_sha"]
    found = [str(commit.id) for commit in git.history(pull["head_sha"], without=[base], oldest_first=True)]
    return call.paged(found[:MOST_COMMITS], lambda sha: shown_commits.commit(call, call.repo, sha))


def is_merged(call: Call) -> Reply:
    """Tell whether it was merged: 204 or 404."""
    if pull_of(call)["merged_at"] is None:
        raise not_found()
    return Reply(None, 204)


def merge(call: Call) -> Reply:
    """Merge: 405 what the rules or conflicts forbid, 409 a head that is not where the caller thinks."""
    pull, method = pull_of(call), call.choice("merge_method", tuple(METHODS), "merge")
    if pull["state"] != "open" or pull["draft"]:
        raise Refusal(
            405,
            "Pull Request is still a draft"
            if pull["draft"] and not pull["merged_at"]
            else "Pull Request is not mergeable",
        )
    sha = call.get("sha", str)
    if sha is not None and sha != pull["head_sha"]:
        raise conflict("Head branch was modified. Review and try the merge again.")
    if not settings(call.repo)[METHODS[method]]:
        raise Refusal(405, f"{method.title()} merges are not allowed on this repository.")
    tip = merging.merge(call, call.repo, pull, method, (call.get("commit_title", str), call.get("commit_message", str)))
    if settings(call.repo)["delete_branch_on_merge"] and pull["head_repo_id"] == call.repo["id"]:
        move(call, call.repo, HEADS + pull["head_ref"], NO_SHA, pull["head_sha"], "merged")
    return Reply({"sha": tip, "merged": True, "message": "Pull Request successfully merged"})


def update_branch(call: Call) -> Reply:
    """Merge the base into the head."""
    pull, git = pull_of(call), call.git(call.repo)
    expected = call.get("expected_head_sha", str, pull["head_sha"])
    if expected != pull["head_sha"]:
        raise invalid("expected head sha didn't match current head ref.")
    if pull["head_repo_id"] != call.repo["id"]:
        raise Refusal(501, "update-branch of a fork is not simulated here")
    tree = program.merged_tree(git, pull["head_sha"], pull["base_sha"])
    if tree is None:
        raise invalid("merge conflict between base and head")
    message = f"Merge branch '{pull['base_ref']}' into {pull['head_ref']}"
    sha = git.write_commit(
        tree, [pull["head_sha"], pull["base_sha"]], message, author=signature(call), committer=signature(call)
    )
    move(call, call.repo, HEADS + pull["head_ref"], sha, pull["head_sha"], "update branch")
    page = f"{call.places.web}/{full_name(call, call.repo)}/pull/{pull['number']}"
    return Reply({"message": "Updating pull request branch.", "url": page}, 202)


def list_requested(call: Call) -> Reply:
    """Show whose review is asked for."""
    people, teams = shown.reviewers(call, pull_of(call)["id"])
    return Reply(
        {
            "users": [accounts.user(call, row) for row in people],
            "teams": [accounts.listed_team(call, row) for row in teams],
        }
    )


def _asked(call: Call) -> tuple[list[Row], list[Row]]:
    people = [call.db.one("SELECT * FROM accounts WHERE login = ?", login) for login in call.strings("reviewers")]
    teams = [deeds.team_named(call, call.repo, slug) for slug in call.strings("team_reviewers")]
    if None in people or None in teams:
        raise invalid("Could not resolve to a node with the given reviewers.")
    return [row for row in people if row], [row for row in teams if row]


def request_reviewers(call: Call) -> Reply:
    """Ask people and teams; the author cannot be asked, nor who is no collaborator."""
    pull, (people, teams) = pull_of(call), _asked(call)
    if any(person["id"] == pull["user_id"] for person in people):
        raise invalid("Review cannot be requested from pull request author.")
    if not all(is_named(call.db, person["id"], call.repo) for person in people):
        raise invalid(
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified "
            "is not a collaborator of the repository."
        )
    deeds.ask_review(call, call.repo, pull, people, teams)
    return created(shown.replied(call, shown.simple(call, call.repo, shown.of_issue(call, pull)), pull["id"]))


def unrequest_reviewers(call: Call) -> Reply:
    """Ask them no longer."""
    pull, (people, teams) = pull_of(call), _asked(call)
    for person in people:
        call.db.run("DELETE FROM review_requests WHERE issue_id = ? AND account_id = ?", pull["id"], person["id"])
        tell_pull(
            call, call.repo, pull["id"], "review_request_removed", requested_reviewer=accounts.user(call.told, person)
        )
    for team in teams:
        call.db.run("DELETE FROM review_requests WHERE issue_id = ? AND team_id = ?", pull["id"], team["id"])
        tell_pull(call, call.repo, pull["id"], "review_request_removed", requested_team=accounts.team(call.told, team))
    return Reply(shown.replied(call, shown.simple(call, call.repo, shown.of_issue(call, pull)), pull["id"]))


HERE = "/repos/{owner}/{repo}/pulls"
PULL = f"{HERE}/{{pull_number}}"
READ, WRITE, ANYBODY = (
    Right("pull_requests"),
    Right("pull_requests", "write", "triage"),
    Right("pull_requests", "write", "read"),
)
MERGE = Right("contents", "write")
ROUTES = (
    Route("GET", HERE, list_pulls, READ),
    Route("POST", HERE, create_pull, ANYBODY),
    Route("GET", PULL, get_pull, READ),
    Route("PATCH", PULL, update_pull, ANYBODY),
    Route("GET", f"{PULL}/files", list_files, READ),
    Route("GET", f"{PULL}/commits", list_commits, READ),
    Route("GET", f"{PULL}/merge", is_merged, READ),
    Route("PUT", f"{PULL}/merge", merge, MERGE),
    Route("PUT", f"{PULL}/update-branch", update_branch, MERGE),
    Route("GET", f"{PULL}/requested_reviewers", list_requested, READ),
    Route("POST", f"{PULL}/requested_reviewers", request_reviewers, WRITE),
    Route("DELETE", f"{PULL}/requested_reviewers", unrequest_reviewers, WRITE),
)
