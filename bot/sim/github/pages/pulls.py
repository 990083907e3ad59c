"""Pull requests: the list, the conversation with the merge box, commits, checks; opened, merged, brought up to date."""

from __future__ import annotations

from typing import Any

from bot.sim.github.deeds import protection
from bot.sim.github.deeds import pulls as deeds
from bot.sim.github.pages.threads import thread
from bot.sim.github.pages.visit import Answer, Away, Shown, View, Visit
from bot.sim.github.rules.reviews import OPINIONS
from bot.sim.github.shown.pulls import of_issue
from bot.sim.github.store.database import Row
from bot.sim.github.store.roles import writers

METHODS = {
    "merge": ("allow_merge_commit", "Create a merge commit"),
    "squash": ("allow_squash_merge", "Squash and merge"),
    "rebase": ("allow_rebase_merge", "Rebase and merge"),
}


def pulls(visit: Visit) -> Answer:
    """List the pull requests, open or closed."""
    state = "closed" if visit.query.get("state") == "closed" else "open"
    found = visit.list(f"{visit.here}/pulls", state=state)
    return Shown("pulls.html.j2", {"repo": visit.get(visit.here), "pulls": found, "state": state, "tab": "pulls"})


def create(visit: Visit) -> Answer:
    """Open a pull request."""
    wanted = {name: visit.said(name) for name in ("title", "body", "head", "base")}
    pull = visit.ask("POST", f"{visit.here}/pulls", wanted | {"draft": visit.said("draft") == "yes"})
    return Away(f"{visit.web}/pull/{pull['number']}")


def read(visit: Visit, part: str) -> dict[str, Any]:
    """Return what every page of a pull request shows; whether it can be merged is computed now."""
    address = f"{visit.here}/pulls/{visit.path['number']}"
    pull = visit.get(address)
    deeds.compute_mergeable(visit, visit.repo, pull["id"])
    pull = visit.get(address)
    return {"repo": visit.get(visit.here), "pull": pull, "part": part, "tab": "pulls", "checks": checks(visit, pull)}


def checks(visit: Visit, pull: dict[str, Any]) -> list[dict[str, str]]:
    """Return the newest check run of each name and each status on the head, in one form."""
    sha = pull["head"]["sha"]
    runs = visit.list(f"{visit.here}/commits/{sha}/check-runs", "check_runs")
    statuses = visit.get(f"{visit.here}/commits/{sha}/status")["statuses"]
    newest = {run["name"]: run for run in reversed(runs)}
    found = [
        {"name": run["name"], "state": run["conclusion"] or run["status"], "told": run["output"]["title"] or "",
         "link": _web(run["details_url"]) or run["html_url"], "id": str(run["id"])}
        for run in newest.values()
    ]  # fmt: skip
    return found + [
        {"name": one["context"], "state": one["state"], "told": one["description"] or "",
         "link": _web(one["target_url"]), "id": ""}
        for one in statuses
    ]  # fmt: skip


def _web(address: str | None) -> str:
    """Return an address that an App gave, if it is one of the web and not a script."""
    return address if address and address.startswith(("http://", "https://")) else ""


def conversation(visit: Visit) -> Answer:
    """Show the conversation, and how the pull request stands."""
    values = read(visit, "conversation") | thread(visit, visit.path["number"])
    return Shown("pull.html.j2", values | merge_box(visit, values["pull"], values["repo"]))


def merge_box(visit: Visit, pull: dict[str, Any], repo: dict[str, Any]) -> dict[str, Any]:
    """Return the ways to merge that are open to this person, and by the API's own rule what forbids the others."""
    row = of_issue(visit, {"id": pull["id"]})
    ways, faults = [], []
    for name, (setting, words) in METHODS.items():
        found = protection.merge_faults(visit, visit.repo, row, name) if repo.get(setting, True) else None
        ways += [(name, words)] if found == [] else []
        faults += found or []
    if not visit.may("write"):
        faults.insert(0, f"{visit.login or 'Nobody'} may not merge: it takes write access to the repository.")
        ways = []
    if pull["draft"]:
        faults, ways = ["This is still a draft.", *faults], []
    return {"ways": ways if pull["mergeable"] else [], "faults": list(dict.fromkeys(faults)) if not ways else [],
            "opinions": _opinions(visit, row), "owners": _owners(visit, row)}  # fmt: skip


def _opinions(visit: Visit, row: Row) -> list[dict[str, Any]]:
    """Return the newest opinion of each reviewer, and whether it is on this head and counts."""
    may_write = writers(visit.db, visit.repo)
    sql = "SELECT * FROM reviews WHERE issue_id = ? AND state != 'PENDING' ORDER BY id"
    newest = {review["user_id"]: review for review in visit.db.all(sql, row["id"]) if review["state"] in OPINIONS}
    return [
        {"login": visit.account(person)["login"], "state": review["state"], "counts": person in may_write,
         "is_stale": review["commit_id"] != row["head_sha"]}
        for person, review in newest.items()
    ]  # fmt: skip


def _owners(visit: Visit, row: Row) -> list[str]:
    return sorted({name for names, _ in protection.code_owners(visit, visit.repo, row) for name in names})


def commits(visit: Visit) -> Answer:
    """List the commits."""
    values = read(visit, "commits")
    found = visit.list(f"{visit.here}/pulls/{visit.path['number']}/commits")
    return Shown("pull_commits.html.j2", values | {"commits": found})


def check_list(visit: Visit) -> Answer:
    """Show the checks with what they say."""
    values = read(visit, "checks")
    runs = [visit.get(f"{visit.here}/check-runs/{one['id']}") for one in values["checks"] if one["id"]]
    return Shown("pull_checks.html.j2", values | {"runs": runs})


def merge(visit: Visit) -> Answer:
    """Merge, if the head is still the one that was seen."""
    body = {"merge_method": visit.said("method"), "sha": visit.said("sha")}
    body |= {name: visit.said(name) for name in ("commit_title", "commit_message") if visit.said(name)}
    visit.ask("PUT", f"{visit.here}/pulls/{visit.path['number']}/merge", body)
    return _back(visit)


def update_branch(visit: Visit) -> Answer:
    """Merge the base into the head."""
    visit.ask("PUT", f"{visit.here}/pulls/{visit.path['number']}/update-branch", {})
    return _back(visit)


def ask_review(visit: Visit) -> Answer:
    """Ask a person or a team for a review."""
    name = visit.said("reviewer").strip()
    word = "team_reviewers" if name.startswith("team ") else "reviewers"
    body = {word: [name.removeprefix("team ")]}
    visit.ask("POST", f"{visit.here}/pulls/{visit.path['number']}/requested_reviewers", body)
    return _back(visit)


def _back(visit: Visit) -> Away:
    return Away(f"{visit.web}/pull/{visit.path['number']}")


PULL = "/{owner}/{repo}/pull/{number:int}"
VIEWS = (
    View("GET", "/{owner}/{repo}/pulls", pulls),
    View("POST", "/{owner}/{repo}/pulls", create),
    View("GET", PULL, conversation),
    View("GET", f"{PULL}/commits", commits),
    View("GET", f"{PULL}/checks", check_list),
    View("POST", f"{PULL}/merge", merge),
    View("POST", f"{PULL}/update-branch", update_branch),
    View("POST", f"{PULL}/reviewers", ask_review),
)
