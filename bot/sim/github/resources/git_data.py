"""Git objects and refs as they are: blobs, trees, commits, tags, refs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pygit2

from bot.sim.github.deeds.protection import push_fault
from bot.sim.github.deeds.refs import HEADS, move, signature
from bot.sim.github.git.objects import NO_SHA, RefMoved, Signature, TreeEdit
from bot.sim.github.refusals import Refusal, fault, invalid, not_found
from bot.sim.github.rules.access import Right
from bot.sim.github.rules.patterns import is_ref_name
from bot.sim.github.shown import commits as shown
from bot.sim.github.shown.accounts import Json, node_id
from bot.sim.github.shown.repos import api_url
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.routing import Route

MOST_ENTRIES = 100_000
MODES = ("100644", "100755", "040000", "160000", "120000")


def need_object(call: Call, sha: str, kind: str) -> str:
    """Return the sha when it is an object of this kind, or refuse (404)."""
    if call.git(call.repo).kind(sha) != kind:
        raise not_found()
    return sha


def get_blob(call: Call) -> Reply:
    """Show a blob."""
    sha = need_object(call, call.path["file_sha"], "blob")
    data = call.git(call.repo).blob(sha)
    if call.wants("raw"):
        return Reply(data, media_type="application/vnd.github.raw; charset=utf-8")
    url = f"{api_url(call, call.repo)}/git/blobs/{sha}"
    text = base64.encodebytes(data).decode()
    return Reply(
        {
            "sha": sha,
            "node_id": node_id("Blob", sha),
            "size": len(data),
            "url": url,
            "content": text,
            "encoding": "base64",
        }
    )


def create_blob(call: Call) -> Reply:
    """Store a blob."""
    text = call.need("content", str)
    try:
        is_64 = call.choice("encoding", ("utf-8", "base64"), "utf-8") == "base64"
        data = base64.b64decode("".join(text.split()), validate=True) if is_64 else text.encode()
    except binascii.Error as error:
        raise invalid("content is not valid Base64") from error
    sha = call.git(call.repo).write_blob(data)
    return created({"sha": sha, "url": f"{api_url(call, call.repo)}/git/blobs/{sha}"})


def _entries(tree: pygit2.Tree, prefix: str, *, deep: bool) -> Iterator[tuple[str, pygit2.Object]]:
    for entry in tree:
        yield prefix + (entry.name or ""), entry
        if deep and isinstance(entry, pygit2.Tree):
            yield from _entries(entry, f"{prefix}{entry.name}/", deep=True)


def _tree(call: Call, sha: str, *, deep: bool) -> Json:
    api = f"{api_url(call, call.repo)}/git"
    tree = call.git(call.repo).tree(sha)
    shown_entries: list[Json] = []
    for path, entry in _entries(tree, "", deep=deep):
        kind = "commit" if entry.filemode == 0o160000 else "tree" if isinstance(entry, pygit2.Tree) else "blob"
        told: Json = {"path": path, "mode": f"{entry.filemode:06o}", "type": kind, "sha": str(entry.id)}
        told |= {"size": entry.size} if isinstance(entry, pygit2.Blob) else {}
        shown_entries.append(told | ({"url": f"{api}/{kind}s/{entry.id}"} if kind != "commit" else {}))
    is_cut = len(shown_entries) > MOST_ENTRIES
    return {
        "sha": str(tree.id),
        "url": f"{api}/trees/{tree.id}",
        "tree": shown_entries[:MOST_ENTRIES],
        "truncated": is_cut,
    }


def get_tree(call: Call) -> Reply:
    """Show a tree (also that of a commit or branch), with `recursive` all below it."""
    git = call.git(call.repo)
    sha = call.path["tree_sha"]
    found = sha if git.kind(sha) == "tree" else git.resolve(sha)
    if found is None:
        raise not_found()
    return Reply(_tree(call, found, deep="recursive" in call.query))


def create_tree(call: Call) -> Reply:
    """Store a tree: entries on top of `base_tree`, whose contents may be given as text."""
    git, base = call.git(call.repo), call.get("base_tree", str)
    if base is not None and git.kind(base) not in ("tree", "commit"):
        raise invalid("base_tree is not a valid tree oid")
    entries = call.need("tree", list)
    sha = git.edit_tree(base, [_edit(call, entry) for entry in entries])
    return created(_tree(call, sha, deep=False))


def _edit(call: Call, entry: Any) -> TreeEdit:
    git = call.git(call.repo)
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        raise invalid("tree.path is required")
    path, mode = entry["path"], str(entry.get("mode", "100644"))
    if not path or path.startswith("/") or set(path.split("/")) & {"", ".", "..", ".git"}:
        raise invalid(f"tree.path {path!r} contains a malformed path component")
    if mode not in MODES:
        raise invalid(f"tree.mode {mode} is not one of {', '.join(MODES)}")
    if isinstance(entry.get("content"), str):
        return TreeEdit(path, git.write_blob(entry["content"].encode()), int(mode, 8))
    if "sha" not in entry:
        raise invalid("tree.sha or tree.content is required")
    sha = entry["sha"]
    if sha is not None and mode != "160000" and git.kind(str(sha)) not in ("blob", "tree"):
        raise invalid(f"tree.sha {sha} is not a valid blob")
    return TreeEdit(path, sha, int(mode, 8))


def get_commit(call: Call) -> Reply:
    """Show a commit as a git object."""
    return Reply(shown.git_commit(call, call.repo, need_object(call, call.path["commit_sha"], "commit")))


def _person(call: Call, name: str, default: Signature) -> Signature:
    given: dict[str, Any] = call.get(name, dict, {})
    try:
        time = int(datetime.fromisoformat(given["date"]).timestamp()) if "date" in given else default.time
        return Signature(str(given.get("name", default.name)), str(given.get("email", default.email)), time)
    except (TypeError, ValueError) as error:
        raise invalid(f"{name}.date is not a valid date") from error


def create_commit(call: Call) -> Reply:
    """Store a commit."""
    git, tree, parents = call.git(call.repo), call.need("tree", str), call.strings("parents")
    if git.kind(tree) != "tree":
        raise invalid("Tree SHA does not exist")
    if any(git.kind(parent) != "commit" for parent in parents):
        raise invalid("Parent SHA does not exist or is not a commit object")
    author = _person(call, "author", signature(call))
    committer = _person(call, "committer", author)
    sha = git.write_commit(tree, parents, call.need("message", str), author=author, committer=committer)
    return created(shown.git_commit(call, call.repo, sha))


def _tag(call: Call, sha: str) -> Json:
    tag = call.git(call.repo).tag(sha)
    if tag is None:
        raise not_found()
    api = f"{api_url(call, call.repo)}/git"
    kind = call.git(call.repo).kind(str(tag.target))
    return {
        "node_id": node_id("Tag", sha),
        "sha": sha,
        "url": f"{api}/tags/{sha}",
        "tag": tag.name,
        "message": (tag.message or "").rstrip("\n"),
        "tagger": shown.person(tag.tagger),
        "object": {"sha": str(tag.target), "type": kind, "url": f"{api}/{kind}s/{tag.target}"},
        "verification": shown.UNSIGNED,
    }


def get_tag(call: Call) -> Reply:
    """Show a tag object."""
    return Reply(_tag(call, need_object(call, call.path["tag_sha"], "tag")))


def create_tag(call: Call) -> Reply:
    """Store a tag object; its ref is made apart."""
    git, target = call.git(call.repo), call.need("object", str)
    if git.kind(target) != call.choice("type", ("commit", "tree", "blob"), "commit"):
        raise invalid("object does not exist or is of another type")
    sha = git.write_tag(
        call.need("tag", str), target, call.need("message", str), _person(call, "tagger", signature(call))
    )
    return created(_tag(call, sha))


def get_ref(call: Call) -> Reply:
    """Show one ref."""
    name = f"refs/{call.path['ref']}"
    sha = call.git(call.repo).ref(name)
    if sha is None:
        raise not_found()
    return Reply(shown.ref(call, call.repo, name, sha))


def list_refs(call: Call) -> Reply:
    """List the refs whose names begin so."""
    found = call.git(call.repo).refs(f"refs/{call.path.get('ref', '')}")
    return call.paged(list(found.items()), lambda item: shown.ref(call, call.repo, *item))


def create_ref(call: Call) -> Reply:
    """Make a branch or tag; one that exists is refused (422)."""
    name, sha = call.need("ref", str), call.need("sha", str)
    git = call.git(call.repo)
    if not is_ref_name(name):
        raise invalid("Reference name is not valid: it must start with 'refs/' and contain at least two slashes.")
    if git.kind(sha) is None or (name.startswith(HEADS) and git.kind(sha) != "commit"):
        raise invalid("Object does not exist")
    try:
        move(call, call.repo, name, sha, NO_SHA, "created by the API")
    except RefMoved as error:
        raise invalid("Reference already exists") from error
    return created(shown.ref(call, call.repo, name, sha))


def update_ref(call: Call) -> Reply:
    """Move a ref forward, or anywhere with `force`."""
    git, name, sha = call.git(call.repo), f"refs/{call.path['ref']}", call.need("sha", str)
    old = git.ref(name)
    if old is None:
        raise invalid("Reference does not exist")
    if git.kind(sha) != "commit":
        raise invalid("Object does not exist")
    is_forced = not git.is_ancestor(git.peel(old) or old, sha)
    if is_forced and not call.get("force", bool, False):
        raise invalid("Update is not a fast forward")
    _refuse_protected(call, name, sha, is_forced=is_forced)
    if old != sha:
        try:
            move(call, call.repo, name, sha, old, "moved by the API")
        except RefMoved as error:
            raise Refusal(409, f"{name} moved meanwhile") from error
    return Reply(shown.ref(call, call.repo, name, sha))


def _refuse_protected(call: Call, name: str, sha: str, *, is_forced: bool) -> None:
    if name.startswith(HEADS):
        is_deletion = sha == NO_SHA
        why = push_fault(call, call.repo, name.removeprefix(HEADS), sha, is_forced=is_forced, is_deletion=is_deletion)
        if why:
            raise invalid(why)


def delete_ref(call: Call) -> Reply:
    """Delete a branch or tag."""
    name = f"refs/{call.path['ref']}"
    old = call.git(call.repo).ref(name)
    if old is None:
        raise invalid("Reference does not exist")
    if name == HEADS + call.repo["default_branch"]:
        raise fault("Reference", "ref", message="Cannot delete the default branch")
    _refuse_protected(call, name, NO_SHA, is_forced=False)
    move(call, call.repo, name, NO_SHA, old, "deleted by the API")
    return nothing()


HERE = "/repos/{owner}/{repo}/git"
READ, WRITE = Right("contents"), Right("contents", "write")
ROUTES = (
    Route("GET", f"{HERE}/blobs/{{file_sha}}", get_blob, READ),
    Route("POST", f"{HERE}/blobs", create_blob, WRITE),
    Route("GET", f"{HERE}/trees/{{tree_sha...}}", get_tree, READ),
    Route("POST", f"{HERE}/trees", create_tree, WRITE),
    Route("GET", f"{HERE}/commits/{{commit_sha}}", get_commit, READ),
    Route("POST", f"{HERE}/commits", create_commit, WRITE),
    Route("GET", f"{HERE}/tags/{{tag_sha}}", get_tag, READ),
    Route("POST", f"{HERE}/tags", create_tag, WRITE),
    Route("GET", f"{HERE}/ref/{{ref...}}", get_ref, READ),
    Route("GET", f"{HERE}/matching-refs/{{ref...}}", list_refs, READ),
    Route("POST", f"{HERE}/refs", create_ref, WRITE),
    Route("PATCH", f"{HERE}/refs/{{ref...}}", update_ref, WRITE),
    Route("DELETE", f"{HERE}/refs/{{ref...}}", delete_ref, WRITE),
)
