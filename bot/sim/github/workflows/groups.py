"""Concurrency groups: of all runs and jobs in one, one goes on and one waits; an older one that waits is cancelled."""

from __future__ import annotations

from typing import Any

from bot.sim.github.deeds import runs
from bot.sim.github.rules.expressions import Scope, as_text, fill, is_true
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row

Member = tuple[str, int]
"""A table, `runs` or `jobs`, and an id."""
OF_GROUP = (
    "SELECT 'runs' AS kind, id, id AS run_id, status FROM runs WHERE repo_id = ?1 AND status != 'completed' "
    "AND concurrency = ?2 COLLATE NOCASE UNION ALL "
    "SELECT 'jobs', j.id, j.run_id, j.status FROM jobs j JOIN runs r ON r.id = j.run_id WHERE r.repo_id = ?1 "
    "AND j.status != 'completed' AND j.concurrency = ?2 COLLATE NOCASE ORDER BY 1 DESC, 2"
)


def read(found: Any, scope: Scope) -> tuple[str, bool]:
    """Return the name of a group as the file says it (empty: none), and whether what runs is to be cancelled."""
    told = fill(found if isinstance(found, dict) else {"group": found}, scope)
    return as_text(told.get("group")), is_true(told.get("cancel-in-progress"))


def rivals(act: Act, repo: Row, name: str, me: Member | None = None) -> list[Row]:
    """Return who else is in a group and not done: kind, id, run_id, status; runs first, the oldest first."""
    if not name:
        return []
    rows = act.db.all(OF_GROUP, repo["id"], name)
    return [row for row in rows if (row["kind"], row["id"]) != me]


def displace(act: Act, repo: Row, name: str, *, running_too: bool, me: Member | None = None) -> list[int]:
    """Cancel what waits in a group, and what runs where that is wanted; return the runs that changed."""
    struck = [row for row in rivals(act, repo, name, me) if running_too or row["status"] == "pending"]
    for row in struck:
        if row["kind"] == "runs":
            runs.cancel(act, repo, row["id"])
        else:
            runs.cancel_job(act, repo, row["id"])
    return [row["run_id"] for row in struck]


def is_free(act: Act, repo: Row, name: str, me: Member | None = None) -> bool:
    """Tell whether nobody of a group goes on; who waits is no hindrance, for only one may wait."""
    return all(row["status"] == "pending" for row in rivals(act, repo, name, me))
