"""Runs of workflows and their jobs as records: made, changed, told, cancelled, run again. Starts no process.

What a workflow does itself is done by `robot`: the App `github-actions`, whose deeds start no workflows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pygit2

from bot.sim.github.deeds import checks
from bot.sim.github.events.outbox import tell
from bot.sim.github.refusals import Refusal
from bot.sim.github.rules.access import Kind, Who
from bot.sim.github.rules.reusable import called_by, read_workflow
from bot.sim.github.rules.workflow_file import Workflow, WorkflowFault, load
from bot.sim.github.shown import actions as shown
from bot.sim.github.store.act import Act, Places
from bot.sim.github.store.database import Row
from bot.sim.github.store.state import State

FOLDER, SLUG = ".github/workflows", "github-actions"
LONGEST_SUMMARY = 65535
UNDONE = ("queued", "in_progress", "waiting", "pending")


@dataclass(frozen=True)
class Wanted:
    """A run that is to be: of which event, on which commit, with which file."""

    event: str
    sha: str
    ref: str
    title: str
    definition: str
    payload: str
    called: str = "{}"
    event_id: int | None = None
    head_sha: str = ""
    head_branch: str | None = None
    head_repo_id: int | None = None
    is_trusted: bool = True


def refresh_workflows(act: Act, repo: Row) -> list[Row]:
    """Make the table agree with the workflow files of the default branch; return the rows, by path."""
    tip = act.git(repo).ref(f"refs/heads/{repo['default_branch']}")
    for path, text in files_at(act, repo, tip).items() if tip else ():
        workflow_row(act, repo, path, text)
    return act.db.all("SELECT * FROM workflows WHERE repo_id = ? ORDER BY path", repo["id"])


def workflow_of(act: Act, run: Row) -> Workflow:
    """Return the workflow that a run runs."""
    path = act.db.row("workflows", run["workflow_id"])["path"]
    return read_workflow(run["definition"], path, run["called"])


def called_at(act: Act, repo: Row, commit: str, text: str) -> str:
    """Return what a workflow file of a commit calls there, as JSON: path -> text."""
    git = act.git(repo)
    return json.dumps({path: found for path in called_by(text) if (found := git.text(commit, path)) is not None})


def files_at(act: Act, repo: Row, commit: str) -> dict[str, str]:
    """Return path -> text of the workflow files of a commit."""
    git = act.git(repo)
    tree = git.entry(commit, FOLDER)
    names = [entry.name or "" for entry in tree] if isinstance(tree, pygit2.Tree) else []
    paths = [f"{FOLDER}/{name}" for name in names if name.endswith((".yml", ".yaml"))]
    return {path: text for path in paths if (text := git.text(commit, path)) is not None}


def workflow_row(act: Act, repo: Row, path: str, text: str) -> Row:
    """Return the row of a workflow file, made or renamed as the file says."""
    name = _name_of(text, path)
    known = act.db.one("SELECT * FROM workflows WHERE repo_id = ? AND path = ?", repo["id"], path)
    if known is None:
        new = act.db.insert(
            "workflows", repo_id=repo["id"], path=path, name=name, created_at=act.now, updated_at=act.now
        )
        return act.db.row("workflows", new)
    if known["name"] != name:
        act.db.update("workflows", known["id"], name=name, updated_at=act.now)
    return act.db.row("workflows", known["id"])


def _name_of(text: str, path: str) -> str:
    try:
        found = load(text)
    except WorkflowFault:
        return path
    return str(found.get("name", path)) if isinstance(found, dict) else path


def tell_run(act: Act, repo: Row, run_id: int, action: str) -> None:
    """Tell a change of a run: requested, in_progress or completed."""
    told, row = act.told, act.db.row("runs", run_id)
    workflow: dict[str, Any] = shown.workflow(told, repo, act.db.row("workflows", row["workflow_id"]))
    tell(act, "workflow_run", action, repo, {"workflow": workflow, "workflow_run": shown.run(told, repo, row)})


def tell_job(act: Act, repo: Row, job_id: int, action: str) -> None:
    """Tell a change of a job: queued, waiting, in_progress or completed."""
    tell(act, "workflow_job", action, repo, {"workflow_job": shown.job(act.told, repo, act.db.row("jobs", job_id))})


def act_of(state: State, run: Row) -> tuple[Act, Row]:
    """Return a deed of the person whose deed the run follows, and the run's repository."""
    who = Who(Kind.USER, state.db.row("accounts", run["triggering_actor_id"] or run["actor_id"]))
    return Act(state, who, Places(*[state.address] * 3)), state.db.row("repos", run["repo_id"])


