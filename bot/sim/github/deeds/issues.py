"""What issues and pull requests share: numbers, closing and opening, labels, the log of what happened."""

from __future__ import annotations

from bot.sim.github.deeds.telling import note, tell_change, touch
from bot.sim.github.refusals import fault, invalid, not_found
from bot.sim.github.shown import issues as shown
from bot.sim.github.shown.accounts import user
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row

LONGEST_BODY = 65536
NEW_LABEL_COLOR = "ededed"


def check_body(resource: str, body: str | None) -> None:
    """Refuse a text that GitHub does not take."""
    if body is not None and len(body) > LONGEST_BODY:
        raise fault(resource, "body", message=f"body is too long (maximum is {LONGEST_BODY} characters)")


def add(act: Act, repo: Row, *, title: str, body: str | None, is_pull: bool = False) -> int:
    """Add an issue with the next number; return its id. Tells nothing yet."""
    check_body("Issue", body)
    if not title.strip():
        raise fault("Issue", "title", "missing_field")
    number = act.db.value("SELECT max(number) FROM issues WHERE repo_id = ?", repo["id"]) or 0
    return act.db.insert(
        "issues",
        repo_id=repo["id"],
        number=number + 1,
        user_id=act.user["id"],
        app_id=act.who.app_id,
        title=title,
        body=body,
        is_pull=is_pull,
        created_at=act.now,
        updated_at=act.now,
    )


def label_named(act: Act, repo: Row, name: str, *, may_make: bool = True) -> Row:
    """Return the label, made if the repository has none of this name (as GitHub does when an issue gets it)."""
    sql = "SELECT * FROM labels WHERE repo_id = ? AND name = ?"
    found = act.db.one(sql, repo["id"], name)
    if found is None and may_make:
        if not name or len(name) > 50:
            raise fault("Label", "name")
        act.db.insert("labels", repo_id=repo["id"], name=name, color=NEW_LABEL_COLOR)
        found = act.db.one(sql, repo["id"], name)
    if found is None:
        raise not_found()
    return found


def set_labels(act: Act, repo: Row, issue_id: int, names: list[str]) -> None:
    """Make these the labels of an issue; tell each that comes and goes."""
    wanted = {row["id"]: row for row in (label_named(act, repo, name) for name in names)}
    sql = "SELECT l.* FROM labels l JOIN issue_labels i ON i.label_id = l.id WHERE i.issue_id = ?"
    held = {row["id"]: row for row in act.db.all(sql, issue_id)}
    for row in [row for label_id, row in held.items() if label_id not in wanted]:
        act.db.run("DELETE FROM issue_labels WHERE issue_id = ? AND label_id = ?", issue_id, row["id"])
        _tell_label(act, repo, issue_id, row, "unlabeled")
    for row in [row for label_id, row in wanted.items() if label_id not in held]:
        act.db.insert("issue_labels", issue_id=issue_id, label_id=row["id"])
        _tell_label(act, repo, issue_id, row, "labeled")


def _tell_label(act: Act, repo: Row, issue_id: int, label: Row, action: str) -> None:
    touch(act, issue_id)
    note(act, issue_id, action, label={"name": label["name"], "color": label["color"]})
    tell_change(act, repo, issue_id, action, label=shown.label(act.told, repo, label))


def set_assignees(act: Act, repo: Row, issue_id: int, logins: list[str]) -> None:
    """Make these the assignees; tell each that comes and goes. Unknown logins are ignored, as documented."""
    wanted = {
        row["id"]: row for login in logins if (row := act.db.one("SELECT * FROM accounts WHERE login = ?", login))
    }
    sql = "SELECT a.* FROM accounts a JOIN assignees s ON s.account_id = a.id WHERE s.issue_id = ?"
    held = {row["id"]: row for row in act.db.all(sql, issue_id)}
    for row in [row for account_id, row in held.items() if account_id not in wanted]:
        act.db.run("DELETE FROM assignees WHERE issue_id = ? AND account_id = ?", issue_id, row["id"])
        _tell_assignee(act, repo, issue_id, row, "unassigned")
    for row in [row for account_id, row in wanted.items() if account_id not in held]:
        act.db.insert("assignees", issue_id=issue_id, account_id=row["id"])
        _tell_assignee(act, repo, issue_id, row, "assigned")


def _tell_assignee(act: Act, repo: Row, issue_id: int, person: Row, action: str) -> None:
    touch(act, issue_id)
    note(act, issue_id, action, assignee=person["login"])
    tell_change(act, repo, issue_id, action, assignee=user(act.told, person))


def set_milestone(act: Act, repo: Row, issue_id: int, number: int | None) -> None:
    """Put an issue into a milestone, or into none."""
    found = act.db.one("SELECT * FROM milestones WHERE repo_id = ? AND number = ?", repo["id"], number)
    if number is not None and found is None:
        raise fault("Issue", "milestone")
    touch(act, issue_id, milestone_id=found["id"] if found else None)


def set_state(act: Act, repo: Row, issue_id: int, state: str, reason: str | None) -> None:
    """Close or open an issue and tell it; nothing when it is so already."""
    row = act.db.row("issues", issue_id)
    if row["state"] == state:
        return
    if row["is_pull"]:
        raise invalid("a pull request is closed and opened by its own endpoint")
    is_closed = state == "closed"
    actor = act.user["id"] if is_closed else None
    why = (reason or "completed") if is_closed else "reopened"
    touch(act, issue_id, state=state, state_reason=why, closed_at=act.now if is_closed else None, closed_by=actor)
    note(act, issue_id, state if is_closed else "reopened")
    tell_change(act, repo, issue_id, "closed" if is_closed else "reopened")
