"""How changes of issues and pull requests are told, and noted in their own log."""

from __future__ import annotations

import json
from typing import Any

from bot.sim.github.events.outbox import tell
from bot.sim.github.shown import issues, pulls
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row


def touch(act: Act, issue_id: int, **changes: Any) -> None:
    """Change columns of an issue; it was updated now."""
    act.db.update("issues", issue_id, updated_at=act.now, **changes)


def note(act: Act, issue_id: int, event: str, *, commit: str | None = None, **detail: Any) -> None:
    """Add a line to the log of an issue, as /issues/N/events shows it."""
    actor = act.who.account["id"] if act.who.account else None
    act.db.insert(
        "issue_events",
        issue_id=issue_id,
        actor_id=actor,
        event=event,
        commit_id=commit,
        detail=json.dumps(detail),
        created_at=act.now,
    )


def tell_pull(act: Act, repo: Row, pull_id: int, action: str, **more: Any) -> None:
    """Tell a change of a pull request."""
    told = act.told
    row = pulls.of_issue(told, {"id": pull_id})
    payload = {"number": row["number"], "pull_request": pulls.full(told, repo, row)}
    tell(act, "pull_request", action, repo, payload | more)


def tell_change(act: Act, repo: Row, issue_id: int, action: str, **more: Any) -> None:
    """Tell a change as `issues`, or as `pull_request` when it is one."""
    row = act.db.row("issues", issue_id)
    if row["is_pull"]:
        tell_pull(act, repo, issue_id, action, **more)
    else:
        tell(act, "issues", action, repo, {"issue": issues.issue(act.told, repo, row)} | more)


def tell_review(act: Act, repo: Row, review_id: int, action: str, **more: Any) -> None:
    """Tell a review; its pull request is shown as lists show it."""
    told, row = act.told, act.db.row("reviews", review_id)
    pull = pulls.of_issue(told, {"id": row["issue_id"]})
    payload = {"review": pulls.told_review(told, repo, row), "pull_request": pulls.simple(told, repo, pull)}
    tell(act, "pull_request_review", action, repo, payload | more)