def robot(act: Act, repo: Row) -> Act:
    """Return a deed of the App that workflows are."""
    app = act.db.one("SELECT * FROM apps WHERE slug = ?", SLUG) or _robot_app(act)
    account = act.account(app["bot_id"])
    return Act(act.state, Who(Kind.WORKFLOW, account, {}, frozenset((repo["id"],)), None, app["id"]), act.places)


def _robot_app(act: Act) -> Row:
    owner = act.db.insert("accounts", login="github", type="Organization", created_at=act.now)
    bot = act.db.insert("accounts", login=f"{SLUG}[bot]", type="Bot", created_at=act.now)
    permissions = json.dumps({"checks": "write", "contents": "write", "metadata": "read"})
    columns = {"slug": SLUG, "name": "GitHub Actions", "owner_id": owner, "bot_id": bot, "public_key": ""}
    new = act.db.insert("apps", **columns, permissions=permissions, events="[]", created_at=act.now)
    return act.db.row("apps", new)


def start(act: Act, repo: Row, workflow: Row, wanted: Wanted) -> int:
    """Add a run, queued, and tell it; return its id."""
    sql = "SELECT coalesce(max(number), 0) + 1 FROM runs WHERE workflow_id = ?"
    head = wanted.head_sha or wanted.sha
    suite = act.db.insert(
        "check_suites",
        repo_id=repo["id"],
        app_id=robot(act, repo).who.app_id,
        head_sha=head,
        head_branch=wanted.head_branch,
        created_at=act.now,
    )
    run_id = act.db.insert(
        "runs",
        repo_id=repo["id"],
        workflow_id=workflow["id"],
        event_id=wanted.event_id,
        event=wanted.event,
        head_sha=head,
        head_branch=wanted.head_branch,
        head_repo_id=wanted.head_repo_id or repo["id"],
        title=wanted.title,
        number=act.db.value(sql, workflow["id"]),
        actor_id=act.user["id"],
        triggering_actor_id=act.user["id"],
        status="queued",
        suite_id=suite,
        created_at=act.now,
        updated_at=act.now,
        ref=wanted.ref,
        definition=wanted.definition,
        called=wanted.called,
        payload=wanted.payload,
        sha=wanted.sha,
        is_trusted=wanted.is_trusted,
    )
    tell_run(act, repo, run_id, "requested")
    return run_id


def change(act: Act, repo: Row, run_id: int, status: str, conclusion: str | None = None) -> None:
    """Set the status of a run; tell it when it begins and ends."""
    before = act.db.row("runs", run_id)
    if (before["status"], before["conclusion"]) == (status, conclusion):
        return
    began = act.now if status == "in_progress" and before["started_at"] is None else before["started_at"]
    act.db.update("runs", run_id, status=status, conclusion=conclusion, updated_at=act.now, started_at=began)
    if status in ("in_progress", "completed"):
        tell_run(act, repo, run_id, status)


def add_job(act: Act, repo: Row, run: Row, **columns: Any) -> int:
    """Add a job to the run's attempt, with its check run, and tell it unless it is pending; return its id."""
    job_id = act.db.insert("jobs", run_id=run["id"], attempt=run["attempt"], created_at=act.now, **columns)
    page = f"{act.state.address}/{act.account(repo['owner_id'])['login']}/{repo['name']}/actions/runs/{run['id']}"
    told = {"status": _check_status(columns["status"]), "details_url": f"{page}/job/{job_id}", "started_at": act.now}
    check = checks.add_run(robot(act, repo), repo, run["head_sha"], columns["name"], told, suite=run["suite_id"])
    act.db.update("jobs", job_id, check_run_id=check)
    if columns["status"] != "pending":
        tell_job(act, repo, job_id, columns["status"])
    return job_id


def _check_status(status: str) -> str:
    return status if status in ("queued", "in_progress", "completed") else "queued"


def change_job(act: Act, repo: Row, job_id: int, status: str, **columns: Any) -> None:
    """Set the status of a job and of its check run, and tell it."""
    act.db.update("jobs", job_id, status=status, **columns)
    row = act.db.row("jobs", job_id)
    told = {"status": _check_status(status), "started_at": row["started_at"] or act.now}
    checks.change_run(robot(act, repo), repo, row["check_run_id"], told)
    tell_job(act, repo, job_id, status)


