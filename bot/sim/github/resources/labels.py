"""Labels of a repository, and those of an issue."""

from __future__ import annotations

import re

from bot.sim.github.deeds import issues as deeds
from bot.sim.github.events.outbox import tell
from bot.sim.github.refusals import Refusal, fault
from bot.sim.github.resources.issues import ISSUE, issue_of
from bot.sim.github.resources.issues import READ as ISSUE_READ
from bot.sim.github.resources.issues import WRITE as ISSUE_WRITE
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import issues as shown
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, created, nothing
from bot.sim.github.wire.routing import Route

COLOR = re.compile(r"[0-9a-fA-F]{6}")


def label_of(call: Call) -> Row:
    """Return the label that the path names, or refuse (404)."""
    return deeds.label_named(call, call.repo, call.path["name"], may_make=False)


def list_labels(call: Call) -> Reply:
    """List a repository's labels."""
    rows = call.db.all("SELECT * FROM labels WHERE repo_id = ? ORDER BY id", call.repo["id"])
    return call.paged(rows, lambda row: shown.label(call, call.repo, row))


def _color(call: Call, default: str) -> str:
    color = str(call.get("color", str, default)).lower()
    if not COLOR.fullmatch(color):
        raise fault("Label", "color")
    return color


def create_label(call: Call) -> Reply:
    """Make a label; one that exists is refused (422)."""
    name = call.need("name", str)
    if not name.strip() or len(name) > 50:
        raise fault("Label", "name")
    if call.db.one("SELECT 1 FROM labels WHERE repo_id = ? AND name = ?", call.repo["id"], name):
        raise fault("Label", "name", "already_exists")
    words = call.get("description", str)
    label_id = call.db.insert(
        "labels", repo_id=call.repo["id"], name=name, color=_color(call, "ededed"), description=words
    )
    row = call.db.row("labels", label_id)
    tell(call, "label", "created", call.repo, {"label": shown.label(call.told, call.repo, row)})
    return created(shown.label(call, call.repo, row))


def get_label(call: Call) -> Reply:
    """Show a label."""
    return Reply(shown.label(call, call.repo, label_of(call)))


def update_label(call: Call) -> Reply:
    """Change name, colour or description."""
    row = label_of(call)
    name = call.get("new_name", str, row["name"])
    if name.lower() != row["name"].lower() and call.db.one(
        "SELECT 1 FROM labels WHERE repo_id = ? AND name = ?", call.repo["id"], name
    ):
        raise fault("Label", "name", "already_exists")
    description = call.get("description", str, row["description"])
    call.db.update("labels", row["id"], name=name, color=_color(call, row["color"]), description=description)
    new = call.db.row("labels", row["id"])
    changes = {name: {"from": row[name] or ""} for name in ("name", "color", "description") if row[name] != new[name]}
    tell(call, "label", "edited", call.repo, {"label": shown.label(call.told, call.repo, new), "changes": changes})
    return Reply(shown.label(call, call.repo, new))


def delete_label(call: Call) -> Reply:
    """Delete a label, also from all issues."""
    row = label_of(call)
    tell(call, "label", "deleted", call.repo, {"label": shown.label(call.told, call.repo, row)})
    call.db.run("DELETE FROM labels WHERE id = ?", row["id"])
    return nothing()


def _held(call: Call, issue: Row) -> list[str]:
    return [label["name"] for label in shown.labels_of(call, call.repo, issue["id"])]


def list_labels_of(call: Call) -> Reply:
    """List an issue's labels."""
    return call.paged(shown.labels_of(call, call.repo, issue_of(call)["id"]), lambda label: label)


def _given(call: Call) -> list[str]:
    items = call.sent if isinstance(call.sent, list) else call.get("labels", list, [])
    return [item if isinstance(item, str) else str(item.get("name", "")) for item in items]


def _set(call: Call, names: list[str]) -> Reply:
    issue = issue_of(call)
    deeds.set_labels(call, call.repo, issue["id"], names)
    return Reply(shown.labels_of(call, call.repo, issue["id"]))


def add_labels(call: Call) -> Reply:
    """Give an issue more labels."""
    return _set(call, _held(call, issue_of(call)) + _given(call))


def set_labels(call: Call) -> Reply:
    """Give an issue exactly these labels."""
    return _set(call, _given(call))


def clear_labels(call: Call) -> Reply:
    """Take all labels from an issue."""
    _set(call, [])
    return nothing()


def remove_label(call: Call) -> Reply:
    """Take one label from an issue; one that it has not is a 404."""
    held, gone = _held(call, issue_of(call)), call.path["name"].lower()
    if gone not in [name.lower() for name in held]:
        raise Refusal(404, "Label does not exist")
    return _set(call, [name for name in held if name.lower() != gone])


HERE = "/repos/{owner}/{repo}/labels"
READ, WRITE = Right("issues|pull_requests"), Right("issues|pull_requests", "write", "write")
ROUTES = (
    Route("GET", HERE, list_labels, READ),
    Route("POST", HERE, create_label, WRITE),
    Route("GET", f"{HERE}/{{name}}", get_label, READ),
    Route("PATCH", f"{HERE}/{{name}}", update_label, WRITE),
    Route("DELETE", f"{HERE}/{{name}}", delete_label, WRITE),
    Route("GET", f"{ISSUE}/labels", list_labels_of, ISSUE_READ),
    Route("POST", f"{ISSUE}/labels", add_labels, ISSUE_WRITE),
    Route("PUT", f"{ISSUE}/labels", set_labels, ISSUE_WRITE),
    Route("DELETE", f"{ISSUE}/labels", clear_labels, ISSUE_WRITE),
    Route("DELETE", f"{ISSUE}/labels/{{name}}", remove_label, ISSUE_WRITE),
)
