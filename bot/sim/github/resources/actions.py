"""Workflows and their runs, as records: what the dispatcher and the runners write down. Dispatches become events."""

from __future__ import annotations

import hmac
import json
from typing import Any

from bot.sim.github.deeds.runs import refresh_workflows
from bot.sim.github.events.outbox import tell
from bot.sim.github.refusals import Refusal, invalid, not_found
from bot.sim.github.rules.access import Right
from bot.sim.github.rules.expressions import as_text
from bot.sim.github.rules.workflow_file import triggers_of
from bot.sim.github.shown import actions as shown
from bot.sim.github.store.database import Row
from bot.sim.github.store.state import State
from bot.sim.github.wire.call import Call, Reply, nothing
from bot.sim.github.wire.routing import Route

LONGEST_EVENT_TYPE, MOST_PAYLOAD_KEYS = 100, 10


def workflow_of(call: Call) -> Row:
    """Return the workflow that the path names by id or file name, or refuse (404)."""
    word = call.path["workflow_id"]
    rows = refresh_workflows(call, call.repo)
    found = next((row for row in rows if word in (str(row["id"]), row["path"].rpartition("/")[2])), None)
    if found is None:
        raise not_found()
    return found


def list_workflows(call: Call) -> Reply:
    """List the workflows."""
    return call.paged(
        refresh_workflows(call, call.repo), lambda row: shown.workflow(call, call.repo, row), key="workflows"
    )


def get_workflow(call: Call) -> Reply:
    """Show a workflow."""
    return Reply(shown.workflow(call, call.repo, workflow_of(call)))


def enable(call: Call) -> Reply:
    """Let a workflow run."""
    call.db.update("workflows", workflow_of(call)["id"], state="active")
    return nothing()


def disable(call: Call) -> Reply:
    """Let a workflow rest."""
    call.db.update("workflows", workflow_of(call)["id"], state="disabled_manually")
    return nothing()


def dispatch_workflow(call: Call) -> Reply:
    """Ask for a run of a workflow on a branch or tag, with inputs."""
    row, ref = workflow_of(call), call.need("ref", str)
    git = call.git(call.repo)
    full = next((name for name in (f"refs/heads/{ref}", f"refs/tags/{ref}", ref) if git.ref(name)), None)
    if full is None:
        raise invalid(f"No ref found for: {ref}")
    triggers = triggers_of(git.text(git.ref(full) or "", row["path"]) or "")
    if "workflow_dispatch" not in triggers:
        raise invalid("Workflow does not have 'workflow_dispatch' trigger")
    inputs = _inputs((triggers["workflow_dispatch"] or {}).get("inputs") or {}, call.get("inputs", dict, {}))
    payload = {"inputs": inputs, "ref": full, "workflow": row["path"]}
    tell(call, "workflow_dispatch", None, call.repo, payload)
    return nothing()


