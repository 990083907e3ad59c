"""How a run goes on: concurrency, which jobs come next, their conditions and matrices, what all of it comes to.

`advance` looks at what is recorded and does what follows, as often as anybody likes; after a crash it goes on there.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.sim.github.deeds import runs
from bot.sim.github.deeds.runs import UNDONE, change, finish_job, jobs_of
from bot.sim.github.rules import matrix as matrices
from bot.sim.github.rules.expressions import ExpressionFault, Scope, as_text, fill, is_met, is_true
from bot.sim.github.rules.workflow_file import KNOWN_ACTIONS, Workflow, needs_of, read_workflow, unknown_actions
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row
from bot.sim.github.store.state import State
from bot.sim.github.workflows import contexts

log = logging.getLogger(__name__)
WORST = ("failure", "cancelled", "success", "skipped")
Job = Mapping[str, Any]


def workflow_of(act: Act, run: Row) -> Workflow:
    """Return the workflow that a run runs."""
    return read_workflow(run["definition"], act.db.row("workflows", run["workflow_id"])["path"])


def refuse(act: Act, repo: Row, run_id: int, words: str) -> None:
    """End a run that cannot begin; a job of the workflow's name says why."""
    run = act.db.row("runs", run_id)
    name = act.db.row("workflows", run["workflow_id"])["name"]
    job = runs.add_job(act, repo, run, name=name, status="queued", labels="[]")
    finish_job(act, repo, job, "failure", words=f"Invalid workflow file: {words}")
    change(act, repo, run_id, "completed", "failure")


def _enter_group(act: Act, repo: Row, run: Row) -> None:
    """Let a run take its place in its concurrency group: one runs, one waits, an older waiting one is cancelled."""
    found = workflow_of(act, run).whole.get("concurrency") or {}
    try:
        told = fill(found if isinstance(found, dict) else {"group": found}, contexts.scope(act, repo, run))
    except ExpressionFault as fault:
        refuse(act, repo, run["id"], f"concurrency: {fault}")
        return
    group = as_text(told.get("group"))
    act.db.update("runs", run["id"], concurrency=group)
    others = _undone_in(act, repo, group, run["id"]) if group else []
    for other in others:
        if other["status"] == "pending" or is_true(told.get("cancel-in-progress")):
            runs.cancel(act, repo, other["id"])
            advance(act.state, other["id"])
    if group and _undone_in(act, repo, group, run["id"]):
        change(act, repo, run["id"], "pending")


def _undone_in(act: Act, repo: Row, group: str, but: int) -> list[Row]:
    sql = "SELECT * FROM runs WHERE repo_id = ? AND concurrency = ? COLLATE NOCASE AND id != ?"
    return act.db.all(f"{sql} AND status != 'completed' ORDER BY id", repo["id"], group, but)


def advance_all(state: State) -> None:
    """Let every run that is not done go on."""
    for row in state.db.all("SELECT id FROM runs WHERE status != 'completed' ORDER BY id"):
        try:
            with state.db.transaction():
                advance(state, row["id"])
        except Exception:  # one run that cannot go on must not hold up the others
            log.exception("run %d cannot go on", row["id"])


def advance(state: State, run_id: int) -> None:
    """Make the jobs that can be made, and end the run when all are done."""
    run = state.db.row("runs", run_id)
    act, repo = runs.act_of(state, run)
    if run["concurrency"] is None:
        _enter_group(act, repo, run)
        run = state.db.row("runs", run_id)
    if run["status"] == "pending" and not _is_next(act, repo, run):
        return
    if run["status"] == "completed":
        return
    workflow = workflow_of(act, run)
    while _make_next(act, repo, run, workflow):
        pass
    _sum_up(act, repo, act.db.row("runs", run_id), workflow)


def _is_next(act: Act, repo: Row, run: Row) -> bool:
    """Tell whether a run that waits for its group may begin; the one that waits longest is next."""
    others = _undone_in(act, repo, run["concurrency"], run["id"])
    return all(other["id"] > run["id"] and other["status"] == "pending" for other in others)


def results(act: Act, run: Row, workflow: Workflow) -> dict[str, str]:
    """Return key -> result of the jobs that are done, all their combinations together."""
    found: dict[str, list[Row]] = {}
    for job in jobs_of(act, run):
        found.setdefault(job["key"], []).append(job)
    done = {key: {job["result"] for job in rows} for key, rows in found.items() if all(j["result"] for j in rows)}
    return {key: next(word for word in WORST if word in found) for key, found in done.items() if key in workflow.jobs}


def _make_next(act: Act, repo: Row, run: Row, workflow: Workflow) -> bool:
    done, made = results(act, run, workflow), {job["key"] for job in jobs_of(act, run)}
    ready = [key for key, job in workflow.jobs.items() if key not in made and set(needs_of(job)) <= set(done)]
    for key in ready:
        _make(act, repo, run, workflow, key)
    return bool(ready)


def needs_context(act: Act, run: Row, workflow: Workflow, key: str) -> dict[str, Any]:
    """Return the `needs` context of a job: result and outputs of what it needs directly."""
    done, outputs = results(act, run, workflow), defaultdict[str, dict[str, str]](dict)
    for job in jobs_of(act, run):
        outputs[job["key"]] |= json.loads(job["outputs"])
    return {name: {"result": done[name], "outputs": outputs[name]} for name in needs_of(workflow.jobs[key])}


def _before(workflow: Workflow, key: str) -> set[str]:
    direct = set(needs_of(workflow.jobs[key]))
    return direct.union(*(_before(workflow, name) for name in direct))


