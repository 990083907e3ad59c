"""Commits: list, show, compare, merge branches, tags; what pull requests hold a commit."""

from __future__ import annotations

from urllib.parse import quote

from bot.sim.github.deeds.protection import push_fault
from bot.sim.github.deeds.refs import HEADS, TAGS, move, signature
from bot.sim.github.git import program
from bot.sim.github.git.objects import Repository
from bot.sim.github.refusals import Refusal, conflict, invalid, not_found
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import commits as shown
from bot.sim.github.shown import pulls as shown_pulls
from bot.sim.github.shown.accounts import Json, node_id
from bot.sim.github.shown.repos import api_url, html_url
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, nothing
from bot.sim.github.wire.routing import Route

MOST_FILES = 300


def commit_named(call: Call, text: str, status: int = 404) -> str:
    """Return the commit that a sha, branch or tag names, or refuse."""
    found = call.git(call.repo).resolve(text)
    if found is None:
        raise not_found() if status == 404 else Refusal(status, f"No commit found for SHA: {text}")
    return found


def _touches(git: Repository, sha: str, path: str) -> bool:
    """Tell whether a commit made a path what it is: none of its parents has it so."""
    now = git.id_at(sha, path)
    parents = [str(parent) for parent in git.commit(sha).parent_ids]
    return all(git.id_at(parent, path) != now for parent in parents) if parents else now is not None


def list_commits(call: Call) -> Reply:
    """List the commits of a branch, newest first; of one path, author or time if asked."""
    git, query = call.git(call.repo), call.query
    start = git.resolve(query.get("sha") or call.repo["default_branch"])
    if start is None:
        raise Refusal(409, "Git Repository is empty.") if not git.refs(HEADS) else not_found()
    found = [str(commit.id) for commit in git.history(start)]
    if path := query.get("path", "").strip("/"):
        found = [sha for sha in found if _touches(git, sha, path)]
    if author := query.get("author"):
        found = [
            sha
            for sha in found
            if author
            in ((shown.account_of(call, git.commit(sha).author) or {}).get("login"), git.commit(sha).author.email)
        ]
    since, until = query.get("since", ""), query.get("until", "9")
    if since or until != "9":
        found = [sha for sha in found if since <= shown.person(git.commit(sha).committer)["date"] <= until]
    return call.paged(found, lambda sha: shown.commit(call, call.repo, sha))


def get_commit(call: Call) -> Reply:
    """Show a commit with its files; as diff or patch when asked."""
    sha, git = commit_named(call, call.path["ref"], 422), call.git(call.repo)
    if call.wants("sha"):
        return Reply(sha.encode(), media_type="application/vnd.github.sha; charset=utf-8")
    parents = git.commit(sha).parent_ids
    parent = str(parents[0]) if parents else None
    if parent and (call.wants("diff") or call.wants("patch")):
        return Reply(git.patch_text(parent, sha).encode(), media_type="application/vnd.github.diff; charset=utf-8")
    return Reply(shown.full_commit(call, call.repo, sha, git.changes(parent, sha)[:MOST_FILES]))


def _side(call: Call, text: str) -> str:
    """Return the commit of one side of a comparison, which may name a fork by its owner: `login:branch`."""
    login, colon, branch = text.rpartition(":")
    if not colon:
        return commit_named(call, text)
    sql = (
        "SELECT r.* FROM repos r JOIN accounts a ON a.id = r.owner_id "
        "WHERE a.login = ? AND (r.id = ? OR r.parent_id = ? OR r.id = ?)"
    )
    repo = call.db.one(sql, login, call.repo["id"], call.repo["id"], call.repo["parent_id"])
    sha = call.git(repo).resolve(branch) if repo else None
    if sha is None or repo is None:
        raise not_found()
    if repo["id"] != call.repo["id"]:
        program.fetch(call.state.path_of(call.repo["id"]), call.state.path_of(repo["id"]), sha)
    return sha


