"""What happened to a repository: commits, one commit, branches, the difference of two."""

from __future__ import annotations

from urllib.parse import quote

from bot.sim.github.pages.files import refs
from bot.sim.github.pages.visit import Answer, Away, Shown, View, Visit


def commits(visit: Visit) -> Answer:
    """List the commits of a branch, or those that touched one path."""
    ref, path = visit.split(visit.path["rest"])
    found = visit.get(f"{visit.here}/commits", sha=ref, path=path, per_page="100")
    values = {"repo": visit.get(visit.here), "commits": found, "ref": ref, "path": path, "tab": "code"}
    return Shown("commits.html.j2", values)


def commit(visit: Visit) -> Answer:
    """Show one commit and what it changed."""
    found = visit.get(f"{visit.here}/commits/{quote(visit.path['sha'])}")
    return Shown("commit.html.j2", {"repo": visit.get(visit.here), "commit": found, "tab": "code"})


def branches(visit: Visit) -> Answer:
    """List the branches: how far each is from the default branch, and its pull request."""
    repo = visit.get(visit.here)
    git, row = visit.git(visit.repo), visit.repo
    tip = git.ref(f"refs/heads/{repo['default_branch']}")
    pulls = {pull["head"]["ref"]: pull["number"] for pull in visit.list(f"{visit.here}/pulls", state="open")
             if (pull["head"]["repo"] or {}).get("id") == row["id"]}  # fmt: skip
    rows = [
        {"name": name, "apart": git.ahead_behind(sha, tip) if tip else (0, 0), "pull": pulls.get(name)}
        for name, sha in ((name, git.ref(f"refs/heads/{name}")) for name in refs(visit)["heads"])
        if sha
    ]
    return Shown("branches.html.j2", {"repo": repo, "branches": rows, "tab": "code", "may_write": visit.may("write")})


def delete_branch(visit: Visit) -> Answer:
    """Delete a branch."""
    visit.ask("DELETE", f"{visit.here}/git/refs/heads/{quote(visit.said('branch'))}")
    return Away(visit.said("back") if visit.said("back").startswith(f"{visit.web}/") else f"{visit.web}/branches")


def compare(visit: Visit) -> Answer:
    """Show how two branches differ, with the form that opens a pull request."""
    both = visit.path["both"]
    repo = visit.get(visit.here)
    if "base" in visit.query:
        return Away(f"{visit.web}/compare/{quote(visit.query['base'])}...{quote(visit.query.get('head', ''))}")
    base, dots, head = both.partition("...")
    base, head = (base, head) if dots else (repo["default_branch"], base)
    values = {"repo": repo, "tab": "pulls", "refs": refs(visit), "base": base, "head": head, "apart": None}
    if head and head != base:
        values["apart"] = visit.get(f"{visit.here}/compare/{quote(base)}...{quote(head)}")
    return Shown("compare.html.j2", values)


def new_pull(visit: Visit) -> Answer:
    """Lead to the comparison of the default branch with itself: choose a branch there."""
    branch = visit.get(visit.here)["default_branch"]
    return Away(f"{visit.web}/compare/{quote(branch)}...{quote(branch)}")


VIEWS = (
    View("GET", "/{owner}/{repo}/commits/{rest:path}", commits),
    View("GET", "/{owner}/{repo}/commit/{sha:str}", commit),
    View("GET", "/{owner}/{repo}/branches", branches),
    View("POST", "/{owner}/{repo}/branches/delete", delete_branch),
    View("GET", "/{owner}/{repo}/compare", new_pull),
    View("GET", "/{owner}/{repo}/compare/{both:path}", compare),
)
