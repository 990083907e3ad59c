"""Check runs and suites: only Apps (and workflows) make them."""

from __future__ import annotations

import json
from typing import Any

from bot.sim.github.deeds import checks as deeds
from bot.sim.github.refusals import fault, forbidden, invalid, not_found
from bot.sim.github.resources.commits import commit_named
from bot.sim.github.rules.access import Right
from bot.sim.github.shown import checks as shown
from bot.sim.github.shown.repos import html_url, repository
from bot.sim.github.store.database import Row
from bot.sim.github.wire.call import Call, Reply, created
from bot.sim.github.wire.routing import Route

STATES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out")
LONGEST_TEXT, MOST_ANNOTATIONS = 65535, 50
LEVELS = ("notice", "warning", "failure")


def run_of(call: Call) -> Row:
    """Return the check run that the path names, or refuse (404)."""
    sql = "SELECT * FROM check_runs WHERE id = ? AND repo_id = ?"
    found = call.db.one(sql, call.number("check_run_id"), call.repo["id"])
    if found is None:
        raise not_found()
    return found


def _columns(call: Call, old: Row) -> dict[str, Any]:
    conclusion = call.choice("conclusion", CONCLUSIONS)
    status = "completed" if conclusion else call.choice("status", STATES, old.get("status", "queued"))
    if status == "completed" and not (conclusion or old.get("conclusion")):
        raise invalid('Invalid request.\n\n"conclusion" is required when status is completed.')
    columns = {
        name: call.get(name, str, old.get(name))
        for name in ("details_url", "external_id", "completed_at", "started_at")
    }
    columns |= {
        "status": status,
        "conclusion": conclusion or (old.get("conclusion") if status == "completed" else None),
    }
    columns["started_at"] = columns["started_at"] or call.now
    columns["completed_at"] = (columns["completed_at"] or call.now) if status == "completed" else None
    return columns | _output(call.get("output", dict, {}))


def _output(output: dict[str, Any]) -> dict[str, Any]:
    for name in ("summary", "text"):
        if isinstance(output.get(name), str) and len(output[name]) > LONGEST_TEXT:
            raise fault("CheckRun", name, message=f"{name} exceeds a maximum length of {LONGEST_TEXT} characters")
    if output and not isinstance(output.get("summary"), str):
        raise invalid('Invalid request.\n\n"summary" wasn\'t supplied.')
    return {name: output[name] for name in ("title", "summary", "text") if name in output}


def _annotations(call: Call) -> list[Any]:
    annotations = call.get("output", dict, {}).get("annotations") or []
    if len(annotations) > MOST_ANNOTATIONS:
        raise invalid(f"Invalid request.\n\nNo more than {MOST_ANNOTATIONS} items are allowed in annotations.")
    for item in annotations:
        missing = [
            name for name in ("path", "start_line", "end_line", "annotation_level", "message") if name not in item
        ]
        if missing or item["annotation_level"] not in LEVELS:
            raise invalid(f"Invalid request.\n\nannotation: {', '.join(missing) or 'annotation_level is unknown'}")
    return list(annotations)


def create_run(call: Call) -> Reply:
    """Make a check run on a commit."""
    if call.who.permissions is None:
        raise forbidden("You must authenticate via a GitHub App.")
    name, sha = call.need("name", str), commit_named(call, call.need("head_sha", str), 422)
    annotations = _annotations(call)
    run_id = deeds.add_run(call, call.repo, sha, name, _columns(call, {}))
    deeds.add_annotations(call, run_id, annotations)
    return created(shown.check_run(call, call.repo, call.db.row("check_runs", run_id)))


def get_run(call: Call) -> Reply:
    """Show a check run."""
    return Reply(shown.check_run(call, call.repo, run_of(call)))


