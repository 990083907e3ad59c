"""A file is written in the browser: on its branch, on a new one with a pull request, or on a fork of one's own."""

from __future__ import annotations

import base64
from itertools import count
from typing import Any
from urllib.parse import quote

from bot.sim.github.git import program
from bot.sim.github.pages.files import decoded
from bot.sim.github.pages.visit import Answer, Away, Shown, View, Visit
from bot.sim.github.refusals import Refusal


def edit(visit: Visit) -> Answer:
    """Show the editor of a file."""
    ref, path = visit.split(visit.path["rest"])
    found = visit.get(f"{visit.here}/contents/{quote(path)}", ref=ref)
    text = None if isinstance(found, list) else decoded(found)
    if text is None:
        raise Refusal(422, f"{path or 'the root'} is no text that can be edited here")
    return _editor(visit, ref, path, text, found["sha"])


def new(visit: Visit) -> Answer:
    """Show the editor of a file that does not exist yet."""
    ref, path = visit.split(visit.path["rest"])
    return _editor(visit, ref, f"{path}/" if path else "", "", "")


def _editor(visit: Visit, ref: str, path: str, text: str, sha: str) -> Answer:
    values = {
        "repo": visit.get(visit.here),
        "tab": "code",
        "ref": ref,
        "path": path,
        "text": text,
        "sha": sha,
        "may_write": visit.may("write"),
        "branch": _free_branch(visit),
    }
    return Shown("edit.html.j2", values)


def _free_branch(visit: Visit) -> str:
    """Return a name for a branch that neither the repository nor the person's fork of it has."""
    sql = "SELECT id FROM repos WHERE id = ? OR (parent_id = ? AND owner_id = ?)"
    me = visit.who.account["id"] if visit.who.account else 0
    found = visit.db.all(sql, visit.repo["id"], visit.repo["id"], me)
    taken = {name for row in found for name in visit.state.repository(row["id"]).refs("refs/heads/")}
    prefix = f"{visit.login.removesuffix('[bot]') or 'somebody'}-patch-"
    return next(f"{prefix}{n}" for n in count(1) if f"refs/heads/{prefix}{n}" not in taken)


def save(visit: Visit) -> Answer:
    """Commit what was written; lead to the file, or to the pull request that now waits."""
    ref, _ = visit.split(visit.path["rest"])
    path = visit.said("path").strip("/")
    if visit.may("write") and visit.said("where") != "branch":
        _write(visit, visit.here, ref, path)
        return Away(f"{visit.web}/blob/{quote(ref)}/{quote(path)}")
    head = _on_new_branch(visit, ref, path)
    wanted = {"title": _message(visit, path), "body": visit.said("description"), "head": head, "base": ref}
    pull = visit.ask("POST", f"{visit.here}/pulls", wanted)
    return Away(f"{visit.web}/pull/{pull['number']}")


def _on_new_branch(visit: Visit, ref: str, path: str) -> str:
    """Commit to a new branch, of a fork for who may not write; return it as the head of a pull request."""
    start, branch = visit.git(visit.repo).ref(f"refs/heads/{ref}"), visit.said("branch").strip()
    if start is None:
        raise Refusal(422, f"{ref} is no branch; a pull request needs one to go to")
    target, prefix = visit.here, ""
    if not visit.may("write"):
        fork: dict[str, Any] = visit.ask("POST", f"{visit.here}/forks", {})
        program.fetch(visit.state.path_of(fork["id"]), visit.state.path_of(visit.repo["id"]), start)
        target, prefix = f"/repos/{fork['full_name']}", f"{visit.login}:"
    visit.ask("POST", f"{target}/git/refs", {"ref": f"refs/heads/{branch}", "sha": start})
    _write(visit, target, branch, path)
    return f"{prefix}{branch}"


def _write(visit: Visit, target: str, branch: str, path: str) -> None:
    text, sha = visit.said("text"), visit.said("sha")
    if visit.said("line_ends") == "dos":
        text = text.replace("\n", "\r\n")
    message = "\n\n".join(part for part in (_message(visit, path), visit.said("description")) if part)
    body = {"message": message, "branch": branch, "content": base64.b64encode(text.encode()).decode()}
    visit.ask("PUT", f"{target}/contents/{quote(path)}", body | ({"sha": sha} if sha else {}))


def _message(visit: Visit, path: str) -> str:
    return visit.said("message").strip() or f"{'Update' if visit.said('sha') else 'Create'} {path.rpartition('/')[2]}"


VIEWS = (
    View("GET", "/{owner}/{repo}/edit/{rest:path}", edit),
    View("POST", "/{owner}/{repo}/edit/{rest:path}", save),
    View("GET", "/{owner}/{repo}/new/{rest:path}", new),
    View("POST", "/{owner}/{repo}/new/{rest:path}", save),
)
