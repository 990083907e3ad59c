"""What people do with runs: cancel, run again, approve; the logs of a run in one file."""

from __future__ import annotations

import hmac
import io
import re
import zipfile
from typing import Any

from bot.sim.github.deeds import runs as deeds
from bot.sim.github.refusals import Refusal, forbidden, invalid, not_found
from bot.sim.github.resources.actions import job_of, run_of, signed_word
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import actions
from bot.sim.github.shown import environments as shown
from bot.sim.github.shown.accounts import user_by_id
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Json, Reply
from bot.sim.github.wire.routing import Route

WELL = ("success", "skipped")


def cancel(call: Call) -> Reply:
    """Cancel a run."""
    deeds.cancel(call, call.repo, run_of(call)["id"])
    return Reply({}, 202)


def rerun(call: Call) -> Reply:
    """Run all jobs again."""
    deeds.rerun(call, call.repo, run_of(call), set())
    return Reply({}, 201)


def rerun_failed(call: Call) -> Reply:
    """Run again what failed, and what needs it."""
    run = run_of(call)
    return _rerun_keys(call, run, {job["key"] for job in deeds.jobs_of(call, run) if job["conclusion"] not in WELL})


def rerun_job(call: Call) -> Reply:
    """Run one job again, and what needs it."""
    job = job_of(call)
    return _rerun_keys(call, call.db.row("runs", job["run_id"]), {job["key"]})


def _rerun_keys(call: Call, run: Row, keys: set[str]) -> Reply:
    again = deeds.with_dependents(run, keys)
    deeds.rerun(call, call.repo, run, {job["key"] for job in deeds.jobs_of(call, run)} - again)
    return Reply({}, 201)


def approve(call: Call) -> Reply:
    """Let the run of a fork's pull request begin."""
    run = run_of(call)
    if run["conclusion"] != "action_required":
        raise forbidden("This run is not from a fork pull request or is not waiting for approval")
    deeds.release(call, call.repo, run["id"])
    return Reply({}, 201)


def list_attempt(call: Call) -> Reply:
    """List the jobs of one attempt."""
    sql = "SELECT * FROM jobs WHERE run_id = ? AND attempt = ? ORDER BY id"
    rows = call.db.all(sql, run_of(call)["id"], call.number("attempt_number"))
    return call.paged(rows, lambda row: actions.job(call, call.repo, row), key="jobs")


def _waiting(call: Call, run: Row) -> dict[str, list[Row]]:
    """Return environment -> jobs that wait for its approval."""
    found: dict[str, list[Row]] = {}
    for job in deeds.jobs_of(call, run):
        if job["status"] == "waiting":
            found.setdefault(job["environment"], []).append(job)
    return found


def _environment(call: Call, name: str) -> Row:
    row = call.db.one("SELECT * FROM environments WHERE repo_id = ? AND name = ?", call.repo["id"], name)
    if row is None:
        raise not_found()
    return row


def list_pending(call: Call) -> Reply:
    """List the environments that wait for approval."""
    run = run_of(call)
    return Reply([_pending(call, run, _environment(call, name)) for name in _waiting(call, run)])


def _pending(call: Call, run: Row, row: Row) -> Json:
    rules = deeds.rules_of(row)
    return {
        "environment": shown.brief(call, call.repo, row),
        "wait_timer": 0,
        "wait_timer_started_at": None,
        "current_user_can_approve": deeds.may_approve(call, run, rules),
        "reviewers": shown.reviewers(call, rules.get("reviewers") or []),
    }


def review_pending(call: Call) -> Reply:
    """Approve or reject the environments that wait."""
    run, ids = run_of(call), call.need("environment_ids", list)
    state, comment = call.choice("state", ("approved", "rejected")), call.need("comment", str)
    waiting = {_environment(call, name)["id"]: jobs for name, jobs in _waiting(call, run).items()}
    if state is None or not ids or not set(ids) <= set(waiting):
        raise invalid("Invalid request.\n\nNo pending deployment requests to approve or reject")
    reviewed: list[Any] = []
    for environment_id in ids:
        row = call.db.row("environments", environment_id)
        if not deeds.may_approve(call, run, deeds.rules_of(row)):
            raise Refusal(422, "Validation Failed", errors=["You are not a reviewer of this environment"])
        deeds.review(call, call.repo, run, row, state, comment)
        reviewed += [shown.deployment(call, call.repo, run, job) for job in waiting[environment_id]]
    return Reply(reviewed)


def list_approvals(call: Call) -> Reply:
    """List who approved or rejected what."""
    rows = call.db.all("SELECT * FROM approvals WHERE run_id = ? ORDER BY id", run_of(call)["id"])
    return Reply(
        [
            {
                "environments": [shown.dated(call, call.repo, _environment(call, row["environment"]))],
                "state": row["state"],
                "user": user_by_id(call, row["user_id"]),
                "comment": row["comment"],
            }
            for row in rows
        ]
    )


def get_logs(call: Call) -> Reply:
    """Lead to the logs of a run, a zip with one text a job."""
    word = f"run {run_of(call)['id']}"
    return Reply(
        None, 302, {"Location": f"{call.places.api}/_logs/runs/{word[4:]}?word={signed_word(call.state, word)}"}
    )


def read_logs(call: Call) -> Reply:
    """Give the zip to who was led here."""
    number = call.number("run_id")
    if not hmac.compare_digest(call.query.get("word", ""), signed_word(call.state, f"run {number}")):
        raise not_found()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as folder:
        for place, job in enumerate(deeds.jobs_of(call, call.db.row("runs", number))):
            folder.writestr(f"{place}_{re.sub(r'[/:<>|*?]', '_', job['name'])}.txt", job["log"])
    return Reply(whole.getvalue(), media_type="application/zip")


HERE = "/repos/{owner}/{repo}/actions"
RUN = f"{HERE}/runs/{{run_id}}"
READ, WRITE = Right("actions"), Right("actions", "write")
ROUTES = (
    Route("POST", f"{RUN}/cancel", cancel, WRITE),
    Route("POST", f"{RUN}/force-cancel", cancel, WRITE),
    Route("POST", f"{RUN}/rerun", rerun, WRITE),
    Route("POST", f"{RUN}/rerun-failed-jobs", rerun_failed, WRITE),
    Route("POST", f"{HERE}/jobs/{{job_id}}/rerun", rerun_job, WRITE),
    Route("POST", f"{RUN}/approve", approve, WRITE),
    Route("GET", f"{RUN}/attempts/{{attempt_number}}/jobs", list_attempt, READ),
    Route("GET", f"{RUN}/pending_deployments", list_pending, READ),
    Route("POST", f"{RUN}/pending_deployments", review_pending, Right("deployments", "write", "read")),
    Route("GET", f"{RUN}/approvals", list_approvals, READ),
    Route("GET", f"{RUN}/logs", get_logs, READ),
    Route("GET", "/_logs/runs/{run_id}", read_logs, None),
)