def finish_job(act: Act, repo: Row, job_id: int, conclusion: str, *, words: str = "", **columns: Any) -> None:
    """End a job; `words` stand in its log and on its check run: why it ended so."""
    row = act.db.row("jobs", job_id)
    log = columns.pop("log", row["log"]) + (f"##[error]{words}\n" if words else "")
    columns = {"completed_at": act.now, "result": conclusion, "process_id": None, "log": log} | columns
    act.db.update("jobs", job_id, status="completed", conclusion=conclusion, **columns)
    by = robot(act, repo)
    if words:
        note = {"path": ".github", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": words}
        checks.add_annotations(by, row["check_run_id"], [note])
    summary = act.db.row("jobs", job_id)["summary"][:LONGEST_SUMMARY] or None
    told = {"status": "completed", "conclusion": conclusion, "completed_at": act.now, "summary": summary}
    checks.change_run(by, repo, row["check_run_id"], told)
    tell_job(act, repo, job_id, "completed")


def jobs_of(act: Act, run: Row) -> list[Row]:
    """Return the jobs of a run's last attempt."""
    return act.db.all("SELECT * FROM jobs WHERE run_id = ? AND attempt = ? ORDER BY id", run["id"], run["attempt"])


def cancel(act: Act, repo: Row, run_id: int) -> None:
    """Cancel a run: what waits ends at once, what runs is stopped by its host."""
    run = act.db.row("runs", run_id)
    if run["status"] == "completed":
        raise Refusal(409, "Cannot cancel a workflow run that is completed.")
    act.db.update("runs", run_id, is_cancelled=1)
    for job in jobs_of(act, run):
        if job["status"] in ("queued", "waiting", "pending"):
            finish_job(act, repo, job["id"], "cancelled")
    if run["status"] == "pending":
        change(act, repo, run_id, "completed", "cancelled")


def cancel_job(act: Act, repo: Row, job_id: int) -> None:
    """Cancel one job: one that waits ends at once, one that runs is stopped by its host."""
    if act.db.row("jobs", job_id)["status"] == "in_progress":
        act.db.update("jobs", job_id, is_cancelled=1)
    else:
        finish_job(act, repo, job_id, "cancelled")


def rerun(act: Act, repo: Row, run: Row, keep: set[str]) -> None:
    """Begin another attempt; jobs whose keys are in `keep` stand as they are."""
    if run["status"] != "completed":
        raise Refusal(403, "The workflow run is already running")
    attempt = run["attempt"] + 1
    kept = [job for job in jobs_of(act, run) if job["key"] in keep]
    columns = {"status": "queued", "conclusion": None, "started_at": None, "is_cancelled": 0, "concurrency": None}
    act.db.update("runs", run["id"], attempt=attempt, triggering_actor_id=act.user["id"], updated_at=act.now, **columns)
    for job in kept:
        act.db.insert("jobs", **{name: value for name, value in job.items() if name != "id"} | {"attempt": attempt})
    tell_run(act, repo, run["id"], "requested")


def with_dependents(run: Row, keys: set[str]) -> set[str]:
    """Return these jobs and all that need them, directly or not."""
    workflow = read_workflow(run["definition"], "", run["called"])
    while more := {key for key in workflow.jobs if key not in keys and set(workflow.waits_for(key)) & keys}:
        keys = keys | more
    return keys


def release(act: Act, repo: Row, run_id: int) -> None:
    """Let a run that waited for approval begin."""
    change(act, repo, run_id, "queued")


def rules_of(environment: Row) -> dict[str, Any]:
    """Return the rules of an environment."""
    found: dict[str, Any] = json.loads(environment["rules"])
    return found


def may_approve(act: Act, run: Row, rules: dict[str, Any]) -> bool:
    """Tell whether who acts is one of the reviewers, and not the one whose run it is where that is forbidden."""
    if act.who.account is None or act.who.kind == Kind.WORKFLOW:
        return False
    me = act.user["id"]
    if rules.get("prevent_self_review") and me == run["triggering_actor_id"]:
        return False
    told = rules.get("reviewers") or []
    teams = [one["id"] for one in told if one["type"] == "Team"]
    sql = "SELECT 1 FROM team_members WHERE team_id = ? AND account_id = ?"
    return {"type": "User", "id": me} in told or any(act.db.one(sql, team, me) for team in teams)


def review(act: Act, repo: Row, run: Row, environment: Row, state: str, comment: str) -> None:
    """Write down an approval or rejection of an environment; the jobs that waited go on, or fail."""
    name = environment["name"]
    columns = {"run_id": run["id"], "attempt": run["attempt"], "environment": name, "state": state}
    act.db.insert("approvals", **columns, user_id=act.user["id"], comment=comment, created_at=act.now)
    for job in jobs_of(act, run):
        if job["status"] == "waiting" and job["environment"] == name and state == "approved":
            change_job(act, repo, job["id"], "queued")
        elif job["status"] == "waiting" and job["environment"] == name:
            finish_job(act, repo, job["id"], "failure", words=f"The deployment to {name} was rejected: {comment}")
