"""Issues: the list, one issue, and new ones by the forms of the repository."""

from __future__ import annotations

from typing import Any

import pygit2

from bot.sim.github.deeds import issues as deeds
from bot.sim.github.pages.issue_forms import Form, body_of, missing, read_form
from bot.sim.github.pages.threads import thread
from bot.sim.github.pages.visit import Answer, Away, Shown, View, Visit
from bot.sim.github.refusals import Refusal

FOLDER = ".github/ISSUE_TEMPLATE"


def issues(visit: Visit) -> Answer:
    """List the issues, open or closed."""
    state = "closed" if visit.query.get("state") == "closed" else "open"
    found = [one for one in visit.list(f"{visit.here}/issues", state=state) if "pull_request" not in one]
    return Shown("issues.html.j2", {"repo": visit.get(visit.here), "issues": found, "state": state, "tab": "issues"})


def issue(visit: Visit) -> Answer:
    """Show an issue; a pull request has a page of its own."""
    number = visit.path["number"]
    values = thread(visit, number)
    if "pull_request" in values["about"]:
        return Away(f"{visit.web}/pull/{number}")
    return Shown("issue.html.j2", values | {"repo": visit.get(visit.here), "tab": "issues"})


def read_forms(visit: Visit) -> tuple[list[Form], list[str], bool]:
    """Return the forms of the default branch, what is wrong with others, and whether a blank issue is allowed."""
    git, repo = visit.git(visit.repo), visit.repo
    tip = git.ref(f"refs/heads/{repo['default_branch']}")
    folder = git.entry(tip, FOLDER) if tip else None
    names = [entry.name or "" for entry in folder] if isinstance(folder, pygit2.Tree) else []
    forms, faults = [], []
    for name in names:
        if name.endswith((".yml", ".yaml")) and name not in ("config.yml", "config.yaml"):
            try:
                forms.append(read_form(name, git.text(tip or "", f"{FOLDER}/{name}") or ""))
            except ValueError as error:
                faults.append(str(error))
    config = (git.text(tip, f"{FOLDER}/config.yml") or "") if tip else ""
    return forms, faults, "blank_issues_enabled: false" not in config


def choose(visit: Visit) -> Answer:
    """Show the forms to choose from; without any, the blank issue."""
    forms, faults, is_blank_allowed = read_forms(visit)
    if not forms and not faults:
        return _form_page(visit, None)
    values = {"forms": forms, "faults": faults, "blank": is_blank_allowed}
    return Shown("choose.html.j2", values | {"repo": visit.get(visit.here), "tab": "issues"})


def new(visit: Visit) -> Answer:
    """Show a form, or the blank issue."""
    return _form_page(visit, _chosen(visit, visit.query.get("template", "")))


def _chosen(visit: Visit, file: str) -> Form | None:
    if not file:
        return None
    found = next((form for form in read_forms(visit)[0] if form.file == file), None)
    if found is None:
        raise Refusal(404, f"{FOLDER}/{file} is no issue form of this repository")
    return found


def _form_page(visit: Visit, form: Form | None, lacking: list[str] | None = None) -> Shown:
    values: dict[str, Any] = {"form": form, "lacking": lacking or [], "given": visit.form}
    values |= {"repo": visit.get(visit.here), "tab": "issues"}
    return Shown("new_issue.html.j2", values, 422 if lacking else 200)


def create(visit: Visit) -> Answer:
    """Open the issue that was written; a form's labels and assignees come with it, whoever wrote it."""
    form = _chosen(visit, visit.said("template"))
    lacking = missing(form, visit.form) if form else []
    if lacking:
        return _form_page(visit, form, lacking)
    body = body_of(form, visit.form) if form else visit.said("body")
    made = visit.ask("POST", f"{visit.here}/issues", {"title": visit.said("title"), "body": body})
    if form:
        row = visit.db.one("SELECT id FROM issues WHERE repo_id = ? AND number = ?", visit.repo["id"], made["number"])
        with visit.db.transaction():
            _dress(visit, row["id"] if row else 0, form)
    return Away(f"{visit.web}/issues/{made['number']}")


def _dress(visit: Visit, issue_id: int, form: Form) -> None:
    """Give a form's labels, if the repository has them, and assignees: GitHub does this in its own name."""
    known = [label["name"] for label in visit.list(f"{visit.here}/labels")]
    deeds.set_labels(visit, visit.repo, issue_id, [name for name in form.labels if name in known])
    deeds.set_assignees(visit, visit.repo, issue_id, list(form.assignees))


VIEWS = (
    View("GET", "/{owner}/{repo}/issues", issues),
    View("GET", "/{owner}/{repo}/issues/new/choose", choose),
    View("GET", "/{owner}/{repo}/issues/new", new),
    View("POST", "/{owner}/{repo}/issues/new", create),
    View("GET", "/{owner}/{repo}/issues/{number:int}", issue),
)
