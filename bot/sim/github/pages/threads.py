"""What issues and pull requests share: the conversation, comments, labels, title, closing and opening."""

from __future__ import annotations

from typing import Any

from bot.sim.github.pages.visit import Answer, Away, View, Visit

TOLD_EVENTS = {
    "closed": "closed this", "reopened": "opened this again", "merged": "merged this", "labeled": "added the label",
    "unlabeled": "removed the label", "locked": "locked the conversation", "renamed": "changed the title",
}  # fmt: skip


def thread(visit: Visit, number: str) -> dict[str, Any]:
    """Return an issue (or a pull request as an issue) with all that happened, oldest first."""
    address = f"{visit.here}/issues/{number}"
    about = visit.get(address)
    found = [("comment", one["created_at"], one) for one in visit.list(f"{address}/comments")]
    found += [("event", one["created_at"], one) for one in visit.list(f"{address}/events")
              if one["event"] in TOLD_EVENTS]  # fmt: skip
    if "pull_request" in about:
        pull = f"{visit.here}/pulls/{number}"
        lines = visit.list(f"{pull}/comments")
        found += [
            ("review", one.get("submitted_at", ""), one | {"lines": _of_review(one["id"], lines)})
            for one in visit.list(f"{pull}/reviews")
            if one["state"] != "PENDING"
        ]
    found.sort(key=lambda item: item[1])
    return {
        "about": about, "items": [(kind, one) for kind, _, one in found], "event_words": TOLD_EVENTS,
        "labels": visit.list(f"{visit.here}/labels"), "may_triage": visit.may("triage"),
        "may_write": visit.may("write"), "is_author": visit.login == about["user"]["login"],
    }  # fmt: skip


def _of_review(review_id: int, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["pull_request_review_id"] == review_id]


def _back(visit: Visit, place: str = "") -> Away:
    """Lead to the issue or pull request; `/issues/N` of a pull request leads on to it."""
    return Away(f"{visit.web}/issues/{visit.path['number']}{place}")


def comment(visit: Visit) -> Answer:
    """Comment; with the button that also closes or opens, do that too."""
    address, state, place = f"{visit.here}/issues/{visit.path['number']}", visit.said("state"), ""
    if visit.said("body").strip() or not state:
        made = visit.ask("POST", f"{address}/comments", {"body": visit.said("body")})
        place = f"#issuecomment-{made['id']}"
    if state:
        visit.ask("PATCH", address, {"state": state})
    return _back(visit, place)


def edit_comment(visit: Visit) -> Answer:
    """Change the words of a comment, or delete it."""
    address = f"{visit.here}/issues/comments/{visit.path['comment']}"
    if visit.said("deed") == "delete":
        visit.ask("DELETE", address)
    else:
        visit.ask("PATCH", address, {"body": visit.said("body")})
    return _back(visit)


def edit(visit: Visit) -> Answer:
    """Change the title and the first words."""
    body = {"title": visit.said("title"), "body": visit.said("body")}
    visit.ask("PATCH", f"{visit.here}/issues/{visit.path['number']}", body)
    return _back(visit)


def set_labels(visit: Visit) -> Answer:
    """Make the ticked labels, and a new one that was typed, the labels."""
    names = visit.form.get("label", []) + ([visit.said("new").strip()] if visit.said("new").strip() else [])
    visit.ask("PUT", f"{visit.here}/issues/{visit.path['number']}/labels", {"labels": names})
    return _back(visit)


THREAD = "/{owner}/{repo}/issues/{number:int}"
VIEWS = (
    View("POST", f"{THREAD}/comments", comment),
    View("POST", f"{THREAD}/comments/{{comment:int}}", edit_comment),
    View("POST", f"{THREAD}/edit", edit),
    View("POST", f"{THREAD}/labels", set_labels),
)
