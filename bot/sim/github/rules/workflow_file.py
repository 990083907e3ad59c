"""A workflow file as values: triggers, jobs, permissions; its faults are told before anything runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

PERMISSIONS = (
    "actions", "attestations", "checks", "contents", "deployments", "discussions", "id-token", "issues", "packages",
    "pages", "pull-requests", "repository-projects", "security-events", "statuses",
)  # fmt: skip
USUAL_PERMISSIONS = {"contents": "read", "packages": "read"}
KNOWN_ACTIONS = ("actions/checkout", "actions/setup-python", "actions/create-github-app-token")
"""The actions that can be had without github.com; each has its folder in workflows/actions."""


class WorkflowFault(Exception):
    """The file is no workflow that can run here; says what and where."""


@dataclass(frozen=True)
class Workflow:
    """One workflow file, checked.

    A job that calls another file (`calls`: its key -> itself) is not among the jobs; those of the called file (`files`:
    key of the caller -> the whole file) are, as CALLER/JOB.
    """

    name: str
    triggers: Mapping[str, Any]
    jobs: Mapping[str, Mapping[str, Any]]
    whole: Mapping[str, Any]
    calls: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def job(self, key: str) -> Mapping[str, Any]:
        """Return a job, or one that calls."""
        return self.calls[key] if key in self.calls else self.jobs[key]

    def file_of(self, key: str) -> Mapping[str, Any]:
        """Return the whole file in which a job stands."""
        return self.files.get(caller_of(key), self.whole)

    def members(self, key: str) -> list[str]:
        """Return the jobs that a key means: itself, or all that it calls."""
        return [one for one in self.jobs if caller_of(one) == key] if key in self.calls else [key]

    def waits_for(self, key: str) -> list[str]:
        """Return the jobs that must be done before this one."""
        caller = caller_of(key)
        near = [f"{caller}/{name}" if caller else name for name in needs_of(self.jobs[key])]
        far = needs_of(self.calls[caller]) if caller else []
        return [one for name in (*near, *far) for one in self.members(name)]


def caller_of(key: str) -> str:
    """Return the key of the job by whose call a job is here; empty: it stands in the file itself."""
    return key.rpartition("/")[0]


def own_key(key: str) -> str:
    """Return a job's key in its own file."""
    return key.rpartition("/")[2]


class _Loader(yaml.SafeLoader):
    """YAML 1.2 for booleans: `on` is a word."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag != "tag:yaml.org,2002:bool"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def load(text: str) -> Any:
    """Return YAML as values; raise WorkflowFault."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError as error:
        raise WorkflowFault(f"it is not YAML: {error}") from error


@lru_cache(maxsize=512)
def triggers_of(text: str) -> Mapping[str, Any]:
    """Return event -> filters of a file, also of one whose jobs are wrong; nothing of one that cannot be read."""
    try:
        whole = load(text)
    except WorkflowFault:
        return {}
    return _triggers(whole.get("on")) if isinstance(whole, dict) else {}


def _triggers(found: Any) -> Mapping[str, Any]:
    if isinstance(found, str):
        return {found: None}
    if isinstance(found, list):
        return {str(name): None for name in found}
    return found if isinstance(found, dict) else {}


def read_file(text: str, path: str) -> Workflow:
    """Return the workflow of one file, its calls not yet followed; raise WorkflowFault with all that is wrong in it."""
    whole = load(text)
    if not isinstance(whole, dict) or not isinstance(whole.get("jobs"), dict) or not whole["jobs"]:
        raise WorkflowFault("it has no jobs")
    jobs = whole["jobs"]
    faults = [fault for key, job in jobs.items() for fault in _faults_of_job(str(key), job, jobs)]
    if not faults and (circle := _circle(jobs)):
        faults = [f"jobs.{circle}: it needs itself, by way of others"]
    if faults:
        raise WorkflowFault("; ".join(faults))
    return Workflow(str(whole.get("name", path)), _triggers(whole.get("on")), jobs, whole)


def _faults_of_job(key: str, job: Any, jobs: Mapping[str, Any]) -> list[str]:
    if not isinstance(job, dict):
        return [f"jobs.{key}: it must be a mapping"]
    faults = [f"jobs.{key}: it needs {name}, which is not here" for name in needs_of(job) if name not in jobs]
    for word in ("container", "services"):
        faults += [f"jobs.{key}: `{word}` of a job is not simulated here"] if word in job else []
    if "uses" in job:
        return faults
    if not faults and not job.get("runs-on"):
        faults.append(f"jobs.{key}: `runs-on` is missing")
    if not faults and not isinstance(job.get("steps"), list):
        faults.append(f"jobs.{key}: `steps` is missing")
    return faults


def _circle(jobs: Mapping[str, Any]) -> str | None:
    left = {key: set(needs_of(job)) for key, job in jobs.items()}
    while ready := [key for key, needs in left.items() if not needs & set(left)]:
        left = {key: needs for key, needs in left.items() if key not in ready}
    return next(iter(left), None)


def needs_of(job: Mapping[str, Any]) -> list[str]:
    """Return the jobs that a job needs directly."""
    needs = job.get("needs") or []
    return [needs] if isinstance(needs, str) else list(needs)


def unknown_actions(job: Mapping[str, Any]) -> list[str]:
    """Return the actions of a job's steps that cannot be had here."""
    used = [str(step["uses"]) for step in job["steps"] if isinstance(step, dict) and "uses" in step]
    return [name for name in used if not name.startswith("./") and name.partition("@")[0] not in KNOWN_ACTIONS]


def token_permissions(workflow: Workflow, key: str, *, is_trusted: bool) -> dict[str, str]:
    """Return what the token of a job may: the job's word, else the file's, else reading; from forks reading only."""
    held = {name.replace("-", "_"): level for name, level in permissions_of(workflow, key).items() if level != "none"}
    if not is_trusted:
        held = dict.fromkeys(held, "read")
    return held | {"metadata": "read"}


def permissions_of(workflow: Workflow, key: str) -> dict[str, str]:
    """Return permission -> level as files say it; a called file that says nothing has what its caller has."""
    job, caller = workflow.job(key), caller_of(key)
    told = job.get("permissions", workflow.file_of(key).get("permissions"))
    if told is None and caller:
        return permissions_of(workflow, caller)
    if isinstance(told, str):
        level = told.removesuffix("-all")
        return {name: level for name in PERMISSIONS if level in ("read", "write")}
    return {str(name): str(level) for name, level in (USUAL_PERMISSIONS if told is None else told).items()}
