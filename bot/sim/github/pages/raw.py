"""Bytes and differences as they are: `/raw`, `.diff`, `.patch`, the assets of releases."""

from __future__ import annotations

from urllib.parse import quote

from bot.sim.github.pages.visit import Answer, Data, View, Visit
from bot.sim.github.refusals import not_found

PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
SANDBOX = {"Content-Security-Policy": "default-src 'none'; sandbox"}
"""What people have written never runs as a page."""


def file(visit: Visit) -> Answer:
    """Give the bytes of a file: pictures as such, all else as text."""
    rest = visit.path["rest"]
    for prefix in ("refs/heads/", "refs/tags/"):
        rest = rest.removeprefix(prefix)
    ref, path = visit.split(rest)
    data = visit.ask("GET", f"{visit.here}/contents/{quote(path)}", accept="application/vnd.github.raw+json", ref=ref)
    if not isinstance(data, bytes):
        raise not_found()
    kind = PICTURES.get(path.rpartition(".")[2].lower(), "text/plain; charset=utf-8")
    return Data(data, kind, SANDBOX)


def pull_text(visit: Visit) -> Answer:
    """Give the difference that a pull request makes."""
    return _text(visit, f"pulls/{visit.path['number']}")


def commit_text(visit: Visit) -> Answer:
    """Give what a commit changed."""
    return _text(visit, f"commits/{visit.path['sha']}")


def compared_text(visit: Visit) -> Answer:
    """Give the difference of two commits."""
    return _text(visit, f"compare/{quote(visit.path['both'])}")


def _text(visit: Visit, what: str) -> Answer:
    data = visit.ask("GET", f"{visit.here}/{what}", accept="application/vnd.github.diff")
    if not isinstance(data, bytes):
        raise not_found()
    return Data(data, "text/plain; charset=utf-8", SANDBOX)


def asset(visit: Visit) -> Answer:
    """Give the bytes of a release's asset."""
    release = visit.get(f"{visit.here}/releases/tags/{quote(visit.path['tag'])}")
    found = next((one for one in release["assets"] if one["name"] == visit.path["name"]), None)
    if found is None:
        raise not_found()
    data = visit.ask("GET", f"{visit.here}/releases/assets/{found['id']}", accept="application/octet-stream")
    name = quote(found["name"])
    return Data(data, "application/octet-stream", SANDBOX | {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}"})  # fmt: skip


VIEWS = (
    View("GET", "/{owner}/{repo}/raw/{rest:path}", file),
    View("GET", "/{owner}/{repo}/releases/download/{tag:path}/{name}", asset),
    *(
        View("GET", f"/{{owner}}/{{repo}}/{path}.{kind}", answer)
        for kind in ("diff", "patch")
        for path, answer in (
            ("pull/{number:int}", pull_text),
            ("commit/{sha}", commit_text),
            ("compare/{both:path}", compared_text),
        )
    ),
)
