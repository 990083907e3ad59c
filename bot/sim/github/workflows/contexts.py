"""The contexts of expressions, as far as they are known before a job has a host."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from bot.sim.github.deeds.runs import jobs_of
from bot.sim.github.rules.expressions import Scope, as_text, fill
from bot.sim.github.rules.reusable import interface, typed_inputs
from bot.sim.github.rules.triggers import BY_BASE
from bot.sim.github.rules.workflow_file import Workflow, caller_of, needs_of, own_key, triggers_of
from bot.sim.github.shown.accounts import Json
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row

HEADS, TAGS = "refs/heads/", "refs/tags/"
WORST = ("failure", "cancelled", "success", "skipped")


def github(act: Act, repo: Row, run: Row) -> Json:
    """Return the `github` context of a run."""
    event, ref = json.loads(run["payload"]), run["ref"] or ""
    pull = event.get("pull_request") if run["event"] in BY_BASE else None
    owner = act.account(repo["owner_id"])["login"]
    return {
        "event": event,
        "event_name": run["event"],
        "sha": run["sha"],
        "ref": ref,
        "ref_name": ref.removeprefix(HEADS).removeprefix(TAGS).removeprefix("refs/pull/"),
        "ref_type": "tag" if ref.startswith(TAGS) else "branch",
        "head_ref": pull["head"]["ref"] if pull else "",
        "base_ref": pull["base"]["ref"] if pull else "",
        "repository": f"{owner}/{repo['name']}",
        "repository_id": str(repo["id"]),
        "repository_owner": owner,
        "actor": act.account(run["actor_id"])["login"],
        "triggering_actor": act.account(run["triggering_actor_id"] or run["actor_id"])["login"],
        "workflow": act.db.row("workflows", run["workflow_id"])["name"],
        "run_id": str(run["id"]),
        "run_number": str(run["number"]),
        "run_attempt": str(run["attempt"]),
        "server_url": act.state.address,
        "api_url": act.state.address,
    }


def values(act: Act, repo: Row, kind: str, environment: str = "") -> dict[str, str]:
    """Return the variables or secrets of a repository; those of the environment go before."""
    sql = "SELECT name, value FROM secrets WHERE repo_id = ? AND kind = ? AND environment IN ('', ?)"
    rows = act.db.all(f"{sql} ORDER BY environment", repo["id"], kind, environment)
    return {row["name"].upper(): row["value"] for row in rows}


def scope(act: Act, repo: Row, run: Row, **more: Any) -> Scope:
    """Return what expressions of the workflow file may name; `more`: needs, matrix, strategy."""
    told = {"github": github(act, repo, run), "vars": values(act, repo, "variable")}
    told["inputs"] = _inputs(run, told["github"]["event"].get("inputs") or {})
    return Scope(told | more, is_cancelled=bool(run["is_cancelled"]))


def _inputs(run: Row, given: dict[str, str]) -> dict[str, Any]:
    """Return the `inputs` context: booleans are booleans there, unlike in `github.event.inputs`."""
    known = (triggers_of(run["definition"]).get("workflow_dispatch") or {}).get("inputs") or {}
    return {
        name: value == "true" if (known.get(name) or {}).get("type") == "boolean" else value
        for name, value in given.items()
    }


def results(act: Act, run: Row, workflow: Workflow) -> dict[str, str]:
    """Return key -> result of the jobs that are done, all their combinations together; of calls, of all they call."""
    found: dict[str, list[str | None]] = {}
    for job in jobs_of(act, run):
        found.setdefault(job["key"], []).append(job["result"])
    done = {key: worst(found[key]) for key in workflow.jobs if key in found and all(found[key])}
    for caller in workflow.calls:
        inner = [done.get(key) for key in workflow.members(caller)]
        if all(inner):
            done[caller] = worst(inner)
    return done


def worst(found: list[str | None]) -> str:
    """Return what several results come to."""
    return next((word for word in WORST if word in found), "success")


def needs_context(act: Act, run: Row, workflow: Workflow, key: str) -> dict[str, Any]:
    """Return the `needs` context of a job: result and outputs of what it needs directly, by its own file's names."""
    done, prefix = results(act, run, workflow), f"{caller_of(key)}/".removeprefix("/")
    return {
        name: {"result": done[prefix + name], "outputs": outputs_of(act, run, workflow, prefix + name)}
        for name in needs_of(workflow.job(key))
    }


