"""Check runs: made, changed, told; by Apps, and by the runners for the jobs of workflows."""

from __future__ import annotations

import json
from typing import Any

from bot.sim.github.events.outbox import tell
from bot.sim.github.shown import checks as shown
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row


def suite_of(act: Act, repo: Row, sha: str, app_id: int | None) -> int:
    """Return the suite of an App on a commit, made at its first check run."""
    sql = "SELECT id FROM check_suites WHERE repo_id = ? AND head_sha = ? AND app_id IS ?"
    known = act.db.value(sql, repo["id"], sha, app_id)
    if known:
        return int(known)
    heads = [name.removeprefix("refs/heads/") for name, tip in act.git(repo).refs("refs/heads/").items() if tip == sha]
    branch = heads[0] if heads else None
    return act.db.insert(
        "check_suites", repo_id=repo["id"], app_id=app_id, head_sha=sha, head_branch=branch, created_at=act.now
    )


def add_run(act: Act, repo: Row, sha: str, name: str, columns: dict[str, Any], *, suite: int | None = None) -> int:
    """Add a check run to a commit (and to its App's suite there, or to this one) and tell it; return its id."""
    app_id = act.who.app_id
    suite = suite or suite_of(act, repo, sha, app_id)
    run_id = act.db.insert(
        "check_runs", suite_id=suite, repo_id=repo["id"], app_id=app_id, name=name, head_sha=sha, **columns
    )
    _tell(act, repo, run_id, "created")
    if columns["status"] == "completed":
        _tell(act, repo, run_id, "completed")
    return run_id


def change_run(act: Act, repo: Row, run_id: int, columns: dict[str, Any]) -> None:
    """Change a check run; tell it when it completes."""
    before = act.db.row("check_runs", run_id)
    act.db.update("check_runs", run_id, **columns)
    if columns.get("status") == "completed" and before["status"] != "completed":
        _tell(act, repo, run_id, "completed")


def add_annotations(act: Act, run_id: int, annotations: list[Any]) -> None:
    """Add annotations; they come fifty at a time."""
    held = json.loads(act.db.row("check_runs", run_id)["annotations"])
    act.db.update("check_runs", run_id, annotations=json.dumps(held + annotations))


def _tell(act: Act, repo: Row, run_id: int, action: str) -> None:
    row, told = act.db.row("check_runs", run_id), act.told
    tell(act, "check_run", action, repo, {"check_run": shown.told_check_run(told, repo, row)})
    if action == "completed":
        suite = shown.check_suite(told, repo, act.db.row("check_suites", row["suite_id"]))
        if suite["status"] == "completed":
            tell(act, "check_suite", "completed", repo, {"check_suite": suite})