def update_run(call: Call) -> Reply:
    """Change a check run of one's own App."""
    row = run_of(call)
    if call.who.permissions is None or row["app_id"] != call.who.app_id:
        raise forbidden(
            "Invalid app_id `"
            + str(row["app_id"])
            + "` - check run can only be modified by the GitHub App that created it."
        )
    annotations = _annotations(call)
    columns = _columns(call, row) | {"name": call.get("name", str, row["name"])}
    deeds.change_run(call, call.repo, row["id"], columns)
    deeds.add_annotations(call, row["id"], annotations)
    return get_run(call)


def list_annotations(call: Call) -> Reply:
    """List what a check run says of lines of files."""
    row = run_of(call)

    def show(item: dict[str, Any]) -> dict[str, Any]:
        optional = ("start_column", "end_column", "title", "raw_details")
        href = f"{html_url(call, call.repo)}/blob/{row['head_sha']}/{item['path']}"
        return dict.fromkeys(optional) | item | {"blob_href": href}

    return call.paged(json.loads(row["annotations"]), show)


def _newest(rows: list[Row], which: str) -> list[Row]:
    """Return all rows, or the newest of each name."""
    return rows if which == "all" else list({(row["app_id"], row["name"]): row for row in rows}.values())


def _listed(call: Call, rows: list[Row]) -> Reply:
    query = call.query
    rows = [
        row
        for row in rows
        if query.get("check_name", row["name"]) == row["name"] and query.get("status", row["status"]) == row["status"]
    ]
    newest = _newest(rows, query.get("filter", "latest"))[::-1]
    return call.paged(newest, lambda row: shown.check_run(call, call.repo, row), key="check_runs")


def list_runs_of_commit(call: Call) -> Reply:
    """List the check runs of a commit, the newest of each name."""
    sha = commit_named(call, call.path["ref"], 422)
    return _listed(
        call,
        call.db.all("SELECT * FROM check_runs WHERE repo_id = ? AND head_sha = ? ORDER BY id", call.repo["id"], sha),
    )


def suite_of(call: Call) -> Row:
    """Return the suite that the path names, or refuse (404)."""
    sql = "SELECT * FROM check_suites WHERE id = ? AND repo_id = ?"
    found = call.db.one(sql, call.number("check_suite_id"), call.repo["id"])
    if found is None:
        raise not_found()
    return found


def list_runs_of_suite(call: Call) -> Reply:
    """List the check runs of a suite."""
    return _listed(call, call.db.all("SELECT * FROM check_runs WHERE suite_id = ? ORDER BY id", suite_of(call)["id"]))


def _suite(call: Call, row: Row) -> dict[str, Any]:
    return shown.check_suite(call, call.repo, row) | {"repository": repository(call, call.repo)}


def get_suite(call: Call) -> Reply:
    """Show a suite."""
    return Reply(_suite(call, suite_of(call)))


def list_suites(call: Call) -> Reply:
    """List the suites of a commit."""
    sha = commit_named(call, call.path["ref"], 422)
    rows = call.db.all(
        "SELECT * FROM check_suites WHERE repo_id = ? AND head_sha = ? ORDER BY id", call.repo["id"], sha
    )
    return call.paged(rows, lambda row: _suite(call, row), key="check_suites")


REPO, RUN = "/repos/{owner}/{repo}", "/repos/{owner}/{repo}/check-runs/{check_run_id}"
READ, WRITE = Right("checks"), Right("checks", "write")
ROUTES = (
    Route("POST", f"{REPO}/check-runs", create_run, WRITE),
    Route("GET", RUN, get_run, READ),
    Route("PATCH", RUN, update_run, WRITE),
    Route("GET", f"{RUN}/annotations", list_annotations, READ),
    Route("GET", f"{REPO}/commits/{{ref...}}/check-runs", list_runs_of_commit, READ),
    Route("GET", f"{REPO}/commits/{{ref...}}/check-suites", list_suites, READ),
    Route("GET", f"{REPO}/check-suites/{{check_suite_id}}", get_suite, READ),
    Route("GET", f"{REPO}/check-suites/{{check_suite_id}}/check-runs", list_runs_of_suite, READ),
)
