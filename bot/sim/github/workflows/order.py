"""One job for `act`: the workflow file that holds it alone, its event, and the words of the command line.

`act` gets one job at a time, because it knows one host and no waiting: which job comes next, `if`, `needs`, matrix and
concurrency are decided by `progress`. The jobs that it needs stand in the file as stubs with their results and outputs,
so that the `needs` context is right inside its steps; one more job after it hands out its outputs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pygit2
import yaml

from bot.sim.github.deeds import runs
from bot.sim.github.rules.access import Kind
from bot.sim.github.rules.expressions import ExpressionFault, Scope, as_number, fill, with_values
from bot.sim.github.rules.workflow_file import (
    KNOWN_ACTIONS,
    Workflow,
    caller_of,
    needs_of,
    own_key,
    token_permissions,
)
from bot.sim.github.store.act import Act
from bot.sim.github.store.database import Row
from bot.sim.github.store.tokens import make_token
from bot.sim.github.workflows import contexts
from bot.sim.github.workflows.hosts import MARK, Host

ACTIONS = Path(__file__).with_name("actions")
COLLECTOR, PLATFORM, USUAL_MINUTES = "sim-outputs", "here", 360
RESULT_STEPS = {"success": "true", "failure": "exit 1", "cancelled": "exit 1", "skipped": "true"}
"""What a stub runs. `act` has no way to be cancelled by a step: `needs.x.result` of a cancelled job reads failure."""


@dataclass(frozen=True)
class Order:
    """All that is needed to run a job, so that its thread needs the state no more."""

    job_id: int
    key: str
    host: Host
    folder: Path
    environment: Mapping[str, str]
    words: tuple[str, ...]
    steps: tuple[str, ...]
    secrets: tuple[str, ...]
    token: str
    minutes: float
    sha: str
    objects: Path
    files: Mapping[str, str]

    @property
    def outputs(self) -> Path:
        """Return where the job's outputs will stand."""
        return self.folder / "outputs.json"

    def lay_out(self) -> None:
        """Make the job's folder: its files, and a repository at the run's commit that borrows the server's objects."""
        self.folder.mkdir(parents=True)
        for name, text in self.files.items():
            (self.folder / name).write_text(text)
        repository = pygit2.init_repository(str(self.folder / "repository"))
        Path(repository.path, "objects", "info", "alternates").write_text(f"{self.objects}\n")
        Path(repository.path, "HEAD").write_text(f"{self.sha}\n")


def make_order(act: Act, repo: Row, run: Row, job: Row, host: Host) -> Order:
    """Return the order for a job that this host takes; makes the job's token."""
    workflow = runs.workflow_of(act, run)
    told = workflow.jobs[job["key"]]
    hosts = act.state.folder / "hosts"
    folder = hosts / host.name / "jobs" / str(job["id"])
    permissions = token_permissions(workflow, job["key"], is_trusted=bool(run["is_trusted"]))
    robot = runs.robot(act, repo)
    token = make_token(
        act.state, Kind.WORKFLOW, robot.user, permissions=permissions, repo_ids=[repo["id"]],
        app_id=robot.who.app_id, hours=24,
    )  # fmt: skip
    secrets = contexts.secrets_of(act, repo, run, workflow, job["key"], job["environment"] or "")
    secrets = secrets | {"GITHUB_TOKEN": token}
    variables = contexts.values(act, repo, "variable", job["environment"] or "")
    return Order(
        job_id=job["id"],
        key=own_key(job["key"]),
        host=host,
        folder=folder,
        environment=host.variables(hosts) | {MARK: str(folder)},
        words=tuple(_words(act, repo, run, host, folder, told, secrets, variables)),
        steps=tuple(_step_names(told)),
        secrets=tuple(secrets.values()),
        token=token,
        minutes=_minutes(told, contexts.running_scope(act, repo, run, workflow, job)),
        sha=run["sha"],
        objects=act.state.path_of(repo["id"]) / "objects",
        files={"workflow.yml": _alone(act, repo, run, workflow, job), "event.json": run["payload"]},
    )


def _minutes(told: Mapping[str, Any], scope: Scope) -> float:
    try:
        return as_number(fill(told.get("timeout-minutes", USUAL_MINUTES), scope))
    except ExpressionFault:
        return USUAL_MINUTES


def _step_names(told: Mapping[str, Any]) -> Iterator[str]:
    for step in told["steps"]:
        said = str(step.get("name") or step.get("uses") or step.get("run", "")).strip().partition("\n")[0]
        yield said if "name" in step else f"Run {said}"


