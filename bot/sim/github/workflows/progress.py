"""How a run goes on: concurrency, which jobs come next, their conditions and matrices, what all of it comes to.

`advance` looks at what is recorded and does what follows, as often as anybody likes; after a crash it goes on there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.sim.github.deeds import runs
from bot.sim.github.deeds.runs import UNDONE, change, change_job, finish_job, jobs_of, workflow_of
from bot.sim.github.rules import matrix as matrices
from bot.sim.github.rules.expressions import ExpressionFault, Scope, as_text, fill, is_met, is_true
from bot.sim.github.rules.workflow_file import KNOWN_ACTIONS, Workflow, caller_of, own_key, unknown_actions
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row
from bot.sim.github.store.state import State
from bot.sim.github.workflows import contexts, groups

log = logging.getLogger(__name__)
DEADLOCK = (
    "Canceling since a deadlock for concurrency group '{group}' was detected between 'top level workflow' and '{job}'"
)
Job = Mapping[str, Any]


def refuse(act: Act, repo: Row, run_id: int, words: str) -> None:
    """End a run that cannot begin; a job of the workflow's name says why."""
    run = act.db.row("runs", run_id)
    name = act.db.row("workflows", run["workflow_id"])["name"]
    job = runs.add_job(act, repo, run, name=name, status="queued", labels="[]")
    finish_job(act, repo, job, "failure", words=f"Invalid workflow file: {words}")
    change(act, repo, run_id, "completed", "failure")


def _enter_group(act: Act, repo: Row, run: Row) -> None:
    """Let a run take its place in its concurrency group: one runs, one waits, an older waiting one is cancelled."""
    found = workflow_of(act, run).whole.get("concurrency")
    try:
        group, cancels = groups.read(found, contexts.scope(act, repo, run))
    except ExpressionFault as fault:
        refuse(act, repo, run["id"], f"concurrency: {fault}")
        return
    me = ("runs", run["id"])
    act.db.update("runs", run["id"], concurrency=group)
    for other in groups.displace(act, repo, group, running_too=cancels, me=me):
        advance(act.state, other)
    if not groups.is_free(act, repo, group, me):
        change(act, repo, run["id"], "pending")


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
    if run["status"] == "pending" and not groups.is_free(act, repo, run["concurrency"], ("runs", run_id)):
        return
    if run["status"] == "completed":
        return
    workflow = workflow_of(act, run)
    _promote(act, repo, run)
    while _make_next(act, repo, run, workflow):
        pass
    _sum_up(act, repo, act.db.row("runs", run_id), workflow)


def _promote(act: Act, repo: Row, run: Row) -> None:
    """Let the jobs go on that waited for their concurrency groups."""
    for job in jobs_of(act, run):
        if job["status"] == "pending" and groups.is_free(act, repo, job["concurrency"], ("jobs", job["id"])):
            change_job(act, repo, job["id"], _first_status(act, repo, run, job["environment"]))


def _make_next(act: Act, repo: Row, run: Row, workflow: Workflow) -> bool:
    done, made = contexts.results(act, run, workflow), {job["key"] for job in jobs_of(act, run)}
    ready = [key for key in workflow.jobs if key not in made and set(workflow.waits_for(key)) <= set(done)]
    for key in ready:
        _make(act, repo, run, workflow, key)
    return bool(ready)


def _make(act: Act, repo: Row, run: Row, workflow: Workflow, key: str) -> None:
    """Make the rows of one job: skipped, failed before it began, or one a combination of its matrix."""
    job = workflow.jobs[key]
    name = str(job.get("name", own_key(key)))
    try:
        caller = _caller_name(act, repo, run, workflow, key)
        scope = contexts.job_scope(act, repo, run, workflow, key)
        if caller is None or not is_met(job.get("if"), scope):
            name = f"{caller}{name}" if caller else name
            skipped = runs.add_job(act, repo, run, key=key, name=name, status="queued")
            finish_job(act, repo, skipped, "cancelled" if run["is_cancelled"] else "skipped")
            return
        matrix = fill((job.get("strategy") or {}).get("matrix"), scope)
        chosen = matrices.combinations(matrix) if matrix else [{}]
        columns = [_columns(job, key, one, scope, caller) for one in chosen]
    except (ExpressionFault, ValueError) as fault:
        failed = runs.add_job(act, repo, run, key=key, name=name, status="queued")
        finish_job(act, repo, failed, "failure", words=f"jobs.{key}: {fault}")
        return
    for values in columns:
        _add(act, repo, run, job, values)