def _inputs(known: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs of a dispatch: as given, else their defaults; refuse (422) what the file does not allow."""
    if unexpected := sorted(set(given) - set(known)):
        raise invalid(f"Unexpected inputs provided: {json.dumps(unexpected)}")
    inputs = {name: given.get(name, (told or {}).get("default")) for name, told in known.items()}
    for name, told in known.items():
        options = (told or {}).get("options")
        if (told or {}).get("required") and inputs[name] in (None, ""):
            raise invalid(f"Required input '{name}' not provided")
        if options and inputs[name] is not None and inputs[name] not in options:
            raise invalid(f"Provided value '{inputs[name]}' for input '{name}' not in the list of allowed values")
    return {name: as_text(value) for name, value in inputs.items() if value is not None}


def dispatch_repository(call: Call) -> Reply:
    """Tell the repository's workflows that something happened outside."""
    event_type, payload = call.need("event_type", str), call.get("client_payload", dict, {})
    if not event_type or len(event_type) > LONGEST_EVENT_TYPE:
        raise invalid(f"Invalid request.\n\nevent_type is too long (maximum is {LONGEST_EVENT_TYPE} characters).")
    if len(payload) > MOST_PAYLOAD_KEYS:
        raise invalid(
            f"Invalid request.\n\nNo more than {MOST_PAYLOAD_KEYS} properties are allowed; {len(payload)} were sent."
        )
    branch = call.repo["default_branch"]
    tell(call, "repository_dispatch", event_type, call.repo, {"branch": branch, "client_payload": payload})
    return nothing()


def run_of(call: Call) -> Row:
    """Return the run that the path names, or refuse (404)."""
    found = call.db.one("SELECT * FROM runs WHERE id = ? AND repo_id = ?", call.number("run_id"), call.repo["id"])
    if found is None:
        raise not_found()
    return found


def _runs(call: Call, rows: list[Row]) -> Reply:
    query = call.query
    for name, column in (("event", "event"), ("branch", "head_branch"), ("head_sha", "head_sha")):
        rows = [row for row in rows if query.get(name, row[column]) == row[column]]
    status = query.get("status")
    rows = [row for row in rows if status in (None, row["status"], row["conclusion"])]
    if "actor" in query:
        rows = [row for row in rows if call.account(row["actor_id"])["login"] == query["actor"]]
    return call.paged(rows, lambda row: shown.run(call, call.repo, row), key="workflow_runs")


def list_runs(call: Call) -> Reply:
    """List the runs, newest first."""
    return _runs(call, call.db.all("SELECT * FROM runs WHERE repo_id = ? ORDER BY id DESC", call.repo["id"]))


def list_runs_of_workflow(call: Call) -> Reply:
    """List the runs of one workflow."""
    return _runs(
        call, call.db.all("SELECT * FROM runs WHERE workflow_id = ? ORDER BY id DESC", workflow_of(call)["id"])
    )


def get_run(call: Call) -> Reply:
    """Show a run."""
    return Reply(shown.run(call, call.repo, run_of(call)))


def list_jobs(call: Call) -> Reply:
    """List the jobs of a run's last attempt, or of all."""
    run = run_of(call)
    rows = call.db.all("SELECT * FROM jobs WHERE run_id = ? ORDER BY id", run["id"])
    if call.query.get("filter") != "all":
        rows = [row for row in rows if row["attempt"] == run["attempt"]]
    return call.paged(rows, lambda row: shown.job(call, call.repo, row), key="jobs")


def job_of(call: Call) -> Row:
    """Return the job that the path names, or refuse (404)."""
    sql = "SELECT j.* FROM jobs j JOIN runs r ON r.id = j.run_id WHERE j.id = ? AND r.repo_id = ?"
    found = call.db.one(sql, call.number("job_id"), call.repo["id"])
    if found is None:
        raise not_found()
    return found


def get_job(call: Call) -> Reply:
    """Show a job."""
    return Reply(shown.job(call, call.repo, job_of(call)))


def get_log(call: Call) -> Reply:
    """Lead to a job's log, which is plain text."""
    job_id = job_of(call)["id"]
    return Reply(
        None, 302, {"Location": f"{call.places.api}/_logs/{job_id}?word={signed_word(call.state, f'job {job_id}')}"}
    )


def signed_word(state: State, what: str) -> str:
    """Return what opens a log without a token, as GitHub's signed addresses do."""
    return hmac.new(state.secret, what.encode(), "sha256").hexdigest()


def read_log(call: Call) -> Reply:
    """Give the log to who was led here."""
    row = call.db.one("SELECT log FROM jobs WHERE id = ?", call.number("job_id"))
    if row is None or not hmac.compare_digest(
        call.query.get("word", ""), signed_word(call.state, f"job {call.path['job_id']}")
    ):
        raise not_found()
    return Reply(row["log"].encode(), media_type="text/plain; charset=utf-8")


def list_artifacts(call: Call) -> Reply:
    """List a run's artifacts: none are kept."""
    return call.paged([], lambda row: row, key="artifacts") if run_of(call) else nothing()


def delete_run(call: Call) -> Reply:
    """Delete a completed run."""
    row = run_of(call)
    if row["status"] != "completed":
        raise Refusal(403, "Cannot delete a workflow run that is not completed")
    call.db.run("DELETE FROM runs WHERE id = ?", row["id"])
    return nothing()


HERE = "/repos/{owner}/{repo}/actions"
FLOW, RUN = f"{HERE}/workflows/{{workflow_id}}", f"{HERE}/runs/{{run_id}}"
READ, WRITE = Right("actions"), Right("actions", "write")
ROUTES = (
    Route("GET", f"{HERE}/workflows", list_workflows, READ),
    Route("GET", FLOW, get_workflow, READ),
    Route("PUT", f"{FLOW}/enable", enable, WRITE),
    Route("PUT", f"{FLOW}/disable", disable, WRITE),
    Route("POST", f"{FLOW}/dispatches", dispatch_workflow, WRITE),
    Route("GET", f"{FLOW}/runs", list_runs_of_workflow, READ),
    Route("POST", "/repos/{owner}/{repo}/dispatches", dispatch_repository, Right("contents", "write")),
    Route("GET", f"{HERE}/runs", list_runs, READ),
    Route("GET", RUN, get_run, READ),
    Route("DELETE", RUN, delete_run, WRITE),
    Route("GET", f"{RUN}/jobs", list_jobs, READ),
    Route("GET", f"{RUN}/artifacts", list_artifacts, READ),
    Route("GET", f"{HERE}/jobs/{{job_id}}", get_job, READ),
    Route("GET", f"{HERE}/jobs/{{job_id}}/logs", get_log, READ),
    Route("GET", "/_logs/{job_id}", read_log, None),
)