def _alone(act: Act, repo: Row, run: Row, workflow: Workflow, job: Row) -> str:
    """Write the workflow file with this one job, its stubs, and the collector of its outputs."""
    told, key, event = workflow.jobs[job["key"]], own_key(job["key"]), run["event"]
    needs, file = contexts.needs_context(act, run, workflow, job["key"]), workflow.file_of(job["key"])
    kept = {name: told[name] for name in ("env", "defaults", "outputs", "steps") if name in told}
    matrix = {name: [_literal(value)] for name, value in json.loads(job["matrix"]).items()}
    mine: dict[str, Any] = {"needs": needs_of(told), "if": "always()", "runs-on": PLATFORM} | kept
    if matrix:
        mine["strategy"] = {"matrix": matrix}
    script = {"run": 'printf %s "$SIM_OUTPUTS_OF" > "$SIM_OUTPUTS"', "env": {"SIM_OUTPUTS_OF": "${{ toJSON(needs) }}"}}
    jobs = {name: _stub(need) for name, need in needs.items()} | {key: mine}
    jobs[COLLECTOR] = {"needs": [key], "if": "always()", "runs-on": PLATFORM, "steps": [script]}
    top = {name: file[name] for name in ("env", "defaults") if name in file}
    whole = {"name": workflow.name, "on": {event: workflow.triggers.get(event)}} | top | {"jobs": jobs}
    if caller := caller_of(job["key"]):
        whole = with_values(whole, "inputs", contexts.inputs_of_call(act, repo, run, workflow, caller))
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=10_000)


def _stub(need: Mapping[str, Any]) -> dict[str, Any]:
    outputs = {name: _literal(value) for name, value in need["outputs"].items()}
    steps = [{"run": RESULT_STEPS[need["result"]]}]
    skipped = {"if": False} if need["result"] == "skipped" else {"if": "always()"}
    return {"runs-on": PLATFORM, "outputs": outputs, "steps": steps} | skipped


def _literal(value: Any) -> Any:
    """Return a value so that nothing in it is taken for an expression."""
    if isinstance(value, str) and "${{" in value:
        return "${{ '" + value.replace("'", "''") + "' }}"
    return value


def _words(
    act: Act, repo: Row, run: Row, host: Host, folder: Path, told: Mapping[str, Any], secrets: dict[str, str],
    variables: dict[str, str],
) -> Iterator[str]:  # fmt: skip
    known = contexts.github(act, repo, run)
    yield from (run["event"], "-W", str(folder / "workflow.yml"), "-e", str(folder / "event.json"))
    yield from ("-a", known["actor"], "-P", f"{PLATFORM}=-self-hosted", "--json", "--no-cache-server")
    yield from ("--no-skip-checkout", "--action-cache-path", str(folder / "cache"))
    for name, value in _environment(act, known, host, folder).items():
        yield from ("--env", f"{name}={value}")
    for name, value in secrets.items():
        yield from ("-s", f"{name}={value}")
    for name, value in variables.items():
        yield from ("--var", f"{name}={value}")
    for used in sorted({step["uses"] for step in told["steps"] if "uses" in step}):
        if used.partition("@")[0] in KNOWN_ACTIONS:
            yield from ("--local-repository", f"{used}={ACTIONS / used.partition('@')[0].partition('/')[2]}")


def _environment(act: Act, known: Mapping[str, Any], host: Host, folder: Path) -> dict[str, str]:
    """Return what steps see of the run; the last lines lead `gh` to this server."""
    names = ("repository", "ref", "ref_name", "ref_type", "run_id", "run_number", "run_attempt", "triggering_actor")
    return {f"GITHUB_{name.upper()}": str(known[name]) for name in names} | {
        "GITHUB_API_URL": act.state.address,
        "GITHUB_SERVER_URL": act.state.address,
        "RUNNER_NAME": host.name,
        "RUNNER_ENVIRONMENT": "self-hosted" if "self-hosted" in host.labels else "github-hosted",
        "SIM_ACTIONS": str(ACTIONS),
        "SIM_PYTHON": sys.executable,
        "SIM_OUTPUTS": str(folder / "outputs.json"),
        MARK: str(folder),
        "GIT_PAGER": "cat",
        "GH_HOST": "github.localhost",
        "HTTP_PROXY": act.state.address,
        "NO_PROXY": "127.0.0.1",
    }