def _caller_name(act: Act, repo: Row, run: Row, workflow: Workflow, key: str) -> str | None:
    """Return what stands before the name of a called job, empty for others; None: the call is not to be made."""
    caller = caller_of(key)
    if not caller:
        return ""
    scope, job = contexts.job_scope(act, repo, run, workflow, caller), workflow.calls[caller]
    return f"{as_text(fill(str(job.get('name', caller)), scope))} / " if is_met(job.get("if"), scope) else None


def _columns(job: Job, key: str, one: matrices.Combination, scope: Scope, caller: str) -> dict[str, Any]:
    inner = replace(scope, contexts={**scope.contexts, "matrix": one})
    name = as_text(fill(str(job["name"]), inner)) if "name" in job else own_key(key) + matrices.suffix(one)
    group, cancels = groups.read(job.get("concurrency"), inner)
    labels = fill(job["runs-on"], inner)
    labels = labels.get("labels") if isinstance(labels, dict) else labels
    environment = fill(job.get("environment"), inner)
    return {
        "key": key,
        "name": caller + name,
        "concurrency": group,
        "cancels": cancels,
        "labels": json.dumps([as_text(label) for label in (labels if isinstance(labels, list) else [labels])]),
        "matrix": json.dumps(one),
        "environment": as_text(environment["name"] if isinstance(environment, dict) else environment) or None,
    }


def _add(act: Act, repo: Row, run: Row, job: Job, values: dict[str, Any]) -> None:
    group, cancels = values["concurrency"], values.pop("cancels")
    if group and group.lower() == run["concurrency"].lower():
        stuck = runs.add_job(act, repo, run, status="queued", **values | {"concurrency": ""})
        finish_job(act, repo, stuck, "cancelled", words=DEADLOCK.format(group=group, job=values["name"]))
        return
    for other in groups.displace(act, repo, group, running_too=cancels):
        if other != run["id"]:
            advance(act.state, other)
    is_free = groups.is_free(act, repo, group)
    status = _first_status(act, repo, run, values["environment"]) if is_free else "pending"
    job_id = runs.add_job(act, repo, run, status=status, **values)
    if unknown := unknown_actions(job):
        words = f"Unable to resolve action `{unknown[0]}`: not simulated here; known: {', '.join(KNOWN_ACTIONS)}"
        finish_job(act, repo, job_id, "failure", words=words)


def _first_status(act: Act, repo: Row, run: Row, environment: str | None) -> str:
    """Return how a job begins: queued, or waiting for the reviewers of its environment."""
    waits = environment and reviewers_of(act, repo, environment) and not _is_approved(act, run, environment)
    return "waiting" if waits else "queued"


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
        change(act, repo, run["id"], "completed", conclusion_of(run, contexts.results(act, run, workflow)))
        for waiting in groups.rivals(act, repo, run["concurrency"])[:1]:
            advance(act.state, waiting["run_id"])
    elif "in_progress" in statuses or ("completed" in statuses and "queued" in statuses):
        change(act, repo, run["id"], "in_progress")
    elif "queued" not in statuses:
        change(act, repo, run["id"], "waiting")
    elif run["status"] in ("waiting", "pending"):
        change(act, repo, run["id"], "queued")


def conclusion_of(run: Row, done: Mapping[str, str]) -> str:
    """Return what the results of all jobs come to."""
    return "cancelled" if run["is_cancelled"] else contexts.worst(list(done.values()))


def ended(act: Act, repo: Row, run: Row, job: Row, conclusion: str, **columns: Any) -> None:
    """End a job that ran: `continue-on-error` and `fail-fast` have their say."""
    workflow = workflow_of(act, run)
    told, scope = workflow.jobs[job["key"]], contexts.running_scope(act, repo, run, workflow, job)
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
