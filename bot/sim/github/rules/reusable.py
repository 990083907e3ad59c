"""Reusable workflows of the same repository: a job's `uses: ./.github/workflows/X.yml` becomes the jobs of that file.

Values only: whoever asks hands in the texts of the files. What is called may not call again here, and a calling job has
no matrix; both are told as faults.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from bot.sim.github.rules.expressions import as_number, as_text, is_true
from bot.sim.github.rules.workflow_file import Workflow, WorkflowFault, load, permissions_of, read_file, triggers_of

FOLDER = "./.github/workflows/"
KNOWN_WORDS = ("name", "uses", "with", "secrets", "needs", "if", "permissions")
LEVELS = ("none", "read", "write")
EMPTY: dict[str, Any] = {"string": "", "boolean": False, "number": 0}


def called_by(text: str) -> list[str]:
    """Return the paths of the files that a workflow file calls; none of one that cannot be read."""
    try:
        jobs = load(text).get("jobs")
        used = [str(job["uses"]) for job in jobs.values() if isinstance(job, dict) and "uses" in job]
    except (WorkflowFault, AttributeError):
        return []
    return [path.removeprefix("./") for path in used if path.startswith(FOLDER)]


@lru_cache(maxsize=512)
def read_workflow(text: str, path: str, called: str = "{}") -> Workflow:
    """Return the workflow of a file with what it calls (`called`: JSON, path -> text); raise WorkflowFault."""
    workflow, texts = read_file(text, path), json.loads(called)
    calls = {key: job for key, job in workflow.jobs.items() if "uses" in job}
    files, faults = {}, []
    for key, job in calls.items():
        try:
            files[key] = _called(job, texts)
        except WorkflowFault as fault:
            faults.append(f"jobs.{key}: {fault}")
    if faults:
        raise WorkflowFault("; ".join(faults))
    jobs = {key: job for key, job in workflow.jobs.items() if key not in calls}
    jobs |= {f"{key}/{name}": job for key, file in files.items() for name, job in file["jobs"].items()}
    whole = Workflow(workflow.name, workflow.triggers, jobs, workflow.whole, calls, files)
    if excess := list(_excess(whole)):
        raise WorkflowFault("; ".join(excess))
    return whole


def _called(job: Mapping[str, Any], texts: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the whole file that a job calls, or say why it cannot be called."""
    used = str(job["uses"])
    if odd := sorted(set(job) - set(KNOWN_WORDS)):
        raise WorkflowFault(f"`{odd[0]}` of a job that calls a workflow is not simulated here")
    if not used.startswith(FOLDER):
        raise WorkflowFault(f"`uses: {used}`: only {FOLDER}NAME.yml of the same commit is simulated here")
    text = texts.get(used.removeprefix("./"))
    if text is None:
        raise WorkflowFault(f"{used} is not in this commit")
    if "workflow_call" not in triggers_of(text):
        raise WorkflowFault(f"{used} has no `workflow_call` trigger")
    file = read_file(text, used)
    if any("uses" in inner for inner in file.jobs.values()):
        raise WorkflowFault(f"{used} calls another workflow, which is not simulated here")
    if faults := list(_interface_faults(job, interface(file.whole))):
        raise WorkflowFault("; ".join(faults))
    return file.whole


def interface(file: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a called file says of itself: inputs, outputs, secrets."""
    on = file.get("on")
    return (on.get("workflow_call") if isinstance(on, dict) else None) or {}


def _interface_faults(job: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[str]:
    given, known = job.get("with") or {}, told.get("inputs") or {}
    yield from (
        f"invalid input, {name} is not defined in the referenced workflow" for name in given if name not in known
    )
    for name, one in known.items():
        if (one or {}).get("required") and name not in given:
            yield f"input {name} is required, but not provided while calling"
        if (one or {}).get("type") not in EMPTY:
            yield f"the type of input {name} must be one of {', '.join(EMPTY)}"
    secrets = job.get("secrets") or {}
    for name, one in (told.get("secrets") or {}).items() if secrets != "inherit" else ():
        if (one or {}).get("required") and name not in secrets:
            yield f"secret {name} is required, but not provided while calling"


def _excess(workflow: Workflow) -> Iterator[str]:
    """A called file may not ask for more than its caller has."""
    for caller in workflow.calls:
        allowed = permissions_of(workflow, caller)
        for key in workflow.members(caller):
            for name, level in permissions_of(workflow, key).items():
                has = allowed.get(name, "none")
                if level in LEVELS and LEVELS.index(level) > LEVELS.index(has):
                    yield f"jobs.{key}: it is requesting '{name}: {level}', but is only allowed '{name}: {has}'"


def typed_inputs(file: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `inputs` context of a called file: what the caller gave, else the defaults, of the right kinds."""
    found = {}
    for name, one in (interface(file).get("inputs") or {}).items():
        value = given.get(name, one.get("default", EMPTY[one["type"]]))
        found[name] = _typed(value, one["type"])
    return found


def _typed(value: Any, kind: str) -> Any:
    if kind == "boolean":
        return value == "true" if isinstance(value, str) else is_true(value)
    return as_number(value) if kind == "number" else as_text(value)
