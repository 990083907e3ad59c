"""Runs of workflows: the list, one run with its jobs and steps, logs, approvals that wait; and check runs of Apps."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.sim.github.pages.visit import Answer, Away, Shown, View, Visit
from bot.sim.github.refusals import Refusal

DEEDS = ("rerun", "rerun-failed-jobs", "cancel", "approve")
LONGEST_LOG = 500_000
"""Characters that a page shows, from the end; the API gives all."""


def runs(visit: Visit) -> Answer:
    """List the workflows and their runs, newest first."""
    repo = visit.get(visit.here)
    flows = visit.list(f"{visit.here}/actions/workflows", "workflows")
    chosen = visit.query.get("workflow", "")
    where = f"/workflows/{quote(chosen)}" if chosen else ""
    found = visit.get(f"{visit.here}/actions{where}/runs", per_page="100")["workflow_runs"]
    return Shown("runs.html.j2", {"repo": repo, "workflows": flows, "runs": found, "chosen": chosen, "tab": "runs",
                                  "may_write": visit.may("write")})  # fmt: skip


def run(visit: Visit) -> Answer:
    """Show a run: its jobs, their steps and logs, and whose approval it waits for."""
    address = f"{visit.here}/actions/runs/{visit.path['run']}"
    found = visit.get(address)
    jobs = visit.list(f"{address}/jobs", "jobs", filter="latest")
    told = "SELECT name, summary FROM jobs WHERE run_id = ? AND attempt = ? AND summary != '' ORDER BY id"
    summaries = visit.db.all(told, found["id"], found["run_attempt"])
    return Shown("run.html.j2", {
        "repo": visit.get(visit.here), "run": found, "jobs": jobs, "tab": "runs", "summaries": summaries,
        "waiting": _waiting(visit, address), "deeds": _deeds(visit, address, found),
    })  # fmt: skip


def _waiting(visit: Visit, address: str) -> list[dict[str, Any]]:
    """Return the environments whose reviewers must approve, if the API knows of such."""
    if not visit.knows("GET", f"{address}/pending_deployments") or not visit.login:
        return []
    found: list[dict[str, Any]] = visit.get(f"{address}/pending_deployments")
    return found


def _deeds(visit: Visit, address: str, found: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what can be done with a run, of what the API knows."""
    words = {"rerun": "Run all jobs again"} if found["status"] == "completed" else {"cancel": "Cancel"}
    if found["conclusion"] not in (None, "success"):
        words["rerun-failed-jobs"] = "Run failed jobs again"
    if found["conclusion"] == "action_required":
        words = {"approve": "Approve and run"}
    known = [(deed, told) for deed, told in words.items() if visit.knows("POST", f"{address}/{deed}")]
    return known if visit.may("write") else []


def act(visit: Visit) -> Answer:
    """Run again, cancel, or approve what waits."""
    address, deed = f"{visit.here}/actions/runs/{visit.path['run']}", visit.said("deed")
    if deed in ("approved", "rejected"):
        ids = [int(word) for word in visit.form.get("environment", []) if word.isdecimal()]
        body = {"environment_ids": ids, "state": deed, "comment": visit.said("comment")}
        visit.ask("POST", f"{address}/pending_deployments", body)
    elif deed in DEEDS:
        visit.ask("POST", f"{address}/{deed}")
    else:
        raise Refusal(422, "nothing that can be done with a run")
    return Away(f"{visit.web}/actions/runs/{visit.path['run']}")


def job(visit: Visit) -> Answer:
    """Show a job's log."""
    found = visit.get(f"{visit.here}/actions/jobs/{visit.path['job']}")
    log = visit.db.row("jobs", found["id"])["log"]
    values = {"repo": visit.get(visit.here), "job": found, "log": log[-LONGEST_LOG:], "tab": "runs"}
    return Shown("job.html.j2", values | {"cut": len(log) > LONGEST_LOG})


def dispatch(visit: Visit) -> Answer:
    """Ask for a run of a workflow; inputs stand one a line, `name=value`."""
    inputs = dict(line.split("=", 1) for line in visit.said("inputs").splitlines() if "=" in line)
    address = f"{visit.here}/actions/workflows/{quote(visit.said('workflow'))}/dispatches"
    visit.ask("POST", address, {"ref": visit.said("ref"), "inputs": inputs})
    return Away(f"{visit.web}/actions")


def check_run(visit: Visit) -> Answer:
    """Show a check run: its words and its annotations."""
    address = f"{visit.here}/check-runs/{visit.path['check']}"
    values = {"run": visit.get(address), "annotations": visit.list(f"{address}/annotations")}
    return Shown("check_run.html.j2", values | {"repo": visit.get(visit.here), "tab": "runs"})


RUN = "/{owner}/{repo}/actions/runs/{run:int}"
VIEWS = (
    View("GET", "/{owner}/{repo}/actions", runs),
    View("POST", "/{owner}/{repo}/actions", dispatch),
    View("GET", RUN, run),
    View("POST", RUN, act),
    View("GET", f"{RUN}/job/{{job:int}}", job),
    View("GET", "/{owner}/{repo}/runs/{check:int}", check_run),
)