def job_scope(act: Act, repo: Row, run: Row, workflow: Workflow, key: str) -> Scope:
    """Return what the expressions of a job may name before it has a host."""
    done = results(act, run, workflow)
    scope = contexts.scope(act, repo, run, needs=needs_context(act, run, workflow, key))
    return replace(scope, results=tuple(done[name] for name in _before(workflow, key) if name in done))


def _make(act: Act, repo: Row, run: Row, workflow: Workflow, key: str) -> None:
    """Make the rows of one job: skipped, failed before it began, or one a combination of its matrix."""
    job = workflow.jobs[key]
    scope = job_scope(act, repo, run, workflow, key)
    name = str(job.get("name", key))
    try:
        if not is_met(job.get("if"), scope):
            skipped = runs.add_job(act, repo, run, key=key, name=name, status="queued")
            finish_job(act, repo, skipped, "cancelled" if run["is_cancelled"] else "skipped")
            return
        matrix = fill((job.get("strategy") or {}).get("matrix"), scope)
        chosen = matrices.combinations(matrix) if matrix else [{}]
        columns = [_columns(job, key, one, scope) for one in chosen]
    except (ExpressionFault, ValueError) as fault:
        failed = runs.add_job(act, repo, run, key=key, name=name, status="queued")
        finish_job(act, repo, failed, "failure", words=f"jobs.{key}: {fault}")
        return
    for values in columns:
        _add(act, repo, run, job, values)


def _columns(job: Job, key: str, one: matrices.Combination, scope: Scope) -> dict[str, Any]:
    inner = replace(scope, contexts={**scope.contexts, "matrix": one})
    name = as_text(fill(str(job["name"]), inner)) if "name" in job else key + matrices.suffix(one)
    labels = fill(job["runs-on"], inner)
    labels = labels.get("labels") if isinstance(labels, dict) else labels
    environment = fill(job.get("environment"), inner)
    return {
        "key": key,
        "name": name,
        "labels": json.dumps([as_text(label) for label in (labels if isinstance(labels, list) else [labels])]),
        "matrix": json.dumps(one),
        "environment": as_text(environment["name"] if isinstance(environment, dict) else environment) or None,
    }


def _add(act: Act, repo: Row, run: Row, job: Job, values: dict[str, Any]) -> None:
    environment = values["environment"]
    waits = bool(environment) and reviewers_of(act, repo, environment) and not _is_approved(act, run, environment)
    job_id = runs.add_job(act, repo, run, status="waiting" if waits else "queued", **values)
    if unknown := unknown_actions(job):
        words = f"Unable to resolve action `{unknown[0]}`: not simulated here; known: {', '.join(KNOWN_ACTIONS)}"
        finish_job(act, repo, job_id, "failure", words=words)


def reviewers_of(act: Act, repo: Row, environment: str) -> list[dict[str, Any]]:
    """Return who must approve jobs of an environment; an environment that is named for the first time is made."""
    sql = "SELECT rules FROM environments WHERE repo_id = ? AND name = ?"
    found = act.db.value(sql, repo["id"], environment)
    if found is None:
        columns = {"repo_id": repo["id"], "name": environment, "rules": "{}"}
        act.db.insert("environments", **columns, created_at=act.now, updated_at=act.now)
    return list(json.loads(found or "{}").get("reviewers") or [])


def _is_approved(act: Act, run: Row, environment: str) -> bool:
    sql = "SELECT 1 FROM approvals WHERE run_id = ? AND attempt = ? AND environment = ? AND state = 'approved'"
    return act.db.one(sql, run["id"], run["attempt"], environment) is not None


def _sum_up(act: Act, repo: Row, run: Row, workflow: Workflow) -> None:
    jobs = jobs_of(act, run)
    statuses = {job["status"] for job in jobs}
    if not statuses & set(UNDONE):
        change(act, repo, run["id"], "completed", conclusion_of(run, results(act, run, workflow)))
        for waiting in _undone_in(act, repo, run["concurrency"], run["id"])[:1] if run["concurrency"] else ():
            advance(act.state, waiting["id"])
    elif "in_progress" in statuses or ("completed" in statuses and "queued" in statuses):
        change(act, repo, run["id"], "in_progress")
    elif "queued" not in statuses:
        change(act, repo, run["id"], "waiting")
    elif run["status"] in ("waiting", "pending"):
        change(act, repo, run["id"], "queued")


def conclusion_of(run: Row, done: Mapping[str, str]) -> str:
    """Return what the results of all jobs come to."""
    if run["is_cancelled"]:
        return "cancelled"
    found = set(done.values())
    return next((word for word in WORST if word in found), "success")


def ended(act: Act, repo: Row, run: Row, job: Row, conclusion: str, **columns: Any) -> None:
    """End a job that ran: `continue-on-error` and `fail-fast` have their say."""
    told = workflow_of(act, run).jobs[job["key"]]
    scope = contexts.scope(act, repo, run, matrix=json.loads(job["matrix"]))
    result = conclusion
    if conclusion == "failure" and is_true(_filled(told.get("continue-on-error"), scope)):
        result = "success"
    finish_job(act, repo, job["id"], conclusion, result=result, **columns)
    fails_fast = is_true(_filled((told.get("strategy") or {}).get("fail-fast", True), scope))
    if result == "failure" and "matrix" in (told.get("strategy") or {}) and fails_fast:
        for other in jobs_of(act, run):
            if other["key"] == job["key"] and other["status"] in ("queued", "waiting"):
                finish_job(act, repo, other["id"], "cancelled")


def _filled(value: Any, scope: Scope) -> Any:
    try:
        return fill(value, scope)
    except ExpressionFault:
        return None
