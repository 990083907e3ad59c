"""Files of a repository: folders, one file, and the branch to look at."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from bot.sim.github.pages.visit import Answer, Away, Shown, View, Visit

SUFFIXES = (".md", ".markdown")


def refs(visit: Visit) -> dict[str, list[str]]:
    """Return the names of branches and tags."""
    git = visit.git(visit.repo)
    return {
        word: sorted(name.removeprefix(f"refs/{word}/") for name in git.refs(f"refs/{word}/"))
        for word in ("heads", "tags")
    }


def front(visit: Visit) -> Answer:
    """Show the files of the default branch, or of the branch chosen in the form; tell an empty repository."""
    repo = visit.get(visit.here)
    ref = visit.query.get("ref") or repo["default_branch"]
    if "ref" in visit.query:
        return Away(f"{visit.web}/tree/{quote(ref)}")
    if not visit.git(visit.repo).refs("refs/heads/"):
        return Shown("empty.html.j2", {"repo": repo, "tab": "code"})
    return _folder(visit, ref, "")


def tree(visit: Visit) -> Answer:
    """Show a folder."""
    ref, path = visit.split(visit.path["rest"])
    return _folder(visit, ref, path)


def _folder(visit: Visit, ref: str, path: str) -> Answer:
    entries = visit.get(f"{visit.here}/contents/{quote(path)}", ref=ref)
    if not isinstance(entries, list):
        return Away(f"{visit.web}/blob/{quote(ref)}/{quote(path)}")
    entries.sort(key=lambda entry: entry["type"] != "dir")
    readme = next((one for one in entries if one["type"] == "file" and one["name"].lower() == "readme.md"), None)
    words = _text(visit, ref, readme["path"]) if readme else None
    last = visit.get(f"{visit.here}/commits", sha=ref, path=path, per_page="1")
    values = {"repo": visit.get(visit.here), "refs": refs(visit), "ref": ref, "path": path, "tab": "code",
              "entries": entries, "readme": words, "last": last[0] if last else None,
              "branch": visit.git(visit.repo).ref(f"refs/heads/{ref}") is not None}  # fmt: skip
    return Shown("tree.html.j2", values)


def _text(visit: Visit, ref: str, path: str) -> str | None:
    """Return a file as text; None: it is binary or too long to show."""
    found = visit.get(f"{visit.here}/contents/{quote(path)}", ref=ref)
    return decoded(found)


def decoded(found: dict[str, Any]) -> str | None:
    """Return the text of a file as the API shows it; None: it is binary or too long to show."""
    data = base64.b64decode(found["content"])
    if b"\0" in data or found["encoding"] == "none":
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def blob(visit: Visit) -> Answer:
    """Show a file with line numbers; Markdown as it is meant unless the source is asked for."""
    ref, path = visit.split(visit.path["rest"])
    found = visit.get(f"{visit.here}/contents/{quote(path)}", ref=ref)
    if isinstance(found, list):
        return Away(f"{visit.web}/tree/{quote(ref)}/{quote(path)}")
    is_prose = path.lower().endswith(SUFFIXES) and "plain" not in visit.query
    is_picture = path.lower().endswith((".png", ".jpg", ".jpeg", ".gif"))
    values = {"repo": visit.get(visit.here), "refs": refs(visit), "ref": ref, "path": path, "tab": "code",
              "file": found, "text": decoded(found), "is_prose": is_prose, "is_picture": is_picture,
              "is_markdown": path.lower().endswith(SUFFIXES),
              "branch": visit.git(visit.repo).ref(f"refs/heads/{ref}") is not None}  # fmt: skip
    return Shown("blob.html.j2", values)


VIEWS = (
    View("GET", "/{owner}/{repo}", front),
    View("GET", "/{owner}/{repo}/tree/{rest:path}", tree),
    View("GET", "/{owner}/{repo}/blob/{rest:path}", blob),
)
