"""Files and folders of a branch: read, write, delete; each write is a commit."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import quote

import pygit2

from bot.sim.github.deeds.protection import push_fault
from bot.sim.github.deeds.refs import move, signature
from bot.sim.github.git.objects import NO_SHA, RefMoved, Signature, TreeEdit
from bot.sim.github.refusals import conflict, fault, invalid, not_found
from bot.sim.github.rules.access import Right
from bot.sim.github.shown.accounts import Json
from bot.sim.github.shown.commits import git_commit
from bot.sim.github.shown.repos import api_url, html_url
from bot.sim.github.wire.call import Call, Reply
from bot.sim.github.wire.routing import Route

BIGGEST_INLINE = 1024 * 1024
KINDS = {0o040000: "dir", 0o160000: "submodule", 0o120000: "symlink"}


def _shown(call: Call, ref: str, path: str, entry: pygit2.Object) -> Json:
    api, web = api_url(call, call.repo), html_url(call, call.repo)
    kind = KINDS.get(entry.filemode, "file") if entry.name else "dir"
    url = f"{api}/contents/{quote(path)}?ref={quote(ref, safe='')}"
    word = "tree" if kind == "dir" else "blob"
    git_url = f"{api}/git/{word}s/{entry.id}"
    page = f"{web}/{word}/{quote(ref)}/{quote(path)}"
    raw = None if kind == "dir" else f"{web}/raw/{quote(ref)}/{quote(path)}"
    return {
        "type": kind,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": str(entry.id),
        "size": entry.size if isinstance(entry, pygit2.Blob) else 0,
        "url": url,
        "git_url": git_url,
        "html_url": page,
        "download_url": raw,
        "_links": {"self": url, "git": git_url, "html": page},
    }


def _file(call: Call, ref: str, path: str, entry: pygit2.Blob) -> Json:
    shown = _shown(call, ref, path, entry)
    if entry.size > BIGGEST_INLINE:
        return shown | {"encoding": "none", "content": ""}
    return shown | {"encoding": "base64", "content": base64.encodebytes(entry.data).decode()}


def get_contents(call: Call) -> Reply:
    """Show a file, or the entries of a folder."""
    ref = call.query.get("ref") or call.repo["default_branch"]
    path = call.path["path"].strip("/")
    git = call.git(call.repo)
    commit = git.resolve(ref)
    if commit is None:
        raise not_found()
    found = git.entry(commit, path)
    if isinstance(found, pygit2.Tree):
        entries = sorted(found, key=lambda entry: entry.name or "")
        return Reply([_shown(call, ref, f"{path}/{entry.name}".lstrip("/"), entry) for entry in entries])
    if not isinstance(found, pygit2.Blob):
        raise not_found()
    if call.wants("raw"):
        return Reply(found.data, media_type="application/vnd.github.raw; charset=utf-8")
    return Reply(_file(call, ref, path, found))


def get_readme(call: Call) -> Reply:
    """Show the README."""
    git, ref = call.git(call.repo), call.query.get("ref") or call.repo["default_branch"]
    commit = git.resolve(ref)
    tree = git.tree(commit) if commit else ()
    found = next((entry for entry in tree if (entry.name or "").lower().startswith("readme")), None)
    if not isinstance(found, pygit2.Blob):
        raise not_found()
    if call.wants("raw"):
        return Reply(found.data, media_type="application/vnd.github.raw; charset=utf-8")
    return Reply(_file(call, ref, found.name or "", found))


def _person(call: Call, name: str) -> Signature:
    given: dict[str, Any] = call.get(name, dict, {})
    own = signature(call)
    return Signature(str(given.get("name", own.name)), str(given.get("email", own.email)), own.time)


def _change(call: Call, data: bytes | None) -> Reply:
    """Commit one file (`data` None: without it) to a branch."""
    git, path = call.git(call.repo), call.path["path"].strip("/")
    branch, message = call.get("branch", str) or call.repo["default_branch"], call.need("message", str)
    tip = git.ref(f"refs/heads/{branch}")
    if tip is None and (git.refs("refs/heads/") or branch != call.repo["default_branch"]):
        raise fault("Branch", "branch", message=f"Branch {branch} not found") if data is not None else not_found()
    known = git.entry(tip, path) if tip else None
    _check_sha(call, path, known, is_new=known is None)
    if not path or isinstance(known, pygit2.Tree) or (data is None and known is None):
        raise not_found() if data is None else fault("Contents", "path")
    edit = TreeEdit(path, git.write_blob(data) if data is not None else None, known.filemode if known else 0o100644)
    tree = git.edit_tree(tip, [edit])
    author, committer = _person(call, "author" if "author" in call.body else "committer"), _person(call, "committer")
    sha = git.write_commit(tree, [tip] if tip else [], message, author=author, committer=committer)
    forbidden_by = push_fault(call, call.repo, branch, sha, is_forced=False, is_deletion=False)
    if forbidden_by:
        raise conflict(f"Could not {'delete' if data is None else 'update'} file: {forbidden_by}")
    try:
        move(call, call.repo, f"refs/heads/{branch}", sha, tip or NO_SHA, f"contents of {path}")
    except RefMoved as error:
        raise conflict(f"{branch} is not at {tip}") from error
    entry = git.entry(sha, path)
    shown = _shown(call, branch, path, entry) if isinstance(entry, pygit2.Blob) else None
    return Reply({"content": shown, "commit": git_commit(call, call.repo, sha)}, 200 if known is not None else 201)


def _check_sha(call: Call, path: str, known: pygit2.Object | None, *, is_new: bool) -> None:
    given = call.get("sha", str)
    if is_new and given is None:
        return
    if given is None:
        raise invalid('Invalid request.\n\n"sha" wasn\'t supplied.')
    if known is None or str(known.id) != given:
        raise conflict(f"{path} does not match {given}")


def put_contents(call: Call) -> Reply:
    """Create a file, or replace one whose blob sha the caller knows."""
    try:
        data = base64.b64decode("".join(call.need("content", str).split()), validate=True)
    except binascii.Error as error:
        raise invalid("content is not valid Base64") from error
    return _change(call, data)


def delete_contents(call: Call) -> Reply:
    """Delete a file whose blob sha the caller knows."""
    if "sha" not in call.body and "sha" in call.query:
        call.body.update(call.query)
    if call.get("sha", str) is None:
        raise invalid('Invalid request.\n\n"sha" wasn\'t supplied.')
    return _change(call, None)


HERE = "/repos/{owner}/{repo}/contents/{path...}"
READ, WRITE = Right("contents"), Right("contents", "write")
ROUTES = (
    Route("GET", HERE, get_contents, READ),
    Route("PUT", HERE, put_contents, WRITE),
    Route("DELETE", HERE, delete_contents, WRITE),
    Route("GET", "/repos/{owner}/{repo}/readme", get_readme, READ),
)