def compare(call: Call) -> Reply:
    """Compare two commits: how far apart, which commits, which files since they parted."""
    base_text, dots, head_text = call.path["basehead"].partition("...")
    if not dots:
        raise not_found()
    git, base, head = call.git(call.repo), _side(call, base_text), _side(call, head_text)
    parted = git.merge_base(base, head)
    if parted is None:
        raise Refusal(404, f"No common ancestor between {base_text} and {head_text}.")
    if call.wants("diff") or call.wants("patch"):
        return Reply(git.patch_text(parted, head).encode(), media_type="application/vnd.github.diff; charset=utf-8")
    ahead, behind = git.ahead_behind(head, base)
    status = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind"}.get(
        (ahead > 0, behind > 0), "identical"
    )
    commits = [str(commit.id) for commit in git.history(head, without=[base], oldest_first=True)]
    files = git.changes(parted, head)[:MOST_FILES]
    page = f"{html_url(call, call.repo)}/compare/{quote(call.path['basehead'])}"
    paged = call.paged(commits, lambda sha: shown.commit(call, call.repo, sha))
    body: Json = {
        "url": f"{api_url(call, call.repo)}/compare/{quote(call.path['basehead'])}",
        "html_url": page,
        "permalink_url": f"{html_url(call, call.repo)}/compare/{base[:7]}...{head[:7]}",
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": shown.commit(call, call.repo, base),
        "merge_base_commit": shown.commit(call, call.repo, parted),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": len(commits),
        "commits": paged.body,
        "files": [shown.file_change(call, call.repo, head, change) for change in files],
    }
    return Reply(body, headers=paged.headers)


def merge_branches(call: Call) -> Reply:
    """Merge a branch or commit into a branch, without a pull request."""
    git, branch = call.git(call.repo), call.need("base", str)
    base, head = git.ref(HEADS + branch), git.resolve(call.need("head", str))
    if base is None or head is None:
        raise Refusal(404, "Base does not exist" if base is None else "Head does not exist")
    if git.is_ancestor(head, base):
        return nothing()
    tree = program.merged_tree(git, base, head)
    if tree is None:
        raise conflict("Merge conflict")
    message = call.get("commit_message", str) or f"Merge {call.body['head']} into {branch}"
    sha = git.write_commit(tree, [base, head], message, author=signature(call), committer=signature(call))
    if why := push_fault(call, call.repo, branch, sha, is_forced=False, is_deletion=False):
        raise invalid(why)
    move(call, call.repo, HEADS + branch, sha, base, "merge")
    return Reply(shown.commit(call, call.repo, sha), 201)


def list_tags(call: Call) -> Reply:
    """List the tags, last name first."""
    git, api = call.git(call.repo), api_url(call, call.repo)

    def show(item: tuple[str, str]) -> Json:
        name, sha = item
        url = f"{api}/commits/{sha}"
        archives = {f"{kind}ball_url": f"{api}/{kind}ball/refs/tags/{quote(name)}" for kind in ("zip", "tar")}
        return {"name": name, "commit": {"sha": sha, "url": url}, "node_id": node_id("Ref", name)} | archives

    found = [(name.removeprefix(TAGS), git.peel(sha) or sha) for name, sha in git.refs(TAGS).items()]
    return call.paged(found[::-1], show)


def pulls_of_commit(call: Call) -> Reply:
    """List the pull requests that brought a commit to their base, or hold it now."""
    git, sha = call.git(call.repo), commit_named(call, call.path["commit_sha"])
    sql = "SELECT p.*, i.number FROM pulls p JOIN issues i ON i.id = p.id WHERE p.repo_id = ? ORDER BY p.id DESC"

    def holds(pull: Row) -> bool:
        is_inside = git.is_ancestor(sha, pull["head_sha"]) and not git.is_ancestor(sha, pull["base_sha"])
        return pull["merge_commit_sha"] == sha or is_inside

    rows = [shown_pulls.of_issue(call, row) for row in call.db.all(sql, call.repo["id"]) if holds(row)]
    return call.paged(rows, lambda row: shown_pulls.replied(call, shown_pulls.simple(call, call.repo, row), row["id"]))


REPO, READ = "/repos/{owner}/{repo}", Right("contents")
ROUTES = (
    Route("GET", f"{REPO}/commits", list_commits, READ),
    Route("GET", f"{REPO}/commits/{{ref...}}", get_commit, READ),
    Route("GET", f"{REPO}/commits/{{commit_sha}}/pulls", pulls_of_commit, Right("pull_requests")),
    Route("GET", f"{REPO}/compare/{{basehead...}}", compare, READ),
    Route("POST", f"{REPO}/merges", merge_branches, Right("contents", "write")),
    Route("GET", f"{REPO}/tags", list_tags, READ),
)
