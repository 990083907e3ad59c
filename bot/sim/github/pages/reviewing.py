"""The difference of a pull request, file by file, with comments on lines; and the review."""

from __future__ import annotations

from typing import Any

from bot.sim.github.pages.pulls import PULL, read
from bot.sim.github.pages.visit import Answer, Away, Shown, View, Visit
from bot.sim.github.refusals import Refusal


def files(visit: Visit) -> Answer:
    """Show the difference; `?path=&line=&side=` opens the form for a comment on that line."""
    values = read(visit, "files")
    address = f"{visit.here}/pulls/{visit.path['number']}"
    where = (visit.query.get("path"), visit.query.get("line"), visit.query.get("side"))
    values |= {"files": visit.list(f"{address}/files"), "remarks": _remarks(visit.list(f"{address}/comments"))}
    return Shown("pull_files.html.j2", values | {"where": where})


def _remarks(comments: list[dict[str, Any]]) -> dict[tuple[str, str, int], list[dict[str, Any]]]:
    """Return the comments by path, side and line; the line 0 holds those on a whole file."""
    found: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for one in comments:
        found.setdefault((one["path"], one["side"], one["line"] or 0), []).append(one)
    return found


def comment(visit: Visit) -> Answer:
    """Comment on a line, or answer such a comment."""
    address = f"{visit.here}/pulls/{visit.path['number']}/comments"
    if visit.said("in_reply_to"):
        made = visit.ask("POST", f"{address}/{visit.said('in_reply_to')}/replies", {"body": visit.said("body")})
    else:
        if not visit.said("line").isdecimal():
            raise Refusal(422, "a comment on a line names the line")
        body = {name: visit.said(name) for name in ("body", "path", "side", "commit_id")}
        made = visit.ask("POST", address, body | {"line": int(visit.said("line"))})
    return Away(f"{visit.web}/pull/{visit.path['number']}/files#discussion_r{made['id']}")


def review(visit: Visit) -> Answer:
    """Approve, ask for changes, or comment: on the head that was seen."""
    body = {name: visit.said(name) for name in ("event", "body", "commit_id")}
    visit.ask("POST", f"{visit.here}/pulls/{visit.path['number']}/reviews", body)
    return Away(f"{visit.web}/pull/{visit.path['number']}")


VIEWS = (
    View("GET", f"{PULL}/files", files),
    View("POST", f"{PULL}/files", comment),
    View("POST", f"{PULL}/reviews", review),
)