def outputs_of(act: Act, run: Row, workflow: Workflow, key: str) -> dict[str, str]:
    """Return the outputs of a job, all its combinations together; of a call, those that the called file tells."""
    if key in workflow.calls:
        return _outputs_of_call(act, run, workflow, key)
    found: dict[str, str] = {}
    for job in jobs_of(act, run):
        found |= json.loads(job["outputs"]) if job["key"] == key else {}
    return found


def _outputs_of_call(act: Act, run: Row, workflow: Workflow, key: str) -> dict[str, str]:
    done = results(act, run, workflow)
    jobs = {
        own_key(one): {"result": done.get(one, ""), "outputs": outputs_of(act, run, workflow, one)}
        for one in workflow.members(key)
    }
    repo = act.db.row("repos", run["repo_id"])
    inner = scope(act, repo, run, jobs=jobs)
    inner = replace(inner, contexts={**inner.contexts, "inputs": inputs_of_call(act, repo, run, workflow, key)})
    told = interface(workflow.files[key]).get("outputs") or {}
    return {name: as_text(fill(one.get("value"), inner)) for name, one in told.items()}


def inputs_of_call(act: Act, repo: Row, run: Row, workflow: Workflow, caller: str) -> dict[str, Any]:
    """Return the `inputs` context of a called file."""
    given = fill(workflow.calls[caller].get("with") or {}, job_scope(act, repo, run, workflow, caller))
    return typed_inputs(workflow.files[caller], given)


def secrets_of(act: Act, repo: Row, run: Row, workflow: Workflow, key: str, environment: str) -> dict[str, str]:
    """Return the secrets that a job sees: all of the repository, or what its caller hands on; and its environment's."""
    if not run["is_trusted"]:
        return {}
    ours, all_of_them = values(act, repo, "secret"), values(act, repo, "secret", environment)
    caller = caller_of(key)
    handed: Any = workflow.calls[caller].get("secrets") or {} if caller else "inherit"
    if handed == "inherit":
        return all_of_them
    outer = job_scope(act, repo, run, workflow, caller)
    outer = replace(outer, contexts={**outer.contexts, "secrets": ours})
    own = {name: text for name, text in all_of_them.items() if ours.get(name) != text}
    return {name.upper(): as_text(fill(value, outer)) for name, value in handed.items()} | own


def job_scope(act: Act, repo: Row, run: Row, workflow: Workflow, key: str) -> Scope:
    """Return what the expressions of a job may name before it has a host."""
    done, caller = results(act, run, workflow), caller_of(key)
    found = scope(act, repo, run, needs=needs_context(act, run, workflow, key))
    if caller:
        inputs = inputs_of_call(act, repo, run, workflow, caller)
        found = replace(found, contexts={**found.contexts, "inputs": inputs})
    return replace(found, results=tuple(done[name] for name in _before(workflow, key) if name in done))


def running_scope(act: Act, repo: Row, run: Row, workflow: Workflow, job: Row) -> Scope:
    """Return what the expressions of a job may name whose combination of the matrix is known."""
    found = job_scope(act, repo, run, workflow, job["key"])
    return replace(found, contexts={**found.contexts, "matrix": json.loads(job["matrix"])})


def _before(workflow: Workflow, key: str) -> set[str]:
    """Return all jobs of its own file that come before a job."""
    prefix = f"{caller_of(key)}/".removeprefix("/")
    direct = {prefix + name for name in needs_of(workflow.job(key))}
    return direct.union(*(_before(workflow, name) for name in direct))
